package kurs

// Actor is who asks. Its methods are the permission rules, all of them; each
// returns nil, ErrNoToken (nobody is logged in) or ErrForbidden (somebody
// who may not).
//
// In the demo the users routes are open to everyone, as on the course sheet.
// In production a user may read, change and delete itself, an administrator
// everyone; listing is for administrators. Whether the user exists plays no
// part, so the answer tells nothing about that.
type Actor struct {
	// UserID is the user who is logged in; 0 for nobody.
	UserID int64
	// Role is the role of the account.
	Role Role
	// Anonymous is true when nobody is logged in.
	Anonymous bool
	// Demo is true when the server is a demo.
	Demo bool
	// Session is the session of the user who is logged in.
	Session *Session
}

// MayRead reports whether the actor may see the user with this id.
func (a Actor) MayRead(id int64) error { return a.selfOrAdmin(id) }

// MayChange reports whether the actor may change the user with this id.
func (a Actor) MayChange(id int64) error { return a.selfOrAdmin(id) }

// MayDelete reports whether the actor may delete the user with this id.
func (a Actor) MayDelete(id int64) error { return a.selfOrAdmin(id) }

// MayList reports whether the actor may page through all users.
func (a Actor) MayList() error { return a.adminOrDemo() }

// MayOperate reports whether the actor may look at and steer the speed layer: caches, limits and queues.
func (a Actor) MayOperate() error { return a.adminOrDemo() }

// MayReadAccount reports whether the actor may see the role of any account, and since
// when it has been there.
func (a Actor) MayReadAccount() error { return a.adminOrDemo() }

// MayReadAudit reports whether the actor may read the audit log. In the demo everybody
// may: it answers on loopback alone, so all who are in it came from this machine.
func (a Actor) MayReadAudit() error { return a.adminOrDemo() }

// MayChangeRole reports whether the actor may make others administrators. The demo is no
// exception.
func (a Actor) MayChangeRole() error { return a.adminOnly() }

// MayEndSessions reports whether the actor may end all sessions of any user. The demo is
// no exception. Who is no administrator ends its own: Accounts.EndOtherDevices.
func (a Actor) MayEndSessions() error { return a.adminOnly() }

// MayChangePassword reports whether the actor has a password of its own to change.
// Nobody changes another's, in the demo neither.
func (a Actor) MayChangePassword() error {
	if !a.loggedIn() {
		return ErrNoToken
	}
	return nil
}

// ChangesEmailAtOnce reports whether an address that the actor enters is in
// force at once. For everyone else it waits until its owner confirmed it by
// mail. It says nothing about whether the actor may change the user.
func (a Actor) ChangesEmailAtOnce() bool { return a.Demo || a.isAdmin() }

func (a Actor) selfOrAdmin(id int64) error {
	switch {
	case a.Demo || a.isAdmin():
		return nil
	case !a.loggedIn():
		return ErrNoToken
	case a.UserID == id:
		return nil
	default:
		return ErrForbidden
	}
}

func (a Actor) adminOrDemo() error {
	if a.Demo {
		return nil
	}
	return a.adminOnly()
}

func (a Actor) adminOnly() error {
	switch {
	case !a.loggedIn():
		return ErrNoToken
	case !a.isAdmin():
		return ErrForbidden
	}
	return nil
}

func (a Actor) isAdmin() bool { return a.loggedIn() && a.Role == RoleAdmin }

// loggedIn is false for the zero Actor too: who forgets to fill one in must
// not be let in.
func (a Actor) loggedIn() bool { return !a.Anonymous && a.UserID > 0 }
