package web

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Target is what the load generator asks and what it must be told.
type Target struct {
	Addr        string // host:port
	Connections int
	Warm, For   time.Duration
	Want        string // the body
	Request
}

// Count is what the generator counted.
type Count struct {
	Requests int64         `json:"requests"`
	Elapsed  time.Duration `json:"elapsed"`
}

// Rate is in requests per second.
func (c Count) Rate() float64 { return float64(c.Requests) / c.Elapsed.Seconds() }

// ErrWrongAnswer is returned where a server does not send what it should.
var ErrWrongAnswer = errors.New("web: wrong answer")

// Load sends requests over connections that are kept alive, each the next as soon as
// it has the answer to the last, and counts the answers after a time of warming up.
// It writes and reads HTTP/1.1 by itself: the two cores that it shares with the server
// should be busy with the server. The first wrong answer ends it.
func Load(ctx context.Context, t Target) (Count, error) {
	ctx, cancel := context.WithTimeout(ctx, t.Warm+t.For+10*time.Second)
	defer cancel()
	var requests atomic.Int64
	var stop atomic.Bool
	failed := make(chan error, t.Connections)
	var group sync.WaitGroup
	for range t.Connections {
		group.Go(func() {
			if err := ask(ctx, t, &requests, &stop); err != nil {
				failed <- err
			}
		})
	}
	count, err := watch(ctx, t, &requests, failed)
	stop.Store(true)
	if err != nil {
		cancel()
	}
	group.Wait()
	return count, err
}

func watch(ctx context.Context, t Target, requests *atomic.Int64, failed <-chan error) (Count, error) {
	var before int64
	var began time.Time
	for _, d := range []time.Duration{t.Warm, t.For} {
		before, began = requests.Load(), time.Now()
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case err := <-failed:
			return Count{}, err
		case <-ctx.Done():
			return Count{}, ctx.Err()
		}
	}
	return countSince(ctx, requests, before, began, failed)
}

// countSince returns what was answered since began. Where that is nothing, as with a
// short time on a busy machine, it waits for the first answer: no rate is zero.
func countSince(ctx context.Context, requests *atomic.Int64, before int64, began time.Time, failed <-chan error) (Count, error) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		if n := requests.Load() - before; n > 0 {
			return Count{n, time.Since(began)}, nil
		}
		select {
		case <-tick.C:
		case err := <-failed:
			return Count{}, err
		case <-ctx.Done():
			return Count{}, ctx.Err()
		}
	}
}

// ask is one connection.
func ask(ctx context.Context, t Target, requests *atomic.Int64, stop *atomic.Bool) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", t.Addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	request := []byte("GET " + t.path() + " HTTP/1.1\r\nHost: " + t.Addr + "\r\n" + headerLine(t.Header) + "\r\n")
	want := []byte(t.Want)
	r := bufio.NewReaderSize(conn, 4<<10)
	body := make([]byte, len(want))
	status := []byte("HTTP/1.1 " + strconv.Itoa(t.status()) + " ")
	for !stop.Load() {
		if _, err := conn.Write(request); err != nil {
			return err
		}
		if err := readAnswer(r, status, body); err != nil {
			return err
		}
		if !bytes.Equal(body, want) {
			if !t.Counts || !sameButDigits(body, want) {
				return fmt.Errorf("%w: body %q", ErrWrongAnswer, body)
			}
			copy(want, body) // for a second the answers are this one
		}
		requests.Add(1)
	}
	return nil
}

// sameButDigits compares texts of the same length.
func sameButDigits(a, b []byte) bool {
	for i, c := range a {
		if c != b[i] && (!isDigit(c) || !isDigit(b[i])) {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func headerLine(header string) string {
	if header == "" {
		return ""
	}
	return header + "\r\n"
}

var (
	contentLength = []byte("Content-Length: ")
	lineEnd       = []byte("\r\n")
)

// readAnswer reads one answer that begins with status and whose body fills body exactly.
func readAnswer(r *bufio.Reader, status, body []byte) error {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(line, status) {
		return fmt.Errorf("%w: %q", ErrWrongAnswer, line)
	}
	length := -1
	for {
		if line, err = r.ReadSlice('\n'); err != nil {
			return err
		}
		if bytes.Equal(line, lineEnd) {
			break
		}
		if value, ok := bytes.CutPrefix(line, contentLength); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return fmt.Errorf("%w: %q", ErrWrongAnswer, line)
			}
		}
	}
	if length != len(body) {
		return fmt.Errorf("%w: a body of %d bytes, want %d", ErrWrongAnswer, length, len(body))
	}
	_, err = io.ReadFull(r, body)
	return err
}
