package kurs

import (
	"context"
	"errors"
	"time"

	"github.com/speedlayer/speedlayer/ratelimit"
)

// The rules of the service, all of them. Clients are counted by the prefix of
// their address (ratelimit.ClientPrefix), which stands in the key so that an
// operator can read it; account names are hashed.

// dataRule is the course sheet's rule. Without Redis the route is open: what
// it guards is cheap.
func dataRule() ratelimit.Rule {
	return ratelimit.Rule{Name: "data", Limit: 10, Window: time.Minute, WithoutRedis: ratelimit.FailOpen}
}

// registerRule bounds the accounts, the hashes and the mails that one client
// can cause. Without Redis nothing can be registered anyhow.
func registerRule() ratelimit.Rule {
	return ratelimit.Rule{Name: "register", Limit: 20, Window: time.Minute, WithoutRedis: ratelimit.FailClosed}
}

// loginAddressRule bounds the guesses of one client over all accounts.
func loginAddressRule() ratelimit.Rule {
	return ratelimit.Rule{Name: "login-address", Limit: 30, Window: time.Minute, WithoutRedis: ratelimit.FailLocal}
}

// loginAccountRule bounds the guesses at one account over all clients. Who
// uses it up keeps its owner out for the rest of the window; that is the
// price of a limit which many addresses cannot get round.
func loginAccountRule() ratelimit.Rule {
	return ratelimit.Rule{Name: "login-account", Limit: 10, Window: 5 * time.Minute, WithoutRedis: ratelimit.FailLocal}
}

// emailChangeRule bounds the mails to foreign addresses that one user can
// cause, and the addresses it can probe. Without Redis no mail can be sent
// anyhow.
func emailChangeRule() ratelimit.Rule {
	return ratelimit.Rule{Name: "email-change", Limit: 10, Window: time.Hour, WithoutRedis: ratelimit.FailClosed}
}

// confirmTokenRule bounds the codes that one client can have looked for in the database.
// They cannot be guessed, so without Redis a local limit will do.
func confirmTokenRule() ratelimit.Rule {
	return ratelimit.Rule{Name: "confirm-token", Limit: 20, Window: 10 * time.Minute, WithoutRedis: ratelimit.FailLocal}
}

// resetAddressRule bounds the mails that one client can cause, and the addresses it
// can annoy.
func resetAddressRule() ratelimit.Rule {
	return ratelimit.Rule{Name: "reset-address", Limit: 10, Window: 10 * time.Minute, WithoutRedis: ratelimit.FailClosed}
}

// resetAccountRule bounds the mails to one address, whether it has an account or not:
// otherwise the answer would tell.
func resetAccountRule() ratelimit.Rule {
	return ratelimit.Rule{Name: "reset-account", Limit: 5, Window: time.Hour, WithoutRedis: ratelimit.FailClosed}
}

// resetTokenRule bounds the tokens that one client can try, and the passwords it can
// have hashed.
func resetTokenRule() ratelimit.Rule {
	return ratelimit.Rule{Name: "reset-token", Limit: 20, Window: 10 * time.Minute, WithoutRedis: ratelimit.FailClosed}
}

// Limits guards routes that belong to no account. Safe for concurrent use.
type Limits struct {
	limiter *ratelimit.Limiter
}

// NewLimits returns Limits.
func NewLimits(limiter *ratelimit.Limiter) *Limits { return &Limits{limiter: limiter} }

// DataRule returns the rule of the data route, of which clients are told.
func (l *Limits) DataRule() ratelimit.Rule { return dataRule() }

// Data charges a request to the data route: 10 in 60 s for each client, and
// no limit while Redis is gone. clientPrefix is what ratelimit.ClientPrefix
// returns. The result is valid with CodeRateLimited too, whose RetryAfter is
// at least a second.
func (l *Limits) Data(ctx context.Context, clientPrefix string) (ratelimit.Result, error) {
	result, err := take(ctx, l.limiter, clientPrefix, dataRule())
	if refused, ok := errors.AsType[*Error](err); ok && refused.Code == CodeRateLimited {
		refused.Limit = result.Rule
	}
	if err != nil {
		return result, wrap("limit data", err)
	}
	return result, nil
}

// take charges subject under a rule. Where the rule denies, nothing was
// charged and the error is CodeRateLimited.
func take(ctx context.Context, l *ratelimit.Limiter, subject string, rule ratelimit.Rule) (ratelimit.Result, error) {
	result, err := l.Take(ctx, subject, rule)
	return result, refusal(result, err)
}

// refusal makes an error of a denial; for the limiter it is none.
func refusal(r ratelimit.Result, err error) error {
	if err == nil && !r.Allowed {
		return &Error{Code: CodeRateLimited, RetryAfter: max(r.RetryAfter, time.Second)}
	}
	return err
}
