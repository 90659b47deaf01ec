package ratelimit

import (
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"
	"time"
)

// Headers tells clients about some rules and what is left under them, in the fields
// RateLimit-Policy and RateLimit of draft-ietf-httpapi-ratelimit-headers-10 (structured
// fields, RFC 9651), and in Retry-After. Everything that knows the draft is in this
// file and in http_problem.go.
//
//	RateLimit-Policy: "burst";q=10;w=1, "hourly";q=1000;w=3600
//	RateLimit: "burst";r=7;t=1
//
// RateLimit-Policy has all rules; w is left out for a window that is no whole number
// of seconds, which the draft cannot say. RateLimit has the one rule that a [Result] is
// about. It is left out where nothing was counted, because Redis is gone and the rule
// is open. Partition keys are never sent: they would show subjects.
//
// Headers are made once, with [NewHeaders] or by a [HeaderCache], and used for many
// answers. They are safe for concurrent use.
type Headers struct {
	rules  []Rule
	policy []string
	each   []ruleHeaders
}

// ruleHeaders are those about one rule.
type ruleHeaders struct {
	name string
	// left begins the value of RateLimit: `"name";r=`.
	left string
	body refusalBody
	// refusals are the headers of refusals with nothing remaining, by the seconds to
	// wait. They are made when they are needed first: refusing must be cheap.
	refusals [256]atomic.Pointer[refusal]
}

// refusal holds values that answers share. Nobody may write into them; to append
// copies them, because they are full.
type refusal struct{ limit, retry []string }

// The fields in their canonical form, as keys of http.Header.
const (
	policyField = "Ratelimit-Policy"
	limitField  = "Ratelimit"
	retryField  = "Retry-After"
)

// NewHeaders returns the Headers of answers to requests that are charged under the
// rules.
func NewHeaders(rules ...Rule) *Headers {
	h := &Headers{rules: slices.Clone(rules), each: make([]ruleHeaders, len(rules))}
	var policy []byte
	for i, r := range rules {
		if i > 0 {
			policy = append(policy, ", "...)
		}
		policy = appendPolicy(policy, r)
		one := &h.each[i]
		one.name, one.left, one.body = r.Name, quoted(r.Name)+";r=", newRefusalBody(r.Name)
	}
	h.policy = []string{string(policy)}
	return h
}

func appendPolicy(b []byte, r Rule) []byte {
	b = append(append(b, quoted(r.Name)...), ";q="...)
	b = strconv.AppendInt(b, r.Limit, 10)
	if r.Window >= time.Second && r.Window%time.Second == 0 {
		b = strconv.AppendInt(append(b, ";w="...), int64(r.Window/time.Second), 10)
	}
	return b
}

// quoted returns a String of structured fields. Names of rules need no escapes.
func quoted(name string) string { return `"` + name + `"` }

// Set sets the fields for a decision, and Retry-After where it is a refusal. Fields
// about other limits, set before, stay: RateLimit and RateLimit-Policy are lists.
func (h *Headers) Set(header http.Header, res Result) {
	add(header, policyField, h.policy)
	one := h.of(res.Rule)
	if res.Allowed {
		if res.Rule != "" && (!res.Degraded || res.ResetAfter > 0) {
			add(header, limitField, one.limit(res.Remaining, wholeSeconds(res.ResetAfter)))
		}
		return
	}
	r := one.refusal(res.Remaining, max(1, res.RetrySeconds()))
	if res.Rule != "" {
		add(header, limitField, r.limit)
	}
	header[retryField] = r.retry
}

// add assigns where there is nothing yet, which allocates nothing.
func add(header http.Header, field string, value []string) {
	if before := header[field]; len(before) > 0 {
		value = append(before, value...) // what answers share is full and is copied
	}
	header[field] = value
}

// of returns the headers about a rule. A rule that Headers was not made for gets some
// that nobody remembers.
func (h *Headers) of(rule string) *ruleHeaders {
	for i := range h.each {
		if h.each[i].name == rule {
			return &h.each[i]
		}
	}
	return &ruleHeaders{name: rule, left: quoted(rule) + ";r=", body: newRefusalBody(rule)}
}

// limit is a value of RateLimit. t is left out where no window has begun.
func (r *ruleHeaders) limit(remaining, seconds int64) []string {
	b := make([]byte, 0, len(r.left)+40)
	b = strconv.AppendInt(append(b, r.left...), remaining, 10)
	if seconds > 0 {
		b = strconv.AppendInt(append(b, ";t="...), seconds, 10)
	}
	return []string{string(b)}
}

// refusal says when to come back, in both fields the same.
func (r *ruleHeaders) refusal(remaining, seconds int64) *refusal {
	remembered := remaining == 0 && seconds < int64(len(r.refusals))
	if remembered {
		if known := r.refusals[seconds].Load(); known != nil {
			return known
		}
	}
	made := &refusal{limit: r.limit(remaining, seconds), retry: []string{strconv.FormatInt(seconds, 10)}}
	if remembered {
		r.refusals[seconds].Store(made)
	}
	return made
}

// wholeSeconds rounds up: who waits so long is not early.
func wholeSeconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }
