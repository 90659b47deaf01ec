package redisserver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// Monitor listens to what the server receives. It tells what a client sent from what a
// script did, which INFO does not.
type Monitor struct {
	server *Server
	conn   net.Conn
	lines  *bufio.Reader
	writes map[string]bool // the commands that write
	counts chan counted
}

// Received is what clients sent.
type Received struct {
	Commands int64 // all but Pings
	// Writes are the commands that write, and the scripts of which at least one command
	// does.
	Writes int64
	Pings  int64
}

type counted struct {
	Received
	err error
}

// ErrOrder is returned where this Redis shows the commands of a script before the
// script.
var ErrOrder = errors.New("redisserver: MONITOR shows scripts in another order")

const (
	monitorBegin   = "redisserver-begin"
	monitorEnd     = "redisserver-end"
	monitorTimeout = 5 * time.Minute
)

// Listen begins to count. Stop must be called.
func (s *Server) Listen(ctx context.Context) (*Monitor, error) {
	names, err := s.admin.Do(ctx, s.admin.B().AclCat().Categoryname("write").Build()).AsStrSlice()
	if err != nil {
		return nil, fmt.Errorf("redisserver: acl cat: %w", err)
	}
	m := &Monitor{server: s, writes: make(map[string]bool), counts: make(chan counted, 1)}
	for _, name := range names {
		m.writes[strings.ToLower(name)] = true
	}
	if m.conn, err = new(net.Dialer).DialContext(ctx, "tcp", s.addr); err != nil {
		return nil, fmt.Errorf("redisserver: %w", err)
	}
	if err := m.begin(ctx); err != nil {
		m.conn.Close()
		return nil, err
	}
	go func() {
		r, err := m.count()
		m.counts <- counted{r, err}
	}()
	return m, nil
}

// begin returns when the server has confirmed that it tells, and in the order that is
// expected: a script, then its commands.
func (m *Monitor) begin(ctx context.Context) error {
	if err := m.conn.SetDeadline(time.Now().Add(monitorTimeout)); err != nil {
		return err
	}
	if _, err := m.conn.Write([]byte("MONITOR\r\n")); err != nil {
		return fmt.Errorf("redisserver: monitor: %w", err)
	}
	m.lines = bufio.NewReaderSize(m.conn, 64<<10)
	if line, err := m.lines.ReadString('\n'); err != nil || line != "+OK\r\n" {
		return fmt.Errorf("redisserver: monitor: %q, %w", line, err)
	}
	script := "return redis.call('ECHO', '" + monitorBegin + "')"
	if err := m.server.admin.Do(ctx, m.server.admin.B().Eval().Script(script).Numkeys(0).Build()).Error(); err != nil {
		return fmt.Errorf("redisserver: eval: %w", err)
	}
	for evalSeen := false; ; {
		command, inScript, line, err := m.next()
		if err != nil {
			return err
		}
		switch {
		case !strings.Contains(line, monitorBegin):
		case command == "eval" && !inScript:
			evalSeen = true
		case evalSeen:
			return nil
		default:
			return ErrOrder
		}
	}
}

// next reads a line, as
//
//	+1795615350.182825 [0 lua] "SET" "a" "b"
func (m *Monitor) next() (command string, inScript bool, line string, err error) {
	if line, err = m.lines.ReadString('\n'); err != nil {
		return "", false, "", fmt.Errorf("redisserver: monitor: %w", err)
	}
	_, rest, ok := strings.Cut(line, " [")
	if ok {
		var from string
		from, rest, ok = strings.Cut(rest, `] "`)
		inScript = strings.HasSuffix(from, " lua")
	}
	if ok {
		command, _, ok = strings.Cut(rest, `"`)
	}
	if !ok {
		return "", false, "", fmt.Errorf("redisserver: monitor: %q", line)
	}
	return strings.ToLower(command), inScript, line, nil
}

func (m *Monitor) count() (Received, error) {
	var r Received
	script := false // a script runs that has not written yet
	for {
		command, inScript, line, err := m.next()
		switch {
		case err != nil:
			return Received{}, err
		case inScript:
			if script && m.writes[command] {
				r.Writes++
				script = false
			}
			continue
		case command == "echo" && strings.Contains(line, monitorEnd):
			return r, nil
		case command == "ping":
			r.Pings++
			script = false
			continue
		}
		r.Commands++
		script = strings.HasPrefix(command, "eval") || strings.HasPrefix(command, "fcall")
		if m.writes[command] {
			r.Writes++
		}
	}
}

// Stop ends counting and returns what was sent between Listen and now. Commands whose
// answers have arrived are counted.
func (m *Monitor) Stop(ctx context.Context) (Received, error) {
	defer m.conn.Close()
	if err := m.server.admin.Do(ctx, m.server.admin.B().Echo().Message(monitorEnd).Build()).Error(); err != nil {
		return Received{}, fmt.Errorf("redisserver: echo: %w", err)
	}
	c := <-m.counts
	return c.Received, c.err
}
