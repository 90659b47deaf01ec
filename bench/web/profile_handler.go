package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"github.com/speedlayer/speedlayer/bench/sessions"
)

// SessionHandler answers GET /profile with the headers of a and with the session's
// user, to those who have a session. POST /login makes one and answers with the cookie
// that a client then sends. Without a store it looks at nothing and answers everybody
// with the body of a.
func SessionHandler(store sessions.Store, a Answer) http.Handler {
	s := &server{body: a.Body}
	for name, values := range a.Header {
		s.headers = append(s.headers, header{name, values})
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+readyPath, func(http.ResponseWriter, *http.Request) {})
	if store == nil {
		mux.HandleFunc("POST "+loginPath, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "session=none") })
		mux.HandleFunc("GET "+profilePath, func(w http.ResponseWriter, _ *http.Request) { s.write(w, []byte(s.body)) })
		return mux
	}
	mux.HandleFunc("POST "+loginPath, func(w http.ResponseWriter, r *http.Request) {
		p := sessions.NewProfile(1)
		p.Name, p.Email = "Max", "max@example.com"
		token, err := store.Login(r.Context(), p)
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprint(w, store.Cookie(token))
	})
	mux.Handle("GET "+profilePath, store.Handler(s.profile))
	return mux
}

// profileBody is kursapp's.
type profileBody struct {
	UserID string `json:"user_id"`
	Name   string `json:"name"`
	Email  string `json:"email"`
}

func (s *server) profile(w http.ResponseWriter, p sessions.Profile) {
	body, err := json.Marshal(profileBody{strconv.FormatInt(p.UserID, 10), p.Name, p.Email})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	s.write(w, body)
}
