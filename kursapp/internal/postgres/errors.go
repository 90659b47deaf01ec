package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

// ErrNotMigrated says that PostgreSQL answers, but without the tables of this
// version. It is wrapped in an error with kurs.CodeUnavailable.
var ErrNotMigrated = errors.New("the database is not migrated: run `kursapp migrate up`")

// retryAfter is when a client may come back after CodeUnavailable.
const retryAfter = 2 * time.Second

// SQLSTATE codes, by the names of PostgreSQL's appendix A.
const (
	readOnlyTransaction = "25006"
	foreignKeyViolation = "23503"
	uniqueViolation     = "23505"
	checkViolation      = "23514"
	serializationFailed = "40001"
	deadlockDetected    = "40P01"
	insufficientRights  = "42501"
	undefinedColumn     = "42703"
	undefinedTable      = "42P01"
	undefinedFunction   = "42883"
	undefinedSchema     = "3F000"
	lockNotAvailable    = "55P03"
	queryCanceled       = "57014"
	adminShutdown       = "57P01"
	crashShutdown       = "57P02"
	cannotConnectNow    = "57P03"
	idleSessionTimeout  = "57P05"
	idleInTransaction   = "25P03"
)

// sqlState returns the SQLSTATE of an error that PostgreSQL reported, or "".
func sqlState(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code
	}
	return ""
}

// translate turns a driver's error into the domain's. op says what was tried.
func (s *Store) translate(op string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*kurs.Error](err); ok {
		return err
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return kurs.ErrUserNotFound
	}
	wrapped := fmt.Errorf("postgres: %s: %w", op, err)
	if s.closed.Load() || unreachable(err) {
		return unavailable(wrapped)
	}
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return wrapped
	}
	switch e.Code {
	case undefinedTable, undefinedColumn, undefinedFunction, undefinedSchema:
		return unavailable(fmt.Errorf("postgres: %s: %w (%w)", op, ErrNotMigrated, err))
	case uniqueViolation:
		if e.ConstraintName == "users_email_key" {
			return &kurs.Error{Code: kurs.CodeEmailTaken, Err: wrapped}
		}
	case foreignKeyViolation:
		switch e.ConstraintName {
		case "email_changes_user_id_fkey", "password_resets_user_id_fkey":
			return &kurs.Error{Code: kurs.CodeUserNotFound, Err: wrapped}
		}
	case checkViolation:
		return invalid(e.ConstraintName, wrapped)
	}
	return wrapped
}

// invalid names the field that broke a check of the schema.
func invalid(constraint string, err error) error {
	switch constraint {
	case "users_name_length":
		return &kurs.Error{Code: kurs.CodeInvalid, Field: kurs.FieldName, Rule: kurs.RuleTooLong, Err: err}
	case "users_email_length", "email_changes_email_length":
		return &kurs.Error{Code: kurs.CodeInvalid, Field: kurs.FieldEmail, Rule: kurs.RuleTooLong, Err: err}
	}
	return err
}

// checkText refuses what a text column cannot hold or must not: nothing at
// all, bytes that are not UTF-8, and NUL.
func checkText(field, value string) error {
	switch {
	case value == "":
		return &kurs.Error{Code: kurs.CodeInvalid, Field: field, Rule: kurs.RuleRequired}
	case !utf8.ValidString(value):
		return &kurs.Error{Code: kurs.CodeInvalid, Field: field, Rule: kurs.RuleNotUTF8}
	case strings.ContainsRune(value, 0):
		return &kurs.Error{Code: kurs.CodeInvalid, Field: field, Rule: kurs.RuleControlChar}
	}
	return nil
}

func unavailable(err error) *kurs.Error {
	return &kurs.Error{Code: kurs.CodeUnavailable, RetryAfter: retryAfter, Err: err}
}

// unreachable reports whether err means that PostgreSQL cannot be asked now:
// it is away, on its way up or down, out of something, a standby, or the call
// took too long.
func unreachable(err error) bool {
	if failedToConnect(err) || connectionDied(err) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) ||
		pgconn.Timeout(err) {
		return true
	}
	switch code := sqlState(err); code {
	case readOnlyTransaction, serializationFailed, deadlockDetected, lockNotAvailable, queryCanceled:
		return true
	default:
		return strings.HasPrefix(code, "53") // too many connections, disk full, out of memory
	}
}

// failedToConnect reports whether err comes from an attempt to connect.
func failedToConnect(err error) bool {
	_, ok := errors.AsType[*pgconn.ConnectError](err)
	return ok
}

// connectionDied reports whether err means that an established connection
// ended. An attempt to connect that failed is not one.
func connectionDied(err error) bool {
	if err == nil || failedToConnect(err) || pgconn.Timeout(err) {
		return false
	}
	switch code := sqlState(err); code {
	case adminShutdown, crashShutdown, cannotConnectNow, idleSessionTimeout, idleInTransaction:
		return true
	case "":
		_, network := errors.AsType[net.Error](err)
		return network || pgconn.SafeToRetry(err) ||
			errors.Is(err, pgconn.ErrConnClosed) || errors.Is(err, net.ErrClosed) ||
			errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	default:
		return strings.HasPrefix(code, "08") // connection exceptions, also from poolers
	}
}
