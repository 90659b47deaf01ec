package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	sqlite "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

// retryAfter is when a client may come back after CodeUnavailable.
const retryAfter = 2 * time.Second

// translate turns a driver's error into the domain's. op says what was tried.
func (s *Store) translate(op string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*kurs.Error](err); ok {
		return err
	}
	if errors.Is(err, sql.ErrNoRows) {
		return kurs.ErrUserNotFound
	}
	wrapped := fmt.Errorf("sqlite: %s: %w", op, err)
	if s.closed.Load() || unreachable(err) {
		return unavailable(wrapped)
	}
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return wrapped
	}
	switch text := e.Error(); {
	case e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE && strings.Contains(text, "users_email_key"):
		return &kurs.Error{Code: kurs.CodeEmailTaken, Err: wrapped}
	case e.Code() == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return &kurs.Error{Code: kurs.CodeUserNotFound, Err: wrapped}
	case e.Code() == sqlite3.SQLITE_CONSTRAINT_CHECK && strings.Contains(text, "users_name_length"):
		return &kurs.Error{Code: kurs.CodeInvalid, Field: kurs.FieldName, Rule: kurs.RuleTooLong, Err: wrapped}
	case e.Code() == sqlite3.SQLITE_CONSTRAINT_CHECK && strings.Contains(text, "email_length"):
		return &kurs.Error{Code: kurs.CodeInvalid, Field: kurs.FieldEmail, Rule: kurs.RuleTooLong, Err: wrapped}
	}
	return wrapped
}

func unavailable(err error) *kurs.Error {
	return &kurs.Error{Code: kurs.CodeUnavailable, RetryAfter: retryAfter, Err: err}
}

// unreachable reports whether err means that the file cannot be used now.
func unreachable(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, sql.ErrConnDone) {
		return true
	}
	switch primaryCode(err) {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN,
		sqlite3.SQLITE_READONLY, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_INTERRUPT:
		return true
	}
	return false
}

// primaryCode returns SQLite's result code without its extension, or
// SQLITE_OK where err is none of SQLite's.
func primaryCode(err error) int {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return sqlite3.SQLITE_OK
	}
	return e.Code() & 0xff
}

// checkText refuses what a text column must not hold: nothing at all, bytes
// that are not UTF-8, and NUL, at which SQLite would stop to count.
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
