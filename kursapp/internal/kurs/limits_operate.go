package kurs

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/speedlayer/speedlayer/ratelimit"
)

// The JSON names of what one limit is asked for by.
const (
	FieldRule    = "rule"
	FieldSubject = "subject"
)

// LimitState is what a subject has left under a rule.
type LimitState struct {
	Rule string
	// Subject is as it stands in the key: an address may be that of a network, and an
	// e-mail address is hashed.
	Subject string
	// Limit is the rule's, and Remaining what it would still admit now.
	Limit, Remaining int64
	// ResetAfter is the time until nothing counts any more, and RetryAfter until one
	// request would be admitted; 0 where that is now.
	ResetAfter, RetryAfter time.Duration
	// Key is where it is counted.
	Key ratelimit.CounterKey
}

// Current returns the limits in force.
func (l *Limits) Current() []RateLimit { return l.policies.Current().Limits() }

// Degraded reports whether limits are decided without Redis at the moment.
func (l *Limits) Degraded() bool { return l.limiter.Degraded() }

// State reports what a subject, as people name it, has left under a rule. It charges
// nothing.
//
// It fails with ErrNoToken or ErrForbidden (Actor.MayOperate), CodeInvalid, and
// CodeUnavailable while Redis cannot be asked, whatever the rule does then: what this
// process counts meanwhile is not what is left.
func (l *Limits) State(ctx context.Context, actor Actor, rule, subject string) (LimitState, error) {
	const op = "look at a limit"
	limit, subject, err := l.find(actor, rule, subject)
	if err != nil {
		return LimitState{}, err
	}
	r := limit.Rule
	result, err := l.limiter.Peek(ctx, subject, r)
	if err != nil {
		return LimitState{}, wrap(op, err)
	}
	key, err := l.limiter.CounterKey(ctx, subject, r)
	if err != nil {
		return LimitState{}, wrap(op, err)
	}
	return LimitState{
		Rule: r.Name, Subject: subject, Limit: r.Limit, Remaining: result.Remaining,
		ResetAfter: result.ResetAfter, RetryAfter: result.RetryAfter, Key: key,
	}, nil
}

// Reset forgets what a subject was charged under a rule, and has that taken down. It
// fails as State does; after CodeUnavailable it may be forgotten or not.
func (l *Limits) Reset(ctx context.Context, actor Actor, rule, subject string) error {
	limit, subject, err := l.find(actor, rule, subject)
	if err != nil {
		return err
	}
	if err := l.limiter.Reset(ctx, subject, limit.Rule); err != nil {
		return wrap("reset a limit", err)
	}
	user, detail := limit.Subject.audited(subject)
	detail[FieldRule] = limit.Rule.Name
	l.audit.noteWith(by(ctx, actor), AuditLimitReset, user, detail)
	return nil
}

func (l *Limits) find(actor Actor, rule, subject string) (RateLimit, string, error) {
	if err := actor.MayOperate(); err != nil {
		return RateLimit{}, "", err
	}
	limit, ok := l.policies.Current().Limit(rule)
	if !ok {
		return RateLimit{}, "", invalid(FieldRule, RuleUnknown)
	}
	subject, err := limit.Subject.Parse(subject)
	limit.Rule.WithoutRedis = ratelimit.FailClosed
	return limit, subject, err
}

// audited is how the audit log names a subject as the limiter knows it. Of an e-mail
// address it keeps nothing: who has an address in mind finds it in its hash.
func (k SubjectKind) audited(subject string) (user int64, detail map[string]any) {
	detail = map[string]any{}
	switch k {
	case SubjectUser:
		user, _ = strconv.ParseInt(subject, 10, 64) // Parse made it
	case SubjectAccount:
	default:
		detail["client"] = subject
	}
	return user, detail
}

// Parse turns what a person knows somebody by into what the limiter knows: a client's
// address, an e-mail address, or the id of a user. The error is an *Error with
// CodeInvalid and FieldSubject.
func (k SubjectKind) Parse(given string) (string, error) {
	switch k {
	case SubjectAccount:
		email, err := ValidateEmail(given)
		if err != nil {
			return "", invalid(FieldSubject, RuleNotAnEmail)
		}
		return ratelimit.HashSubject(email), nil
	case SubjectUser:
		id, err := strconv.ParseInt(given, 10, 64)
		if err != nil || id < 1 {
			return "", invalid(FieldSubject, RuleUnknown)
		}
		return strconv.FormatInt(id, 10), nil
	default:
		if given == "unknown" { // whose address nobody could read
			return given, nil
		}
		// As keys and logs have it: the network instead of the address.
		prefix, ok := ratelimit.ClientPrefix(strings.TrimSuffix(given, "/64"))
		if !ok {
			return "", invalid(FieldSubject, RuleUnknown)
		}
		return prefix, nil
	}
}
