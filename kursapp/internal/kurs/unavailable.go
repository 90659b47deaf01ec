package kurs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/ratelimit"
	"github.com/speedlayer/speedlayer/session"
)

// retryAfter is what a client is told at least when something cannot be
// asked. Redis and PostgreSQL are probed every second.
const retryAfter = time.Second

// errHasherBusy is the cause of a CodeUnavailable of the Hasher.
var errHasherBusy = errors.New("too many passwords are being hashed")

// wrap prefixes err with what was being done and gives it a code where the
// domain knows one: whatever says that Redis or PostgreSQL cannot be asked is
// CodeUnavailable with a RetryAfter of at least a second.
func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	var known *Error
	switch {
	case errors.As(err, &known) && known.Code == CodeUnavailable:
		return unavailable(op, known.RetryAfter, err)
	case known != nil:
		return fmt.Errorf("kurs: %s: %w", op, err)
	case errors.Is(err, session.ErrUnavailable),
		errors.Is(err, ratelimit.ErrUnavailable),
		errors.Is(err, cache.ErrOverloaded),
		errors.Is(err, cache.ErrClosed),
		errors.Is(err, context.DeadlineExceeded):
		return unavailable(op, 0, err)
	default:
		return fmt.Errorf("kurs: %s: %w", op, err)
	}
}

// unavailable says that op could not be done now, because of err.
func unavailable(op string, after time.Duration, err error) *Error {
	return &Error{Code: CodeUnavailable, RetryAfter: max(after, retryAfter), Err: fmt.Errorf("%s: %w", op, err)}
}
