// Package web measures how many requests for one user kursapp answers in a second,
// beside a net/http server that writes the same bytes and knows nothing, and beside
// one that reads them with rueidis by hand. The load comes from a process of its
// own; the servers take turns. So it does for GET /profile, which needs a session, and
// for a minimal handler of it behind each contestant of package sessions.
package web
