package kurs

import (
	"context"
	"encoding/json"
	"time"
)

// AuditAction names what happened.
type AuditAction string

// The actions of the audit log. Those up to AuditUsersTruncated are written with the
// change, in its transaction; the others soon after, and lost where the process dies.
const (
	AuditRegistered      AuditAction = "registered"
	AuditUserChanged     AuditAction = "user_changed" // detail: fields
	AuditPasswordChanged AuditAction = "password_changed"
	AuditRoleChanged     AuditAction = "role_changed" // detail: from, to
	AuditUserDeleted     AuditAction = "user_deleted"
	AuditUsersTruncated  AuditAction = "users_truncated"

	AuditLoginSucceeded  AuditAction = "login_succeeded"
	AuditLoginFailed     AuditAction = "login_failed"  // with the account, where there is one
	AuditLoginLimited    AuditAction = "login_limited" // once a minute for each client and account
	AuditLoggedOut       AuditAction = "logged_out"
	AuditSessionRevoked  AuditAction = "session_revoked"  // one, by its owner
	AuditSessionsRevoked AuditAction = "sessions_revoked" // all but the one of its owner, or all, by an administrator
	AuditResetRequested  AuditAction = "password_reset_requested"

	AuditLimitReset   AuditAction = "limit_reset" // detail: rule, and client where it counts addresses
	AuditQueuePaused  AuditAction = "queue_paused"
	AuditQueueResumed AuditAction = "queue_resumed" // detail, also of the others about queues: queue
	AuditTasksRetried AuditAction = "tasks_retried" // detail: count, state where it was about all in one, and unfinished where it broke off
	AuditTasksDeleted AuditAction = "tasks_deleted" // detail: as of tasks_retried
)

// AuditActions returns all actions.
func AuditActions() []AuditAction {
	return []AuditAction{
		AuditRegistered, AuditUserChanged, AuditPasswordChanged, AuditRoleChanged, AuditUserDeleted, AuditUsersTruncated,
		AuditLoginSucceeded, AuditLoginFailed, AuditLoginLimited, AuditLoggedOut, AuditSessionRevoked, AuditSessionsRevoked,
		AuditResetRequested,
		AuditLimitReset, AuditQueuePaused, AuditQueueResumed, AuditTasksRetried, AuditTasksDeleted,
	}
}

// AuditEntry is one line of the audit log. It holds no names, e-mail addresses and
// secrets, and stays when its users go. Its JSON form is the contract of GET /audit.
type AuditEntry struct {
	ID            int64          `json:"id"`
	At            time.Time      `json:"at"`
	Action        AuditAction    `json:"action"`
	Actor         int64          `json:"actor_id,omitempty"`   // 0: nobody who was logged in
	Subject       int64          `json:"subject_id,omitempty"` // 0: no account, or not known which
	ClientAddress string         `json:"client_address,omitempty"`
	UserAgent     string         `json:"user_agent,omitempty"`
	Detail        map[string]any `json:"detail,omitempty"`
}

// AuditQuery says which entries are wanted.
type AuditQuery struct {
	// Before is the id of the first entry that is too new; 0 for none.
	Before int64
	// User is whose entries count, as actor or subject; 0 for everybody's.
	User int64
	// Actions are those that count; none for all.
	Actions []AuditAction
	// Limit is how many at most.
	Limit int
}

// AuditPage is a part of the audit log, the newest first. Its JSON form is the
// contract of GET /audit.
type AuditPage struct {
	Entries    []AuditEntry `json:"entries"`
	NextCursor string       `json:"next_cursor,omitempty"` // empty on the last page
}

// Audit returns a page of the audit log: the entries before the one that the cursor of
// the page before names. limit is as in Users.Page.
//
// It fails with ErrNoToken or ErrForbidden (Actor.MayReadAudit) and CodeUnavailable.
func (a *Accounts) Audit(ctx context.Context, actor Actor, q AuditQuery) (AuditPage, error) {
	if err := actor.MayReadAudit(); err != nil {
		return AuditPage{}, err
	}
	limit := pageLimit(q.Limit)
	q.Limit = limit + 1 // one more tells whether there is a next page
	entries, err := a.store.Audit(ctx, q)
	if err != nil {
		return AuditPage{}, wrap("read the audit log", err)
	}
	if entries == nil {
		entries = []AuditEntry{}
	}
	page := AuditPage{Entries: entries}
	if len(entries) > limit {
		page.Entries = entries[:limit]
		page.NextCursor = encodeCursor(page.Entries[limit-1].ID)
	}
	return page, nil
}

// entryOf returns the entry of what happens now to subject.
func (o Origin) entryOf(action AuditAction, subject int64, at time.Time) AuditEntry {
	e := AuditEntry{
		At: at, Action: action, Actor: o.Actor, Subject: subject, ClientAddress: o.ClientAddress, UserAgent: o.UserAgent,
	}
	if o.By != "" {
		e.Detail = map[string]any{"by": o.By}
	}
	return e
}

// RegisteredBy returns the entry of a new account, which the stores write themselves.
func RegisteredBy(ctx context.Context, subject int64, at time.Time) AuditEntry {
	o, known := OriginOf(ctx)
	if !known {
		o.By = "database"
	}
	return o.entryOf(AuditRegistered, subject, at)
}

// DetailJSON returns the detail as the databases keep it.
func (e AuditEntry) DetailJSON() (string, error) {
	if e.Detail == nil {
		return "{}", nil
	}
	b, err := json.Marshal(e.Detail)
	return string(b), err
}

// ParseAuditDetail is the reverse of DetailJSON.
func ParseAuditDetail(s string) (detail map[string]any, err error) {
	err = json.Unmarshal([]byte(s), &detail)
	if len(detail) == 0 {
		detail = nil
	}
	return detail, err
}
