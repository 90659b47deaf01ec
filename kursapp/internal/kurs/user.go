package kurs

import "time"

// User is a person as every client sees it. The JSON form is the contract of
// GET /users/{id} and of the cache entry cache:user:{id}.
type User struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
}

// Role decides what an account may do to others.
type Role string

// The two roles. Every account that registers is a RoleUser.
const (
	RoleUser  Role = "user"
	RoleAdmin Role = "admin"
)

// known reports whether r is one of them.
func (r Role) known() bool { return r == RoleUser || r == RoleAdmin }

// Account is a user together with what only the login may see. It is never
// cached and never leaves the service.
type Account struct {
	User
	Role Role
	// PasswordHash is an argon2id hash in PHC format; empty means that nobody
	// can log in with this account (the demo's sample users 2 to 10,000).
	PasswordHash string
	CreatedAt    time.Time
	// CredentialsVersion grows with every change of the password or the role,
	// whoever makes it. A better hash of the same password is no change.
	CredentialsVersion int64
}

// NewAccount is what CreateUser stores.
type NewAccount struct {
	Name         string
	Email        string
	PasswordHash string
	Role         Role
}

// EmailChange is an address that waits for its owner's confirmation.
type EmailChange struct {
	UserID    int64
	NewEmail  string
	ExpiresAt time.Time
}

// PasswordReset is a one-time token for a forgotten password.
type PasswordReset struct {
	UserID    int64
	ExpiresAt time.Time
}
