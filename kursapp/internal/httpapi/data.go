package httpapi

import (
	"bytes"
	"net/http"
	"reflect"
	"strconv"
	"sync/atomic"

	"github.com/danielgtaylor/huma/v2"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

// dataRoutes registers the route that the rate limit is shown on. It is a plain handler:
// who is refused and comes again is answered from memory all the way, and huma's
// reflection would cost more than everything else.
func (a *api) dataRoutes() {
	op := huma.Operation{
		OperationID: "data", Method: http.MethodGet, Path: "/api/data",
		Summary: "Read data, ten times a minute",
		Description: "The 11th request of one client within 60 s is refused until the window ends. " +
			"`RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10) say what is left; the latter is absent while nothing is counted.",
		Tags:   []string{tagData},
		Errors: []int{http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusServiceUnavailable},
	}
	schemas := a.huma.OpenAPI().Components.Schemas
	op.Responses = map[string]*huma.Response{"200": {
		Description: http.StatusText(http.StatusOK),
		Content: map[string]*huma.MediaType{
			"application/json": {Schema: schemas.Schema(reflect.TypeFor[messageBody](), true, "MessageBody")},
		},
	}}
	a.documentErrors(&op)
	a.huma.OpenAPI().AddOperation(&op)
	a.mux.HandleFunc("GET /api/data", a.data)
}

// dataBodies are what an admitted request reads, by language.
var dataBodies = [...][]byte{german: dataBody(german), english: dataBody(english)}

func dataBody(l lang) []byte {
	return encodeJSON(messageBody{textData.in(l)})
}

func (a *api) data(w http.ResponseWriter, r *http.Request) {
	rule, result, err := a.Limits.Data(r.Context(), clientOf(r, a.proxies))
	if err != nil {
		fail(w, r, err)
		return
	}
	a.dataHeaders.Of(rule).Set(w.Header(), result)
	l := languageOf(r.Header.Get("Accept-Language"))
	if !result.Allowed {
		a.refusals.of(l, &kurs.Error{Code: kurs.CodeRateLimited, RetryAfter: result.RetryAfter, Limit: result.Rule}).write(w, l)
		return
	}
	markLanguage(w.Header(), l)
	w.Header()["Content-Type"] = contentJSON
	_, _ = w.Write(dataBodies[l])
}

// refusals remembers the last refusal in each language: what it says changes once a
// second.
type refusals [len(dataBodies)]atomic.Pointer[refusal]

// refusal is an answer with status 429.
type refusal struct {
	rule       string
	seconds    int
	retryAfter []string
	body       []byte
}

var contentProblem = []string{"application/problem+json"}

func (f *refusals) of(l lang, e *kurs.Error) *refusal {
	seconds := wholeSeconds(e.RetryAfter)
	if last := f[l].Load(); last != nil && last.seconds == seconds && last.rule == e.Limit {
		return last
	}
	made := &refusal{
		rule: e.Limit, seconds: seconds,
		retryAfter: []string{strconv.Itoa(seconds)}, body: encodeJSON(domainProblem(e, l)),
	}
	f[l].Store(made)
	return made
}

// write answers as fail does.
func (f *refusal) write(w http.ResponseWriter, l lang) {
	h := w.Header()
	markLanguage(h, l)
	h["Retry-After"] = f.retryAfter
	h["Content-Type"] = contentProblem
	w.WriteHeader(http.StatusTooManyRequests)
	_, _ = w.Write(f.body)
}

// encodeJSON returns a value of this package as writeJSON writes it.
func encodeJSON(v any) []byte {
	var b bytes.Buffer
	encodeTo(&b, v)
	return b.Bytes()
}
