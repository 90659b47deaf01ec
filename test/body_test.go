package test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// rawExchange sends the beginning of a request over a connection of its own,
// then waits for the whole answer, sends more, and returns all that came.
func rawExchange(t *testing.T, p *process, begin, more string) (answer string, took time.Duration) {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(p.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(startTimeout))
	began := time.Now()
	fmt.Fprint(conn, strings.ReplaceAll(begin, "\n", "\r\n"))
	answers := bufio.NewReader(conn)
	first, err := answers.ReadString('\n')
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	took = time.Since(began)
	fmt.Fprint(conn, strings.ReplaceAll(more, "\n", "\r\n"))
	rest, _ := io.ReadAll(answers) // a connection that is reset has ended too
	return first + string(rest), took
}

func TestTheRestOfABodyIsNeverTakenForARequest(t *testing.T) {
	t.Parallel()
	p := start(t, nil, "demo")
	smuggled := "GET /openapi.json HTTP/1.1\nHost: 127.0.0.1\n\n"
	for _, begin := range []string{
		"POST /login HTTP/1.1\nHost: 127.0.0.1\nContent-Type: application/json\nContent-Length: 60\n\n{\"em",
		"POST /login HTTP/1.1\nHost: 127.0.0.1\nContent-Type: application/json\nTransfer-Encoding: chunked\n\n3c\n{\"em",
		"POST /users HTTP/1.1\nHost: 127.0.0.1\nContent-Type: text/plain\nContent-Length: 60\n\n{\"em",
	} {
		answer, _ := rawExchange(t, p, begin, smuggled)
		if strings.Count(answer, "HTTP/1.1 ") != 1 || !strings.Contains(answer, "Connection: close") {
			t.Errorf("after %q:\n%.1500s", begin, answer)
		}
	}
}

func TestAnUnfinishedBodyDelaysNoRouteThatDoesNotNeedIt(t *testing.T) {
	t.Parallel()
	p := start(t, nil, "demo")
	for _, line := range []string{"GET /health", "GET /api/data", "GET /users/1", "POST /logout", "DELETE /users/9", "GET /nope"} {
		answer, took := rawExchange(t, p, line+" HTTP/1.1\nHost: 127.0.0.1\nContent-Length: 60\n\nabcd", "")
		if took > 10*time.Second { // for the body it would be 15
			t.Errorf("%s took %v: %.200s", line, took, answer)
		}
	}
}
