package kurs

import (
	"context"
	"errors"
	"time"

	"github.com/speedlayer/speedlayer/outbox"
)

// The key spaces that rows of the outbox name, in both databases' triggers.
const (
	OutboxUsers = "user"  // by the user's id
	OutboxPages = "users" // by the one tag of all pages
	// OutboxSessions is by the user's id: its password or role changed, or it is gone.
	OutboxSessions = "sessions"
)

// ErrOutcomeUnknown is in the error of a write that the database may have committed.
var ErrOutcomeUnknown = errors.New("the database may have committed or not")

// Store is the source of truth: users, their credentials and roles. The two
// implementations (postgres, sqlite) pass the same suite (storetest).
//
// Every method returns ErrUserNotFound (as *Error) for an id or address that
// does not exist, and an *Error with CodeUnavailable that wraps the driver's
// error when the database cannot be asked (gone, starting up, not migrated
// yet, out of connections). Reads see committed data of the primary.
//
// E-mail addresses are ASCII and unique without regard to case; they keep the
// case they were written in. Ids are never reused, not even that of the
// newest user after its deletion.
//
// Whatever changes the name or the address of a user, a hand-typed statement too,
// writes into the outbox in the same transaction that Redis has to forget the user
// (OutboxUsers) and all pages (OutboxPages). Whatever changes the password or the
// role raises CredentialsVersion (to the microseconds since 1970, or by one where that
// is no more) and tells the sessions (OutboxSessions); so does the end of a user.
//
// Every new user, every change of name, address, password or role and the end of a
// user writes an entry of the audit log in the same transaction, a hand-typed statement
// too unless it inserts. It says who it was as far as OriginOf(ctx) does, and
// {"by":"database"} where that says nothing.
type Store interface {
	// User returns one user.
	User(ctx context.Context, id int64) (User, error)
	// Users returns at most limit users with an id greater than after, by id.
	Users(ctx context.Context, after int64, limit int) ([]User, error)
	// SearchUsers returns at most limit users with an id greater than after whose name
	// or address contains query, by id. Its characters stand for themselves, in any of
	// their CaseVariants. It goes through all users.
	SearchUsers(ctx context.Context, query string, after int64, limit int) ([]User, error)
	// Account returns a user with role and password hash.
	Account(ctx context.Context, id int64) (Account, error)
	// AccountByEmail finds the account whose address equals email without
	// regard to case.
	AccountByEmail(ctx context.Context, email string) (Account, error)

	// CreateUser inserts a user, and the tasks into the outbox, in one transaction:
	// both or neither. A taken address is ErrEmailTaken. Where the commit got no
	// answer, the error is CodeUnavailable and wraps ErrOutcomeUnknown.
	CreateUser(ctx context.Context, u NewAccount, tasks ...outbox.Task) (User, error)
	// UpdateUser sets name and address. ErrEmailTaken where another user has
	// the address. A new address voids the one that waits for confirmation: the
	// newer decision counts. The tasks of EmailNotices go into the outbox with it, both
	// or neither, made from the user that this very change replaces. A commit without an
	// answer is as in CreateUser.
	UpdateUser(ctx context.Context, id int64, name, email string, notices ...EmailNotice) (User, error)
	// RenameUser sets the name alone and returns the user with the address in
	// force.
	RenameUser(ctx context.Context, id int64, name string) (User, error)
	// DeleteUser removes a user and everything that belongs to it.
	DeleteUser(ctx context.Context, id int64) error
	// RemoveUser is DeleteUser, but fails with ErrLastAdmin where the account is the only
	// administrator, whatever else happens at the same time.
	RemoveUser(ctx context.Context, id int64) error
	// SetRole changes what an account may do.
	SetRole(ctx context.Context, id int64, role Role) error
	// ChangeRole is SetRole, but fails with ErrLastAdmin where the account is the only
	// administrator and would be none, whatever else happens at the same time.
	ChangeRole(ctx context.Context, id int64, role Role) error
	// CredentialsVersions returns the Account.CredentialsVersion of each of these
	// users. Those that do not exist are missing in the map.
	CredentialsVersions(ctx context.Context, ids []int64) (map[int64]int64, error)
	// ReplacePasswordHash stores next, another hash of the same password, only where the present hash is old, so
	// that a rehash at login never undoes a password change. It reports
	// whether it did. It does not raise CredentialsVersion.
	ReplacePasswordHash(ctx context.Context, id int64, old, next string) (bool, error)

	// ChangePassword stores next, the hash of another password, and the tasks into
	// the outbox, both or neither, only where the present hash is old. It reports
	// whether it did. It voids a token for a forgotten password, as everything does
	// that changes the password or the address. A commit without an answer is as in
	// CreateUser.
	ChangePassword(ctx context.Context, id int64, old, next string, tasks ...outbox.Task) (bool, error)
	// SetPasswordReset remembers the digest of a one-time token. It replaces an
	// earlier one of the user.
	SetPasswordReset(ctx context.Context, r PasswordReset, tokenDigest []byte) error
	// PasswordReset returns whose unexpired token has the digest, and changes
	// nothing. ErrResetFailed for an unknown, void, used or expired one.
	PasswordReset(ctx context.Context, tokenDigest []byte, now time.Time) (User, error)
	// ResetPassword uses up an unexpired token, stores next as its user's hash and
	// the tasks into the outbox, all or nothing. It fails as PasswordReset does, and
	// a commit without an answer is as in CreateUser.
	ResetPassword(ctx context.Context, tokenDigest []byte, now time.Time, next string, tasks ...outbox.Task) (User, error)
	// Enqueue stores tasks into the outbox, all or none.
	Enqueue(ctx context.Context, tasks ...outbox.Task) error

	// SetEmailChange remembers an address that waits for confirmation under
	// the digest of a one-time token. It replaces an earlier one of the user. Whatever
	// changes the password or the address voids it.
	SetEmailChange(ctx context.Context, c EmailChange, tokenDigest []byte) error
	// ConfirmEmailChange puts the address of an unexpired change into force
	// and forgets the change, in one transaction. ErrConfirmationFailed for an
	// unknown, used or expired digest, ErrEmailTaken where the address was
	// taken meanwhile. Notices and the commit are as in UpdateUser.
	ConfirmEmailChange(ctx context.Context, tokenDigest []byte, now time.Time, notices ...EmailNotice) (User, error)

	// AddAudit writes entries of the audit log, whose ids do not count, all or none.
	AddAudit(ctx context.Context, entries ...AuditEntry) error
	// Audit returns entries of the audit log, the newest first.
	Audit(ctx context.Context, q AuditQuery) ([]AuditEntry, error)
	// SweepAudit deletes at most limit entries from before a time, the oldest first,
	// and returns how many. Several processes may call it at once.
	SweepAudit(ctx context.Context, before time.Time, limit int) (int, error)

	// Ping reports whether the database answers and is migrated.
	Ping(ctx context.Context) error
}
