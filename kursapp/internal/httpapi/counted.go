package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/kursapp/internal/live"
)

// counting is what front does with a request of a route: nothing unless it has one.
type counting struct {
	counts bool
	reads  bool // a user, from the cache or from the database
}

// coursePaths are where the routes of the course begin. What is not among them the
// dashboard asks by itself, and so it does the list of users: watching must change no
// count.
var coursePaths = []string{"/users", "/login", "/logout", "/profile", "/sessions", "/api/data"}

// readingRoutes answer from the cache.
var readingRoutes = []string{"GET /users/{id}", "GET /profile"}

// courseRoutes finds what to count among the patterns of all routes.
func courseRoutes(patterns []string) map[string]counting {
	found := map[string]counting{}
	for _, pattern := range patterns {
		_, path, _ := strings.Cut(pattern, " ")
		for _, begin := range coursePaths {
			if path == begin || strings.HasPrefix(path, begin+"/") {
				found[pattern] = counting{counts: true}
			}
		}
	}
	for _, pattern := range readingRoutes {
		found[pattern] = counting{counts: true, reads: true}
	}
	delete(found, "GET /users")
	return found
}

// answered notes who answered a read.
func answered(w http.ResponseWriter, from cache.Source, why cache.Reason) {
	rec, ok := w.(*recorder)
	if !ok {
		return
	}
	switch {
	case from == cache.SourceLoader:
		rec.by = live.AnsweredDatabase
	case why == cache.ReasonStale:
		rec.by = live.AnsweredStale
	case from == cache.SourceLocal:
		rec.by = live.AnsweredLocal
	case from == cache.SourceRedis:
		rec.by = live.AnsweredRedis
	}
}

// count counts a request that has ended. It runs for every request.
func (f *front) count(rec *recorder) {
	if f.live == nil {
		return
	}
	route := f.course[rec.r.Pattern]
	if !route.counts {
		return
	}
	failed := rec.status >= http.StatusInternalServerError && !errors.Is(rec.cause, context.Canceled)
	by := rec.by
	if failed && route.reads {
		by = live.AnsweredNot
	}
	f.live.Request(by, f.since(rec), failed)
}
