package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Request is what is asked for with GET. The zero value asks for a user.
type Request struct {
	Path string // default: "/users/1"
	// Header is one more line of it, as "Cookie: session=…". Default: none.
	Header string
	// Status is that of a right answer. Default: 200.
	Status int
	// Counts says that the body has seconds in it, so that digits change.
	Counts bool
}

func (r Request) path() string {
	if r.Path == "" {
		return "/users/1"
	}
	return r.Path
}

func (r Request) status() int {
	if r.Status == 0 {
		return http.StatusOK
	}
	return r.Status
}

// Answer is what a server sends: the body, and the headers that are the same each
// time.
type Answer struct {
	Header http.Header `json:"header"`
	Body   string      `json:"body"`
}

// ErrChanging is returned where the body is not the same each time.
var ErrChanging = errors.New("web: the answer changes from request to request")

// learn asks a server several times, over more than a second, because some headers
// count seconds.
func learn(ctx context.Context, base string, asked Request) (Answer, error) {
	const times, pause = 5, 300 * time.Millisecond
	var a Answer
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for i := range times {
		header, body, err := fetch(ctx, base, asked)
		if err != nil {
			return Answer{}, err
		}
		if i == 0 {
			a = Answer{header, body}
			continue
		}
		if body != a.Body {
			return Answer{}, ErrChanging
		}
		keepConstant(a.Header, header)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return Answer{}, ctx.Err()
		}
	}
	return a, nil
}

// ofTheEntry are headers that depend on what is answered, though they may be the same
// for a while.
var ofTheEntry = []string{"Etag", "Cache-Status", "Server-Timing"}

// keepConstant deletes from known what is not the same in again, what depends on the
// entry, and what net/http adds by itself.
func keepConstant(known, again http.Header) {
	for name, values := range known {
		if !slices.Equal(values, again[name]) {
			delete(known, name)
		}
	}
	for _, name := range ofTheEntry {
		known.Del(name)
	}
	known.Del("Date")
	known.Del("Content-Length")
}

func fetch(ctx context.Context, base string, asked Request) (http.Header, string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+asked.path(), http.NoBody)
	if err != nil {
		return nil, "", err
	}
	if name, value, ok := strings.Cut(asked.Header, ": "); ok {
		request.Header.Set(name, value)
	}
	return send(request, asked.status())
}

func send(request *http.Request, status int) (http.Header, string, error) {
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, "", err
	}
	if response.StatusCode != status {
		return nil, "", fmt.Errorf("web: %s %s: %s", request.Method, request.URL, response.Status)
	}
	return response.Header, string(body), nil
}

// tier returns which tier an answer of kursapp came from: "local", "redis" or
// "database".
func tier(header http.Header) string {
	_, detail, _ := strings.Cut(header.Get("Cache-Status"), "detail=")
	return detail
}
