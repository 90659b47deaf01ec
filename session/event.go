package session

// Event is something that happened to a session through this manager, and that Redis
// has confirmed. It carries no token.
type Event struct {
	Kind EventKind
	// UserID is the user as it stands in Redis; empty for ReasonEveryone, and where an
	// entry was damaged.
	UserID string
	// SessionID is the session: the new one of a rotation, and with ReasonOthers the
	// one that stays. Empty where all sessions of a user, or of everyone, ended.
	SessionID string
	// Previous is the session that a rotation replaced.
	Previous string
	// Reason is why a session was revoked.
	Reason Reason
}

// EventKind is what happened.
type EventKind string

// The kinds of events.
const (
	EventCreated EventKind = "created"
	// EventTouched comes with the renewals that were written, not with each Touch.
	EventTouched EventKind = "touched"
	EventRotated EventKind = "rotated"
	EventRevoked EventKind = "revoked"
)

// Reason is why sessions were revoked.
type Reason string

// The reasons are the methods that revoke, and a limit.
const (
	ReasonLogout   Reason = "logout"   // Revoke
	ReasonID       Reason = "id"       // RevokeID
	ReasonAll      Reason = "all"      // RevokeAll
	ReasonOthers   Reason = "others"   // RevokeOthers
	ReasonVersion  Reason = "version"  // Advance, where it ended something
	ReasonEveryone Reason = "everyone" // RevokeEveryone
	ReasonTooMany  Reason = "too_many" // Options.MaxPerUser
)

func (m *Manager[U, D]) emit(e Event) {
	if m.o.OnEvent != nil {
		m.o.OnEvent(e)
	}
}
