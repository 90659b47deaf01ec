package kurs

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/speedlayer/speedlayer/ratelimit"
)

// SubjectKind says what a rate limit counts by.
type SubjectKind uint8

const (
	// SubjectAddress is a client's address, as ratelimit.ClientPrefix returns it.
	SubjectAddress SubjectKind = iota
	// SubjectAccount is an account's e-mail address, as ratelimit.HashSubject returns
	// it, whether there is such an account or not.
	SubjectAccount
	// SubjectUser is a user's id.
	SubjectUser
)

// String returns "address", "account" or "user".
func (k SubjectKind) String() string {
	switch k {
	case SubjectAddress:
		return "address"
	case SubjectAccount:
		return "account"
	case SubjectUser:
		return "user"
	}
	return fmt.Sprintf("SubjectKind(%d)", uint8(k))
}

// RateLimit is one of the service's rate limits.
type RateLimit struct {
	// Rule is what the limiter is asked. Its name is part of the keys in Redis.
	Rule ratelimit.Rule
	// Subject is what it counts by.
	Subject SubjectKind
	// Guards says, for people, what is charged.
	Guards string
	// Off means that it is never charged. Only the global limit may be off.
	Off bool

	// secret means that it bounds guesses at a password or a code.
	secret bool
}

// String says what the limit admits, as "10 in 1m, open without Redis".
func (l RateLimit) String() string {
	if l.Off {
		return "off"
	}
	return fmt.Sprintf("%s, %s without Redis", l.Admits(), l.Rule.WithoutRedis)
}

// Admits says what the limit admits, as "10 in 1m" or "10 in 1m, gcra, 3 at once".
func (l RateLimit) Admits() string {
	s := fmt.Sprintf("%d in %s", l.Rule.Limit, shortDuration(l.Rule.Window))
	if l.Rule.Algorithm != ratelimit.FixedWindow {
		s += ", " + l.Rule.Algorithm.String()
	}
	if l.Rule.Burst > 0 {
		s += fmt.Sprintf(", %d at once", l.Rule.Burst)
	}
	return s
}

// shortDuration writes a minute as 1m rather than 1m0s.
func shortDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// The bounds of a rate limit. They are narrower than the limiter's, because what lies
// outside of them can only be a mistake.
const (
	MaxRateLimit  = 1_000_000
	MinRateWindow = time.Second
	MaxRateWindow = 31 * 24 * time.Hour
)

// LimitError says what is wrong with a rate limit.
type LimitError struct {
	// Rule is its name.
	Rule string
	// Field is what is wrong, in the words of a file: limit, window, burst,
	// without_redis or enabled. Empty where it is none of them, or several together.
	Field string
	// Reason says what is wrong with it.
	Reason string
}

func (e *LimitError) Error() string {
	if e.Field == "" {
		return e.Rule + ": " + e.Reason
	}
	return e.Rule + "." + e.Field + ": " + e.Reason
}

// Validate returns the first thing that is wrong with the limit, as a *LimitError.
func (l RateLimit) Validate() error {
	wrong := func(field, format string, args ...any) error {
		return &LimitError{Rule: l.Rule.Name, Field: field, Reason: fmt.Sprintf(format, args...)}
	}
	r := l.Rule
	switch {
	case r.Limit < 1 || r.Limit > MaxRateLimit:
		return wrong("limit", "%d requests: want 1 to %d", r.Limit, MaxRateLimit)
	case r.Window < MinRateWindow || r.Window > MaxRateWindow:
		return wrong("window", "%s: want %s to %s", shortDuration(r.Window), shortDuration(MinRateWindow), shortDuration(MaxRateWindow))
	case r.Burst != 0 && r.Algorithm != ratelimit.GCRA:
		return wrong("burst", "only the algorithm gcra has one")
	case r.Burst < 0 || r.Burst > r.Limit:
		return wrong("burst", "%d requests: want 1 to the limit of %d", r.Burst, r.Limit)
	case l.secret && r.WithoutRedis == ratelimit.FailOpen:
		return wrong("without_redis", "open would let everybody guess passwords or codes while Redis is gone: want local or closed")
	case l.Off && r.Name != globalName:
		return wrong("enabled", "only the rule %s can be turned off", globalName)
	}
	if err := r.Validate(); err != nil {
		return wrong("", "%v", err)
	}
	return nil
}

// Policy is all rate limits of the service. It is a value: whoever holds one sees no
// change.
type Policy struct {
	limits [limitCount]RateLimit
}

// Limits returns all of them, in a fixed order.
func (p *Policy) Limits() []RateLimit { return append([]RateLimit(nil), p.limits[:]...) }

// Limit returns one of them by the name of its rule.
func (p *Policy) Limit(name string) (RateLimit, bool) {
	for _, l := range p.limits {
		if l.Rule.Name == name {
			return l, true
		}
	}
	return RateLimit{}, false
}

// With returns the policy with another rule, on or off, in the place of the one that
// has its name. The error is a *LimitError.
func (p *Policy) With(rule ratelimit.Rule, off bool) (Policy, error) {
	changed := *p
	for i := range changed.limits {
		l := &changed.limits[i]
		if l.Rule.Name != rule.Name {
			continue
		}
		l.Rule, l.Off = rule, off
		return changed, l.Validate()
	}
	return *p, &LimitError{Rule: rule.Name, Reason: "there is no such rule"}
}

// Changes says what is different in another policy, a line for each rule.
func (p *Policy) Changes(to *Policy) []string {
	var changes []string
	for i, before := range p.limits {
		after := to.limits[i]
		if before.Rule != after.Rule || before.Off != after.Off {
			changes = append(changes, fmt.Sprintf("%s: %v -> %v", before.Rule.Name, before, after))
		}
	}
	return changes
}

func (p *Policy) rule(id limitID) ratelimit.Rule { return p.limits[id].Rule }

// Policies is where all services find the policy in force. Another one counts from the
// next charge on; the limits that one operation charges are those of one policy. Safe
// for concurrent use.
type Policies struct {
	current atomic.Pointer[Policy]
}

// NewPolicies returns Policies with p in force.
func NewPolicies(p Policy) *Policies {
	s := &Policies{}
	s.Set(p)
	return s
}

// Current returns the policy in force. It is not to be changed.
func (s *Policies) Current() *Policy { return s.current.Load() }

// Set puts another policy into force.
func (s *Policies) Set(p Policy) { s.current.Store(&p) }

func (s *Policies) rule(id limitID) ratelimit.Rule { return s.Current().rule(id) }

// policiesOrDefault is for services that were given none.
func policiesOrDefault(s *Policies) *Policies {
	if s == nil {
		return NewPolicies(DefaultPolicy())
	}
	return s
}
