package ratelimit

import (
	"errors"
	"fmt"
	"time"
)

var (
	// ErrUnavailable says that nothing could be decided: Redis cannot be asked, and
	// a rule demands it. A service answers 503.
	ErrUnavailable = errors.New("rate limits are unavailable")
	// ErrInvalid says that a rule or a charge makes no sense: a mistake of the
	// program or its configuration.
	ErrInvalid = errors.New("invalid rate limit")
)

// Fallback says what a rule does while Redis cannot be asked.
type Fallback uint8

const (
	// FailLocal counts in this process. The limit is divided by the number of limiters
	// that were in use when Redis was last there, as far as this one knows; one that
	// never met Redis takes it whole. At least one charge is admitted. It is the
	// default.
	FailLocal Fallback = iota
	// FailOpen admits everything.
	FailOpen
	// FailClosed admits nothing: ErrUnavailable.
	FailClosed
)

// String returns "local", "open" or "closed".
func (f Fallback) String() string {
	switch f {
	case FailLocal:
		return "local"
	case FailOpen:
		return "open"
	case FailClosed:
		return "closed"
	}
	return fmt.Sprintf("Fallback(%d)", uint8(f))
}

// The bounds of a [Rule].
const (
	// MaxLimit is the greatest limit.
	MaxLimit = 1_000_000_000_000
	// MaxWindow is the longest window.
	MaxWindow = 366 * 24 * time.Hour
	// maxName is the length of a name in bytes.
	maxName = 64
)

// Rule admits Limit charges per Window for each subject. Rules with the same name
// and subject share a counter, so a name must mean the same rule everywhere.
type Rule struct {
	// Name is part of the key: 1 to 64 letters, digits and "._-/:".
	Name string
	// Limit is the number of charges per window, 1 to MaxLimit. Where it was lowered,
	// charges that were admitted before stay.
	Limit int64
	// Window is 1 ms to MaxWindow; parts of a millisecond count as a whole one.
	// Where it was shortened, a window under way ends as if it began now at the
	// latest.
	Window time.Duration
	// Algorithm is what Limit per Window means. Where it was changed, counting begins
	// anew: the state of another algorithm counts as none. Default: FixedWindow.
	Algorithm Algorithm
	// Burst is how many charges a GCRA rule admits at once, 1 to Limit. Other
	// algorithms have none. Default: Limit.
	Burst int64
	// WithoutRedis is what happens while Redis cannot be asked. Default: FailLocal.
	WithoutRedis Fallback
}

// Validate returns everything that is wrong with the rule; the error is ErrInvalid.
func (r Rule) Validate() error {
	var errs []error
	if !validName(r.Name) {
		errs = append(errs, fmt.Errorf("%w: rule name %.80q: want 1 to %d letters, digits or any of ._-/: characters", ErrInvalid, r.Name, maxName))
	}
	if r.Limit < 1 || r.Limit > MaxLimit {
		errs = append(errs, fmt.Errorf("%w: rule %.80q: limit %d: want 1 to %d", ErrInvalid, r.Name, r.Limit, int64(MaxLimit)))
	}
	if r.Window < time.Millisecond || r.Window > MaxWindow {
		errs = append(errs, fmt.Errorf("%w: rule %.80q: window %v: want 1ms to %v", ErrInvalid, r.Name, r.Window, MaxWindow))
	}
	if r.Algorithm > GCRA {
		errs = append(errs, fmt.Errorf("%w: rule %.80q: unknown algorithm %d", ErrInvalid, r.Name, r.Algorithm))
	}
	if r.Burst < 0 || r.Burst > r.Limit || r.Burst != 0 && r.Algorithm != GCRA {
		errs = append(errs, fmt.Errorf("%w: rule %.80q: burst %d: want 1 to the limit, and a GCRA rule", ErrInvalid, r.Name, r.Burst))
	}
	if r.WithoutRedis > FailClosed {
		errs = append(errs, fmt.Errorf("%w: rule %.80q: unknown fallback %d", ErrInvalid, r.Name, r.WithoutRedis))
	}
	return errors.Join(errs...)
}

func validName(name string) bool {
	if name == "" || len(name) > maxName {
		return false
	}
	for i := range len(name) {
		switch c := name[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9',
			c == '.', c == '_', c == '-', c == '/', c == ':':
		default:
			return false
		}
	}
	return true
}

// windowMillis rounds up: a window is never shorter than its rule says.
func (r Rule) windowMillis() int64 {
	return int64((r.Window + time.Millisecond - 1) / time.Millisecond)
}

func (r Rule) windowMicros() int64 { return 1000 * r.windowMillis() }

func (r Rule) window() time.Duration { return time.Duration(r.windowMillis()) * time.Millisecond }

// Charge is what one subject pays under some rules.
type Charge struct {
	// Subject is who pays: a client address, a user id, a hashed account name. Any
	// string but the empty one.
	Subject string
	// Rules are charged together: all or none. Their names differ.
	Rules []Rule
	// Cost is what each rule is charged, 1 to the smallest limit or burst. Default: 1.
	Cost int64
}

func (c Charge) withDefaults() Charge {
	if c.Cost == 0 {
		c.Cost = 1
	}
	return c
}

func (c Charge) validate() error {
	var errs []error
	if c.Subject == "" {
		errs = append(errs, fmt.Errorf("%w: no subject", ErrInvalid))
	}
	if len(c.Rules) == 0 {
		errs = append(errs, fmt.Errorf("%w: no rule", ErrInvalid))
	}
	for i, r := range c.Rules {
		if err := r.Validate(); err != nil {
			errs = append(errs, err)
			continue
		}
		if c.Cost < 1 || c.Cost > r.most() {
			errs = append(errs, fmt.Errorf("%w: rule %q: cost %d: want 1 to the limit of %d", ErrInvalid, r.Name, c.Cost, r.most()))
		}
		for _, other := range c.Rules[:i] {
			if other.Name == r.Name {
				errs = append(errs, fmt.Errorf("%w: rule %q is there twice", ErrInvalid, r.Name))
			}
		}
	}
	return errors.Join(errs...)
}
