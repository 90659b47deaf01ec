package kurs

import (
	"log/slog"
	"time"

	"github.com/speedlayer/speedlayer/outbox"
	"github.com/speedlayer/speedlayer/ratelimit"
)

// Accounts is registration, login, sessions and profile. Safe for concurrent
// use.
type Accounts struct {
	store    Store
	users    *Users
	sessions *Sessions
	ender    sessionEnder
	limiter  *ratelimit.Limiter
	policies *Policies
	welcome  func(name, email string) outbox.Task
	hasher   *Hasher
	demo     bool
	now      func() time.Time
	log      *slog.Logger

	audit           *AuditLog
	passwordChanged func(name, email string) outbox.Task
	passwordReset   func(userID int64) outbox.Task
}

// AccountsDeps is what Accounts stands on. Store, Users, Sessions, Limiter, Hasher
// and the three mails are needed.
type AccountsDeps struct {
	Store    Store
	Users    *Users
	Sessions *Sessions
	Limiter  *ratelimit.Limiter
	// Policies says what the limits are; default DefaultPolicy.
	Policies *Policies
	// Welcome returns the task that has a new user greeted.
	Welcome func(name, email string) outbox.Task
	// PasswordChanged returns the task that tells a user of the new password.
	PasswordChanged func(name, email string) outbox.Task
	// PasswordReset returns the task that mails a user a token for a forgotten
	// password (BeginPasswordReset). For 0, which is nobody's id, it does nothing.
	PasswordReset func(userID int64) outbox.Task
	Hasher        *Hasher
	// Audit takes down logins and logouts; default nothing does.
	Audit *AuditLog
	// Demo makes every Actor one of the demo, where the users routes are
	// open; default false.
	Demo bool
	// Now is the clock of confirmation tokens; default time.Now.
	Now func() time.Time
	// Logger gets what a person should look at, without addresses, passwords
	// or tokens; default none.
	Logger *slog.Logger
}

// NewAccounts returns Accounts.
func NewAccounts(d AccountsDeps) *Accounts {
	now := d.Now
	if now == nil {
		now = time.Now
	}
	return &Accounts{
		store:    d.Store,
		users:    d.Users,
		sessions: d.Sessions,
		ender:    d.Sessions,
		limiter:  d.Limiter,
		policies: policiesOrDefault(d.Policies),
		welcome:  d.Welcome,
		hasher:   d.Hasher,
		demo:     d.Demo,
		now:      now,
		log:      loggerOrNone(d.Logger),

		audit:           d.Audit,
		passwordChanged: d.PasswordChanged,
		passwordReset:   d.PasswordReset,
	}
}

// Anonymous returns the Actor of a request without a session.
func (a *Accounts) Anonymous() Actor { return Actor{Anonymous: true, Demo: a.demo} }
