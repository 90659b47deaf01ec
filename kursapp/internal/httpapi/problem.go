package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/ratelimit"
)

// Problem is the body of every error, an RFC 9457 problem. Without a type it is
// about:blank, which says no more than the status.
type Problem struct {
	Type   string       `json:"type,omitempty" format:"uri" doc:"Which problem it is, for programs: https://iana.org/assignments/http-problem-types#quota-exceeded with status 429, else absent."`
	Title  string       `json:"title" doc:"What kind of problem it is, in the client's language."`
	Status int          `json:"status" doc:"The HTTP status of the answer."`
	Detail string       `json:"detail" doc:"What went wrong, for people, in the client's language."`
	Errors []FieldError `json:"errors,omitempty" nullable:"false" doc:"The invalid parts of the request, one by one."`

	ViolatedPolicies []string `json:"violated-policies,omitempty" nullable:"false" doc:"The limits of RateLimit-Policy that were exceeded, where there is that header."`

	retryAfter int    // seconds; 0 for no Retry-After
	challenge  string // of WWW-Authenticate
}

// FieldError is one invalid part of a request. It never carries the value,
// which may be a password.
type FieldError struct {
	Location string `json:"location" example:"body.email" doc:"Where it is: path, query or body, and the name."`
	Message  string `json:"message" doc:"What is wrong with it."`
}

// Error implements error.
func (p *Problem) Error() string { return p.Detail }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// failure is an error of this package: a status and what to say. Errors of the
// domain are *kurs.Error instead.
type failure struct {
	status int
	text   key
	// details are the invalid parts of the request, where text is textInvalid.
	details []detail
	// retryAfter is when another try may succeed; 0: nobody knows.
	retryAfter time.Duration
}

func (f *failure) Error() string { return "httpapi: " + f.text.in(english) }

// detail is one invalid part of a request.
type detail struct {
	location string // as in FieldError
	text     key
	fill     []string
}

// invalid says what is wrong with one part of a request.
func invalid(location string, text key, fill ...string) *failure {
	return &failure{
		status:  http.StatusUnprocessableEntity,
		text:    textInvalid,
		details: []detail{{location, text, fill}},
	}
}

// domain maps the codes of the domain to a status and a text.
var domain = map[kurs.Code]struct {
	status int
	text   key
}{
	kurs.CodeUserNotFound:       {http.StatusNotFound, textUserNotFound},
	kurs.CodeEmailTaken:         {http.StatusConflict, textEmailTaken},
	kurs.CodeBadCredentials:     {http.StatusUnauthorized, textBadCredentials},
	kurs.CodeNoToken:            {http.StatusUnauthorized, textNoToken},
	kurs.CodeSessionInvalid:     {http.StatusUnauthorized, textSessionInvalid},
	kurs.CodeSessionNotFound:    {http.StatusNotFound, textSessionNotFound},
	kurs.CodeQueueNotFound:      {http.StatusNotFound, textQueueNotFound},
	kurs.CodeTaskNotFound:       {http.StatusNotFound, textTaskNotFound},
	kurs.CodeLastAdmin:          {http.StatusConflict, textLastAdmin},
	kurs.CodeForbidden:          {http.StatusForbidden, textForbidden},
	kurs.CodeRateLimited:        {http.StatusTooManyRequests, textRateLimited},
	kurs.CodeUnavailable:        {http.StatusServiceUnavailable, textUnavailable},
	kurs.CodeConfirmationFailed: {http.StatusUnprocessableEntity, textConfirmationFailed},
	kurs.CodeStampedeRunning:    {http.StatusConflict, textStampedeRunning},
	kurs.CodeResetFailed:        {http.StatusUnprocessableEntity, textResetFailed},
}

// problemOf is the one place where an error becomes an answer. requestID names
// the request in the text of an internal error.
func problemOf(err error, l lang, requestID string) *Problem {
	if fault, ok := errors.AsType[*failure](err); ok {
		return fault.problem(l)
	}
	if known, ok := errors.AsType[*kurs.Error](err); ok {
		if p := domainProblem(known, l); p != nil {
			return p
		}
	}
	// A deadline that the domain did not name, or a client that went away.
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return domainProblem(kurs.ErrUnavailable, l)
	}
	return newProblem(l, http.StatusInternalServerError, textInternal, "{id}", requestID)
}

