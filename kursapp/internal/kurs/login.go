package kurs

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/speedlayer/speedlayer/ratelimit"
	"github.com/speedlayer/speedlayer/session"
)

// Login is what a person enters to log in.
type Login struct {
	Email, Password string
	// ClientPrefix is the client's address as ratelimit.ClientPrefix returns
	// it.
	ClientPrefix string
	// UserAgent is the browser's name for itself; the session remembers it so
	// that its owner recognises the device. May be empty.
	UserAgent string
	// Remember asks for a session that outlives the browser: see RememberIdle.
	Remember bool
}

// LoginResult is a session that has just begun.
type LoginResult struct {
	// Token is the session's only key. It is stored nowhere.
	Token   string
	User    User
	Session *Session
}

// Login checks the password and begins a session under a new token.
//
// It fails with ErrBadCredentials for an unknown address, an account without
// a password and a wrong password alike, after the same work; with
// CodeRateLimited before any hashing (by default 30 a minute for each client, 10 in
// five minutes for each account, of which a login that succeeds uses up none); and
// with CodeUnavailable when the database, Redis or a turn at hashing cannot
// be had, before anything is hashed.
func (a *Accounts) Login(ctx context.Context, l Login) (LoginResult, error) {
	ctx = WithOrigin(ctx, Origin{ClientAddress: l.ClientPrefix, UserAgent: l.UserAgent})
	result, id, err := a.login(ctx, l)
	switch CodeOf(err) {
	case CodeBadCredentials:
		a.audit.note(ctx, AuditLoginFailed, id)
	case CodeRateLimited:
		a.audit.note(ctx, AuditLoginLimited, 0)
	default:
		if err == nil {
			a.audit.note(by(ctx, Actor{UserID: id}), AuditLoginSucceeded, id)
		}
	}
	return result, err
}

// login is Login, and returns the account that it found.
func (a *Accounts) login(ctx context.Context, l Login) (LoginResult, int64, error) {
	const op = "login"
	l.Email = strings.TrimSpace(l.Email)
	charge, err := a.chargeLogin(ctx, l)
	if err != nil {
		return LoginResult{}, 0, wrap(op, err)
	}
	proof, err := a.checkCredentials(ctx, l.Email, l.Password)
	if errors.Is(err, ErrBadCredentials) {
		return LoginResult{}, proof.account.ID, ErrBadCredentials
	}
	// From here on the password was right, or was not looked at.
	a.refund(ctx, charge)
	if err != nil {
		return LoginResult{}, proof.account.ID, wrap(op, err)
	}
	result, err := a.begin(ctx, proof, newDevice(l.UserAgent, l.ClientPrefix), l.Remember)
	if err != nil {
		return LoginResult{}, proof.account.ID, wrap(op, err)
	}
	a.rehash(ctx, proof, l.Password)
	return result, proof.account.ID, nil
}

// chargeLogin charges the client first: an attempt that is one too many of
// its client is no burden on the account.
func (a *Accounts) chargeLogin(ctx context.Context, l Login) (ratelimit.Result, error) {
	policy := a.policies.Current()
	result, err := a.limiter.TakeEach(ctx,
		ratelimit.Charge{Subject: l.ClientPrefix, Rules: []ratelimit.Rule{policy.rule(limitLoginAddress)}},
		ratelimit.Charge{Subject: ratelimit.HashSubject(l.Email), Rules: []ratelimit.Rule{policy.rule(limitLoginAccount)}},
	)
	return result, refusal(result, err)
}

func (a *Accounts) refund(ctx context.Context, charge ratelimit.Result) {
	if err := a.limiter.Refund(ctx, charge); err != nil {
		a.log.DebugContext(ctx, "refund of a login's charge failed", "error", err)
	}
}

// credentials is the proof that somebody knows an account's password. It is
// worth a session of its epoch.
type credentials struct {
	account     Account
	epoch       session.Epoch
	needsRehash bool
}

// checkCredentials proves a password. The address is needed to find the id, hence two
// reads of the account.
//
// Where the password is wrong, the result names the account all the same.
//
// An unknown address takes the same way with an id that nobody has: as many
// round trips, and as much hashing.
func (a *Accounts) checkCredentials(ctx context.Context, email, password string) (credentials, error) {
	// No account has such a password, so this tells nothing about any.
	if password == "" || utf8.RuneCountInString(password) > MaxPasswordLength {
		return credentials{}, ErrBadCredentials
	}
	if !utf8.ValidString(email) || strings.ContainsFunc(email, isControl) || len(email) > MaxEmailLength {
		email = "" // what a database might choke on; nobody has this one either
	}
	found, err := a.store.AccountByEmail(ctx, email)
	if err != nil && !errors.Is(err, ErrUserNotFound) {
		return credentials{}, err
	}
	return a.prove(ctx, found.ID, func(account Account) (ok, needsRehash bool, err error) {
		return a.verify(ctx, account, password)
	})
}

