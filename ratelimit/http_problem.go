package ratelimit

import (
	"errors"
	"net/http"
	"strconv"
)

// ProblemQuotaExceeded is the problem type (RFC 9457) of a refusal, as
// draft-ietf-httpapi-ratelimit-headers-10 has it registered. Its member
// "violated-policies" names rules.
const ProblemQuotaExceeded = "https://iana.org/assignments/http-problem-types#quota-exceeded"

// refusalBody is the body of a refusal, and its length for the header.
type refusalBody struct {
	content []byte
	length  []string
}

func newRefusalBody(rule string) refusalBody {
	b := []byte(`{"type":"` + ProblemQuotaExceeded + `","title":"Quota Exceeded","status":429`)
	if rule != "" { // a name of a rule needs no escapes
		b = append(b, `,"violated-policies":[`+quoted(rule)+`]`...)
	}
	b = append(b, "}\n"...)
	return refusalBody{b, []string{strconv.Itoa(len(b))}}
}

// Values that answers share, as in refusal.
var (
	problemType = []string{"application/problem+json"}
	noStore     = []string{"no-store"}
	soon        = []string{"1"}
)

// refuse answers 429 where [Headers.Set] has set the fields.
func (h *Headers) refuse(w http.ResponseWriter, res Result) {
	writeProblem(w, http.StatusTooManyRequests, &h.of(res.Rule).body)
}

// The answers to what went wrong. They are constant: an error might say too much.
var (
	unavailableBody = newProblemBody(http.StatusServiceUnavailable, "Limits cannot be checked at the moment.")
	internalBody    = newProblemBody(http.StatusInternalServerError, "The limits of this request could not be checked.")
)

func newProblemBody(status int, detail string) refusalBody {
	b := []byte(`{"title":"` + http.StatusText(status) + `","status":` + strconv.Itoa(status) + `,"detail":"` + detail + "\"}\n")
	return refusalBody{b, []string{strconv.Itoa(len(b))}}
}

// answerError is what a middleware does without OnError. Invalid rules are the
// program's mistake; whatever else went wrong may be over in a second.
func answerError(w http.ResponseWriter, _ *http.Request, err error) {
	if errors.Is(err, ErrInvalid) {
		writeProblem(w, http.StatusInternalServerError, &internalBody)
		return
	}
	w.Header()[retryField] = soon
	writeProblem(w, http.StatusServiceUnavailable, &unavailableBody)
}

func writeProblem(w http.ResponseWriter, status int, body *refusalBody) {
	h := w.Header()
	h["Content-Type"] = problemType
	h["Content-Length"] = body.length
	h["Cache-Control"] = noStore
	w.WriteHeader(status)
	_, _ = w.Write(body.content) // a client that is gone is nobody's error
}
