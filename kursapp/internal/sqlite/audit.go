package sqlite

import (
	"context"
	"encoding/json"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/kursapp/internal/sqlite/dbsqlc"
)

// withOrigin runs f with the origin of ctx where the triggers of the audit log find it
// (00005_audit.sql), until the transaction's end.
func withOrigin[T any](ctx context.Context, q *dbsqlc.Queries, f func() (T, error)) (T, error) {
	o, known := kurs.OriginOf(ctx)
	if !known {
		return f()
	}
	if err := q.SetOrigin(ctx, dbsqlc.SetOriginParams{
		ActorID: o.Actor, ClientAddress: o.ClientAddress, UserAgent: o.UserAgent, MadeBy: o.By,
	}); err != nil {
		return *new(T), err
	}
	result, err := f()
	if err == nil {
		err = q.ForgetOrigin(ctx)
	}
	return result, err
}

// AddAudit writes entries, all or none.
func (s *Store) AddAudit(ctx context.Context, entries ...kurs.AuditEntry) error {
	_, err := write(ctx, s, "add audit", func(ctx context.Context, q *dbsqlc.Queries) (struct{}, error) {
		return struct{}{}, addAudit(ctx, q, entries)
	})
	return err
}

func addAudit(ctx context.Context, q *dbsqlc.Queries, entries []kurs.AuditEntry) error {
	for _, e := range entries {
		detail, err := e.DetailJSON()
		if err != nil {
			return err
		}
		if err := q.AddAudit(ctx, dbsqlc.AddAuditParams{
			At: e.At.UnixMicro(), ActorID: e.Actor, Action: string(e.Action), SubjectID: e.Subject,
			ClientAddress: e.ClientAddress, UserAgent: e.UserAgent, Detail: detail,
		}); err != nil {
			return err
		}
	}
	return nil
}

// Audit returns entries, the newest first.
func (s *Store) Audit(ctx context.Context, a kurs.AuditQuery) ([]kurs.AuditEntry, error) {
	return read(ctx, s, "audit", func(ctx context.Context, q *dbsqlc.Queries) ([]kurs.AuditEntry, error) {
		actions, err := json.Marshal(append([]kurs.AuditAction{}, a.Actions...)) // none is [], not null
		if err != nil {
			return nil, err
		}
		rows, err := q.Audit(ctx, dbsqlc.AuditParams{
			Before: a.Before, UserID: a.User, Actions: string(actions), MaxRows: int64(max(a.Limit, 0)),
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
				ID: row.ID, At: time.UnixMicro(row.At).UTC(), Action: kurs.AuditAction(row.Action), Actor: row.ActorID,
				Subject: row.SubjectID, ClientAddress: row.ClientAddress, UserAgent: row.UserAgent, Detail: detail,
			}
		}
		return entries, nil
	})
}

// SweepAudit deletes at most limit entries from before a time.
func (s *Store) SweepAudit(ctx context.Context, before time.Time, limit int) (int, error) {
	n, err := write(ctx, s, "sweep audit", func(ctx context.Context, q *dbsqlc.Queries) (int64, error) {
		return q.SweepAudit(ctx, dbsqlc.SweepAuditParams{Before: before.UnixMicro(), MaxRows: int64(max(limit, 0))})
	})
	return int(n), err
}