// domainProblem returns nil for a code that has no entry in domain.
func domainProblem(e *kurs.Error, l lang) *Problem {
	if e.Code == kurs.CodeInvalid {
		return fromRule(e).problem(l)
	}
	to, ok := domain[e.Code]
	if !ok {
		return nil
	}
	seconds := wholeSeconds(e.RetryAfter)
	p := newProblem(l, to.status, to.text, "{n}", strconv.Itoa(seconds))
	if to.status == http.StatusTooManyRequests || to.status == http.StatusServiceUnavailable {
		p.retryAfter = seconds
	}
	if e.Code == kurs.CodeRateLimited {
		p.Type = ratelimit.ProblemQuotaExceeded
		if e.Limit != "" {
			p.ViolatedPolicies = []string{e.Limit}
		}
	}
	if e.Code == kurs.CodeSessionInvalid {
		p.challenge = challenge + `, error="invalid_token"`
	}
	return p
}

// challenge tells a client how to authenticate (RFC 6750 section 3).
const challenge = `Bearer realm="kursapp"`

func newProblem(l lang, status int, text key, fill ...string) *Problem {
	p := &Problem{Title: http.StatusText(status), Status: status, Detail: text.in(l, fill...)}
	if title, ok := titles[status]; ok {
		p.Title = title[l]
	}
	if status == http.StatusUnauthorized {
		p.challenge = challenge
	}
	return p
}

func (f *failure) problem(l lang) *Problem {
	if len(f.details) == 0 {
		p := newProblem(l, f.status, f.text)
		if f.retryAfter > 0 {
			p.retryAfter = wholeSeconds(f.retryAfter)
		}
		return p
	}
	messages := make([]string, len(f.details))
	fields := make([]FieldError, len(f.details))
	for i, d := range f.details {
		messages[i] = d.text.in(l, append([]string{"{field}", fieldName(d.location)}, d.fill...)...)
		fields[i] = FieldError{Location: d.location, Message: messages[i]}
	}
	p := newProblem(l, f.status, f.text, "{n}", strings.Join(messages, "; "))
	p.Errors = fields
	return p
}

// wholeSeconds rounds up, so that a client that waits as told is not too
// early, and never says 0.
func wholeSeconds(d time.Duration) int {
	return int(max(1, (d+time.Second-1)/time.Second))
}

// setHeaders sets what goes out with the problem besides its body.
func (p *Problem) setHeaders(h http.Header, l lang) {
	h.Set("Cache-Control", "no-store")
	markLanguage(h, l)
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	if p.challenge != "" {
		h.Set("Www-Authenticate", p.challenge)
	}
}

// fail answers a request with what err means. It is for code outside of
// typed huma handlers; those return the error.
func fail(w http.ResponseWriter, r *http.Request, err error) {
	l := languageOf(r.Header.Get("Accept-Language"))
	p := problemOf(err, l, requestIDOf(w))
	noteCause(w, p, err)
	p.setHeaders(w.Header(), l)
	w.Header().Set("Content-Type", p.ContentType(""))
	writeJSON(w, p.Status, p)
}

// noteCause hands the log what the client is not told.
func noteCause(w any, p *Problem, err error) {
	if rec, ok := w.(*recorder); ok && p.Status >= http.StatusInternalServerError {
		rec.cause = err
	}
}

// writeJSON writes v as huma writes bodies. The Content-Type is the caller's.
func writeJSON(w http.ResponseWriter, status int, v any) {
	w.WriteHeader(status)
	encodeTo(w, v)
}

func encodeTo(w io.Writer, v any) {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	// A client that is gone is nobody's error, and v is of this package.
	_ = enc.Encode(v)
}

// huma makes its errors through these two variables. They are the same
// functions for every API in the process: what differs from request to request
// they read from the request. Set before main starts, they are never written
// while a request runs.
func init() {
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		return problemOf(fromHuma(status, msg, errs), german, "")
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, msg string, errs ...error) huma.StatusError {
		err := fromHuma(status, msg, errs)
		l := languageOf(ctx.Header("Accept-Language"))
		w, ok := ctx.BodyWriter().(http.ResponseWriter)
		if !ok {
			return problemOf(err, l, "")
		}
		p := problemOf(err, l, requestIDOf(w))
		noteCause(w, p, err)
		p.setHeaders(w.Header(), l)
		return p
	}
}
