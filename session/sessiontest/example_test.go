package sessiontest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/session"
	"github.com/speedlayer/speedlayer/session/sessiontest"
)

// User is what the service keeps in a session.
type User struct {
	Name string `json:"name"`
}

// Service is the code under test.
type Service struct {
	http.Handler
	Sessions *session.Manager[int64, User]
	Web      *session.HTTP[int64, User]
}

// NewService returns a service with one page.
func NewService(client rueidis.Client, o session.Options) *Service {
	sessions := session.New[int64, User](client, o)
	web := sessions.HTTP(session.HTTPOptions{})
	mux := http.NewServeMux()
	mux.Handle("/hello", web.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, _ := session.FromContext[int64, User](r.Context())
		fmt.Fprintf(w, "Hello %s", s.Data.Name)
	})))
	return &Service{Handler: mux, Sessions: sessions, Web: web}
}

// testService is a test as it stands in a _test.go file, but for its output.
func testService(tb testing.TB) {
	tb.Helper()
	var recorder sessiontest.Recorder
	client := sessiontest.Redis(tb)
	service := NewService(client, session.Options{
		RedisTimeout: 5 * time.Second, LocalBytes: -1, OnEvent: recorder.Record,
	})
	tb.Cleanup(service.Sessions.Close)
	show := func(r *http.Request) {
		w := httptest.NewRecorder()
		service.ServeHTTP(w, r)
		fmt.Println(w.Code, strings.TrimSpace(w.Body.String()))
	}
	get := func() *http.Request { return httptest.NewRequest("GET", "/hello", nil) }

	// A user, as a program and as a browser.
	token := sessiontest.LogIn(tb, service.Sessions, 42, User{Name: "Max"})
	show(sessiontest.WithBearer(get(), token))
	show(sessiontest.WithCookie(get(), service.Web, token))
	fmt.Println(recorder.Wait(tb, session.EventCreated, "42").Kind)

	// Without Redis nobody is logged out.
	end := sessiontest.Outage(tb)
	show(sessiontest.WithBearer(get(), token))
	end()
	show(sessiontest.WithBearer(get(), token))

	// Half an hour later.
	sessiontest.Expire(tb, service.Sessions, client, token)
	show(sessiontest.WithBearer(get(), token))
}

func Example() {
	runExample(testService) // an example has no *testing.T of its own
	// Output:
	// 200 Hello Max
	// 200 Hello Max
	// created
	// 503 {"title":"Service Unavailable","status":503,"detail":"Sessions cannot be checked at the moment."}
	// 200 Hello Max
	// 401 {"title":"Unauthorized","status":401,"detail":"The session has ended or never was."}
}

// runExample runs a test and prints why it failed, if it did.
func runExample(test func(testing.TB)) {
	f := &fakeTB{}
	defer f.end()
	f.run(func() { test(f) })
	for _, failure := range f.failures {
		fmt.Println(failure)
	}
}
