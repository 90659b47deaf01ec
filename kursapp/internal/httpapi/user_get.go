package httpapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

// The headers of GET /users/{id}, built once like those of front. A user is
// private data: no shared cache may keep it, and a browser asks each time
// whether its copy (ETag) is still the present one.
var (
	contentJSON    = []string{"application/json"}
	privateNoCache = []string{"private, no-cache"}
)

// userGetRoute registers the route that everything else exists to make fast.
// It is a plain handler, because what goes out on a hit are the bytes that lie
// in the cache, and huma's reflection would cost more than the cache does.
func (a *api) userGetRoute() {
	op := a.userOperation(huma.Operation{
		OperationID: "get-user", Method: http.MethodGet, Path: "/users/{id}",
		Summary:     "Read a user, through the cache",
		Description: "`Cache-Control: no-cache` on the request bypasses the cache and reads the database. `If-None-Match` with the `ETag` of an earlier answer gets 304 while nothing has changed.",
		Errors:      []int{http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusInternalServerError, http.StatusServiceUnavailable},
	})
	op.Parameters = append([]*huma.Param{{
		Name: "id", In: "path", Required: true, Description: "Id of the user.", Example: 1,
		Schema: &huma.Schema{Type: huma.TypeInteger, Format: "int64"},
	}}, freshnessParams()...)
	op.Responses = cachedResponses(a.userSchema())
	a.documentErrors(&op)
	a.huma.OpenAPI().AddOperation(&op)
	a.mux.HandleFunc("GET /users/{id}", a.getUser)
}

// freshnessParams are the headers with which a client says how fresh an answer must be.
func freshnessParams() []*huma.Param {
	text := &huma.Schema{Type: huma.TypeString}
	return []*huma.Param{
		{Name: "Cache-Control", In: "header", Description: "no-cache reads the database.", Schema: text},
		{Name: "If-None-Match", In: "header", Description: "ETags the client has.", Schema: text},
	}
}

// cachedResponses documents what writeEntry writes.
func cachedResponses(schema *huma.Schema) map[string]*huma.Response {
	text := &huma.Schema{Type: huma.TypeString}
	headers := map[string]*huma.Param{
		"Cache-Status":  {Description: "RFC 9211: hit or why not, and the tier (local, redis, database).", Schema: text},
		"Server-Timing": {Description: "Milliseconds that the cache and the database took.", Schema: text},
		"ETag":          {Description: "Names this state.", Schema: text},
	}
	return map[string]*huma.Response{
		"200": {
			Description: http.StatusText(http.StatusOK), Headers: headers,
			Content: map[string]*huma.MediaType{"application/json": {Schema: schema}},
		},
		"304": {Description: http.StatusText(http.StatusNotModified), Headers: headers},
	}
}

func (a *api) getUser(w http.ResponseWriter, r *http.Request) {
	_, id, err := a.allowed(r, kurs.Actor.MayRead)
	if err != nil {
		fail(w, r, err)
		return
	}
	var e cache.Entry[kurs.User]
	if asksForFresh(r.Header) {
		e, err = a.Users.GetFresh(r.Context(), id)
	} else {
		e, err = a.Users.Get(r.Context(), id)
	}
	if errors.Is(err, kurs.ErrUserNotFound) && e.Source != 0 {
		w.Header()["Cache-Status"] = []string{string(appendCacheStatus(nil, &e))}
	}
	if err == nil && len(e.Raw) == 0 {
		e.Raw, err = json.Marshal(e.Value)
	}
	if err != nil {
		fail(w, r, err)
		return
	}
	writeEntry(&a.entries, w, r, &e)
}

// asksForFresh reports whether a request says Cache-Control: no-cache, or
// no-store, which a client sends for the same reason.
func asksForFresh(h http.Header) bool {
	for _, line := range h["Cache-Control"] {
		for directive := range strings.SplitSeq(line, ",") {
			directive = strings.TrimSpace(directive)
			if strings.EqualFold(directive, "no-cache") || strings.EqualFold(directive, "no-store") {
				return true
			}
		}
	}
	return false
}
