package kurs

import (
	"errors"
	"fmt"
	"time"
)

// Code names what went wrong in the domain's words. The HTTP layer maps each
// code to one status and one text per language, in one place.
type Code string

// All codes of the domain.
const (
	CodeUserNotFound       Code = "user_not_found"
	CodeEmailTaken         Code = "email_taken"
	CodeInvalid            Code = "invalid"           // Field and Rule say what
	CodeBadCredentials     Code = "bad_credentials"   // unknown address or wrong password, indistinguishable
	CodeNoToken            Code = "no_token"          // no or malformed Authorization header
	CodeSessionInvalid     Code = "session_invalid"   // expired, revoked or never existed
	CodeSessionNotFound    Code = "session_not_found" // not among the user's own
	CodeQueueNotFound      Code = "queue_not_found"
	CodeTaskNotFound       Code = "task_not_found"      // done, deleted, or never there
	CodeLastAdmin          Code = "last_admin"          // nobody would be left who may change a role
	CodeForbidden          Code = "forbidden"           // known, but not allowed
	CodeRateLimited        Code = "rate_limited"        // RetryAfter says how long
	CodeUnavailable        Code = "unavailable"         // PostgreSQL or Redis cannot be asked; RetryAfter
	CodeConfirmationFailed Code = "confirmation_failed" // unknown, used or expired confirmation token
	CodeResetFailed        Code = "reset_failed"        // unknown, void, used or expired token for a forgotten password
)

// Error is the one error type of the domain.
type Error struct {
	Code Code
	// Field is the JSON name of the invalid field, for CodeInvalid.
	Field string
	// Rule says what the field must be (RuleRequired, RuleTooLong …), for CodeInvalid.
	Rule Rule
	// RetryAfter tells the client when to come back; whole seconds on the wire.
	RetryAfter time.Duration
	// Limit names the rule that refused, for CodeRateLimited where clients know the
	// rule by its name.
	Limit string
	// Err is the cause for the log. It never reaches a client.
	Err error
}

// Rule names the rule that a field broke.
type Rule string

// The rules of fields. The limits they refer to are constants in validate.go.
const (
	RuleRequired    Rule = "required"
	RuleTooLong     Rule = "too_long"
	RuleTooShort    Rule = "too_short"
	RuleNotAnEmail  Rule = "not_an_email"
	RuleControlChar Rule = "control_character"
	RuleNotUTF8     Rule = "not_utf8"
	RuleTooCommon   Rule = "too_common" // a password that is tried first
	RuleUnknown     Rule = "unknown"    // none of those that there are
	RuleWrong       Rule = "wrong"      // not the password that the account has
)

func (e *Error) Error() string {
	s := "kurs: " + string(e.Code)
	if e.Field != "" {
		s += fmt.Sprintf(" (%s: %s)", e.Field, e.Rule)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is an *Error with the same code, so that
// errors.Is(err, ErrUserNotFound) works whatever else the error carries.
func (e *Error) Is(target error) bool {
	var t *Error
	return errors.As(target, &t) && t.Code == e.Code
}

// CodeOf returns the code of the first *Error in err's chain, or "".
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}

// Errors without further details, to compare with errors.Is.
var (
	ErrUserNotFound       = &Error{Code: CodeUserNotFound}
	ErrEmailTaken         = &Error{Code: CodeEmailTaken}
	ErrBadCredentials     = &Error{Code: CodeBadCredentials}
	ErrNoToken            = &Error{Code: CodeNoToken}
	ErrSessionInvalid     = &Error{Code: CodeSessionInvalid}
	ErrSessionNotFound    = &Error{Code: CodeSessionNotFound}
	ErrQueueNotFound      = &Error{Code: CodeQueueNotFound}
	ErrTaskNotFound       = &Error{Code: CodeTaskNotFound}
	ErrLastAdmin          = &Error{Code: CodeLastAdmin}
	ErrForbidden          = &Error{Code: CodeForbidden}
	ErrRateLimited        = &Error{Code: CodeRateLimited}
	ErrUnavailable        = &Error{Code: CodeUnavailable}
	ErrConfirmationFailed = &Error{Code: CodeConfirmationFailed}
	ErrResetFailed        = &Error{Code: CodeResetFailed}
)
