package kurs

import (
	"context"
	"time"

	"github.com/speedlayer/speedlayer/ratelimit"
)

// limitID is the place of a rate limit in a Policy.
type limitID int

// The rate limits of the service, all of them. Clients are counted by the prefix of
// their address (ratelimit.ClientPrefix), which stands in the key so that an operator
// can read it; account names are hashed.
const (
	limitData limitID = iota
	limitRegister
	limitLoginAddress
	limitLoginAccount
	limitEmailChange
	limitConfirmToken
	limitResetAddress
	limitResetAccount
	limitResetToken
	limitGlobal

	limitCount
)

// globalName is the name of the one rule that may be off.
const globalName = "global"

// DefaultPolicy returns the limits that hold where no file says otherwise.
func DefaultPolicy() Policy {
	return Policy{[limitCount]RateLimit{
		// The course sheet's rule. Without Redis the route is open: what it guards is
		// cheap.
		limitData: {
			Rule:   ratelimit.Rule{Name: "data", Limit: 10, Window: time.Minute, WithoutRedis: ratelimit.FailOpen},
			Guards: "GET /api/data",
		},
		// Bounds the accounts, the hashes and the mails that one client can cause.
		// Without Redis nothing can be registered anyhow.
		limitRegister: {
			Rule:   ratelimit.Rule{Name: "register", Limit: 20, Window: time.Minute, WithoutRedis: ratelimit.FailClosed},
			Guards: "registrations of one client",
		},
		// Bounds the guesses of one client over all accounts.
		limitLoginAddress: {
			Rule:   ratelimit.Rule{Name: "login-address", Limit: 30, Window: time.Minute, WithoutRedis: ratelimit.FailLocal},
			Guards: "wrong passwords of one client", secret: true,
		},
		// Bounds the guesses at one account over all clients. Who uses it up keeps its
		// owner out for the rest of the window; that is the price of a limit which many
		// addresses cannot get round.
		limitLoginAccount: {
			Rule:    ratelimit.Rule{Name: "login-account", Limit: 10, Window: 5 * time.Minute, WithoutRedis: ratelimit.FailLocal},
			Subject: SubjectAccount, Guards: "wrong passwords for one account", secret: true,
		},
		// Bounds the mails to foreign addresses that one user can cause, and the
		// addresses it can probe. Without Redis no mail can be sent anyhow.
		limitEmailChange: {
			Rule:    ratelimit.Rule{Name: "email-change", Limit: 10, Window: time.Hour, WithoutRedis: ratelimit.FailClosed},
			Subject: SubjectUser, Guards: "new addresses that one user asks for",
		},
		// Bounds the codes that one client can have looked for in the database. They
		// cannot be guessed, so without Redis a local limit will do.
		limitConfirmToken: {
			Rule:   ratelimit.Rule{Name: "confirm-token", Limit: 20, Window: 10 * time.Minute, WithoutRedis: ratelimit.FailLocal},
			Guards: "codes for a new address that one client tries", secret: true,
		},
		// Bounds the mails that one client can cause, and the addresses it can annoy.
		limitResetAddress: {
			Rule:   ratelimit.Rule{Name: "reset-address", Limit: 10, Window: 10 * time.Minute, WithoutRedis: ratelimit.FailClosed},
			Guards: "reset codes that one client asks for", secret: true,
		},
		// Bounds the mails to one address, whether it has an account or not: otherwise
		// the answer would tell.
		limitResetAccount: {
			Rule:    ratelimit.Rule{Name: "reset-account", Limit: 5, Window: time.Hour, WithoutRedis: ratelimit.FailClosed},
			Subject: SubjectAccount, Guards: "reset codes that go to one address", secret: true,
		},
		// Bounds the tokens that one client can try, and the passwords it can have hashed.
		limitResetToken: {
			Rule:   ratelimit.Rule{Name: "reset-token", Limit: 20, Window: 10 * time.Minute, WithoutRedis: ratelimit.FailClosed},
			Guards: "reset codes that one client tries", secret: true,
		},
		// Bounds whatever one client asks. It is off: a server that knows its clients
		// by the address of a proxy would limit all of them together.
		limitGlobal: {
			Rule:   ratelimit.Rule{Name: globalName, Limit: 600, Window: time.Minute, WithoutRedis: ratelimit.FailLocal},
			Guards: "all requests of one client", Off: true,
		},
	}}
}

// Limits guards routes that belong to no account. Safe for concurrent use.
type Limits struct {
	limiter  *ratelimit.Limiter
	policies *Policies
	audit    *AuditLog
}

// NewLimits returns Limits. Without policies the defaults hold; without an audit log
// nobody takes down what operators reset.
func NewLimits(limiter *ratelimit.Limiter, policies *Policies, audit *AuditLog) *Limits {
	return &Limits{limiter: limiter, policies: policiesOrDefault(policies), audit: audit}
}

// Data charges a request to the data route: 10 in 60 s for each client by default, and
// no limit while Redis is gone. clientPrefix is what ratelimit.ClientPrefix
// returns. It returns the rule that counted, of which clients are told.
//
// A refusal is no error here, because those who are refused come most often: see
// Result.Allowed. It fails with CodeUnavailable where the limiter cannot decide.
func (l *Limits) Data(ctx context.Context, clientPrefix string) (ratelimit.Rule, ratelimit.Result, error) {
	rule := l.policies.rule(limitData)
	result, err := l.limiter.Take(ctx, clientPrefix, rule)
	if err != nil {
		return rule, result, wrap("limit data", err)
	}
	return rule, result, nil
}

// GlobalOn reports whether Global charges anything at the moment.
func (l *Limits) GlobalOn() bool { return !l.policies.Current().limits[limitGlobal].Off }

// Global charges a request, whatever it asks for, where the global limit is on.
// clientPrefix is what ratelimit.ClientPrefix returns. It fails with CodeRateLimited,
// and with CodeUnavailable where the limiter cannot decide.
func (l *Limits) Global(ctx context.Context, clientPrefix string) error {
	limit := l.policies.Current().limits[limitGlobal]
	if limit.Off {
		return nil
	}
	if err := take(ctx, l.limiter, clientPrefix, limit.Rule); err != nil {
		return wrap("limit all requests", err)
	}
	return nil
}

// take charges subject under a rule. Where the rule denies, nothing was
// charged and the error is CodeRateLimited.
func take(ctx context.Context, l *ratelimit.Limiter, subject string, rule ratelimit.Rule) error {
	result, err := l.Take(ctx, subject, rule)
	return refusal(result, err)
}

// refusal makes an error of a denial; for the limiter it is none.
func refusal(r ratelimit.Result, err error) error {
	if err == nil && !r.Allowed {
		return &Error{Code: CodeRateLimited, RetryAfter: max(r.RetryAfter, time.Second)}
	}
	return err
}
