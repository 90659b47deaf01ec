package session_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/speedlayer/speedlayer/session"
)

// Profile is what the service keeps in a session.
type Profile struct {
	Name string `json:"name"`
}

// A service with a login, a page for users and a logout.
func ExampleHTTP() {
	client, server := newExampleRedis()
	defer server.Close()
	defer client.Close()

	sessions := session.New[int64, Profile](client, session.Options{})
	defer sessions.Close()
	web := sessions.HTTP(session.HTTPOptions{})
	mux := http.NewServeMux()

	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		epoch, err := sessions.Epoch(r.Context(), 42)
		if err != nil {
			web.Error(w, r, err)
			return
		}
		// Here the password is checked.
		token, s, err := sessions.Create(r.Context(), 42, epoch, Profile{Name: "Max"})
		if err != nil {
			web.Error(w, r, err)
			return
		}
		web.SetCookie(w, token, s)
	})
	mux.Handle("GET /profile", web.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, _ := session.FromContext[int64, Profile](r.Context())
		fmt.Fprintln(w, "Hello", s.Data.Name)
	})))
	mux.HandleFunc("POST /logout", func(w http.ResponseWriter, r *http.Request) {
		token, err := web.Token(r)
		if err == nil {
			err = sessions.Revoke(r.Context(), token)
		}
		if err != nil {
			web.Error(w, r, err)
			return
		}
		web.ClearCookie(w)
	})

	var cookie string // what the browser keeps
	visit := func(method, path string) {
		r := httptest.NewRequest(method, path, nil)
		r.Header.Set("Cookie", cookie)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		fmt.Println(w.Code, strings.TrimSpace(path+" "+w.Body.String()))
		for _, c := range w.Result().Cookies() {
			cookie = c.Name + "=" + c.Value
		}
	}
	visit("POST", "/login")
	visit("GET", "/profile")
	old := cookie
	visit("POST", "/logout")
	cookie = old // kept by a thief
	visit("GET", "/profile")
	// Output:
	// 200 /login
	// 200 /profile Hello Max
	// 200 /logout
	// 401 /profile {"title":"Unauthorized","status":401,"detail":"The session has ended or never was."}
}
