package postgres

import (
	"context"
	"encoding/json"
	"math"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/kursapp/internal/postgres/dbsqlc"
)

// origin returns what the triggers read in kursapp.origin (00007_audit.sql); nothing
// where nobody has said who it is.
func origin(ctx context.Context) string {
	o, known := kurs.OriginOf(ctx)
	if !known {
		return ""
	}
	text, _ := json.Marshal(struct { // strings and a number: that cannot fail
		Actor   int64  `json:"actor,omitempty"`
		Address string `json:"address,omitempty"`
		Agent   string `json:"agent,omitempty"`
		By      string `json:"by,omitempty"`
	}{o.Actor, o.ClientAddress, o.UserAgent, o.By})
	return string(text)
}

// AddAudit writes entries, all or none.
func (s *Store) AddAudit(ctx context.Context, entries ...kurs.AuditEntry) error {
	_, err := write(ctx, s, "add audit", func(ctx context.Context, q *dbsqlc.Queries) (struct{}, error) {
		return struct{}{}, addAudit(ctx, q, entries)
	})
	return err
}

func addAudit(ctx context.Context, q *dbsqlc.Queries, entries []kurs.AuditEntry) error {
	var p dbsqlc.AddAuditParams
	for _, e := range entries {
		detail, err := e.DetailJSON()
		if err != nil {
			return err
		}
		p.At, p.ActorID, p.Action = append(p.At, e.At), append(p.ActorID, e.Actor), append(p.Action, string(e.Action))
		p.SubjectID, p.ClientAddress = append(p.SubjectID, e.Subject), append(p.ClientAddress, e.ClientAddress)
		p.UserAgent, p.Detail = append(p.UserAgent, e.UserAgent), append(p.Detail, detail)
	}
	return q.AddAudit(ctx, p)
}

// Audit returns entries, the newest first.
func (s *Store) Audit(ctx context.Context, a kurs.AuditQuery) ([]kurs.AuditEntry, error) {
	return read(ctx, s, "audit", func(ctx context.Context, q *dbsqlc.Queries) ([]kurs.AuditEntry, error) {
		actions := make([]string, len(a.Actions)) // null would be neither none nor some
		for i, action := range a.Actions {
			actions[i] = string(action)
		}
		rows, err := q.Audit(ctx, dbsqlc.AuditParams{
			Before: a.Before, UserID: a.User, Actions: actions, MaxRows: int32(min(max(a.Limit, 0), math.MaxInt32)),
		})
		if err != nil {
			return nil, err
		}
		entries := make([]kurs.AuditEntry, len(rows))
		for i, row := range rows {
			detail, err := kurs.ParseAuditDetail(row.Detail)
			if err != nil {
				return nil, err
			}
			entries[i] = kurs.AuditEntry{
				ID: row.ID, At: row.At.UTC(), Action: kurs.AuditAction(row.Action), Actor: row.ActorID, Subject: row.SubjectID,
				ClientAddress: row.ClientAddress, UserAgent: row.UserAgent, Detail: detail,
			}
		}
		return entries, nil
	})
}

// SweepAudit deletes at most limit entries from before a time.
func (s *Store) SweepAudit(ctx context.Context, before time.Time, limit int) (int, error) {
	n, err := write(ctx, s, "sweep audit", func(ctx context.Context, q *dbsqlc.Queries) (int64, error) {
		return q.SweepAudit(ctx, dbsqlc.SweepAuditParams{Before: before, MaxRows: int32(min(max(limit, 0), math.MaxInt32))})
	})
	return int(n), err
}