// maxProofs is how often prove looks at an account. Two are enough unless its password
// or role changes again and again.
const maxProofs = 5

// errUnsettled is about an account that changed in front of each look.
var errUnsettled = errors.New("the account changes all the time")

// prove checks an account in a way that its session does not outlive. The epoch is
// taken before the row is read: whoever changes password or role commits first and
// then has the sessions ended, so either the new row is seen here, or the session that
// begins with this epoch is dead.
//
// The row may have a version that Redis has not been told of yet. The message to come
// would end the session of this login, so it is told here, after the check: to others
// that are not let in, an account whose sessions are long over must not look different.
//
// Where check says no, prove fails with ErrBadCredentials and names the account. A
// check passes for the version that it has seen.
func (a *Accounts) prove(ctx context.Context, id int64, check func(Account) (ok, needsRehash bool, err error)) (credentials, error) {
	var proof credentials
	checked := false
	for range maxProofs {
		epoch, err := a.sessions.Epoch(ctx, id)
		if err != nil {
			return credentials{}, err
		}
		account, err := a.store.Account(ctx, id)
		if err != nil && !errors.Is(err, ErrUserNotFound) {
			return credentials{}, err
		}
		if !checked || account.CredentialsVersion != proof.account.CredentialsVersion {
			var ok bool
			ok, proof.needsRehash, err = check(account)
			if err != nil {
				return credentials{}, err
			}
			if !ok {
				return credentials{account: Account{User: User{ID: account.ID}}}, ErrBadCredentials
			}
			checked = true
		}
		proof.account, proof.epoch = account, epoch
		if account.CredentialsVersion <= epoch.Version() {
			return proof, nil
		}
		if err := a.sessions.Advance(ctx, id, account.CredentialsVersion); err != nil {
			return credentials{}, err
		}
	}
	return credentials{}, unavailable("prove", 0, errUnsettled)
}

// verify does one derivation whatever the account looks like, even if it is
// the zero Account of an unknown address.
func (a *Accounts) verify(ctx context.Context, account Account, password string) (ok, needsRehash bool, err error) {
	if account.PasswordHash == "" {
		return false, false, a.hasher.VerifyUnknown(ctx, password)
	}
	ok, needsRehash, err = a.hasher.Verify(ctx, account.PasswordHash, password)
	if errors.Is(err, errMalformedHash) || errors.Is(err, errParams) {
		a.log.ErrorContext(ctx, "the stored password hash of a user cannot be used", "user", account.ID, "error", err)
		return false, false, a.hasher.VerifyUnknown(ctx, password)
	}
	return ok, needsRehash, err
}

func (a *Accounts) begin(ctx context.Context, proof credentials, d device, remember bool) (LoginResult, error) {
	user := proof.account.User
	data := SessionData{
		Name: user.Name, Email: user.Email, Role: proof.account.Role,
		CredentialsVersion: proof.account.CredentialsVersion, UserAgent: d.userAgent, Address: d.address,
	}
	var life []session.Lifetime
	if remember {
		life = []session.Lifetime{{Idle: RememberIdle, Absolute: RememberAbsolute}}
	}
	token, s, err := a.sessions.Create(ctx, user.ID, proof.epoch, data, life...)
	if err != nil {
		return LoginResult{}, err
	}
	return LoginResult{Token: token, User: user, Session: s}, nil
}

// rehash replaces a hash that was made with other parameters. It changes
// nothing for the user, so its failure is none of the login: the next login
// tries again.
func (a *Accounts) rehash(ctx context.Context, proof credentials, password string) {
	if !proof.needsRehash {
		return
	}
	next, err := a.hasher.Hash(ctx, password)
	if err == nil {
		_, err = a.store.ReplacePasswordHash(ctx, proof.account.ID, proof.account.PasswordHash, next)
	}
	if err != nil {
		a.log.WarnContext(ctx, "rehash of a password failed", "user", proof.account.ID, "error", err)
	}
}
