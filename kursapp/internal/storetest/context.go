package storetest

import (
	"context"
	"errors"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

var contextTests = map[string]func(fixture){
	"EndedContextIsRefusedEverywhere": func(t fixture) {
		u := t.create("max@example.com")
		t.request(u, "new@example.com", 9)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		all := append([]call{
			{"Users", func(ctx context.Context, s kurs.Store, _ int64) error { _, err := s.Users(ctx, 0, 1); return err }},
			{"SearchUsers", func(ctx context.Context, s kurs.Store, _ int64) error {
				_, err := s.SearchUsers(ctx, "max", 0, 1)
				return err
			}},
			{"AccountByEmail", func(ctx context.Context, s kurs.Store, _ int64) error {
				_, err := s.AccountByEmail(ctx, "max@example.com")
				return err
			}},
			{"CreateUser", func(ctx context.Context, s kurs.Store, _ int64) error {
				_, err := s.CreateUser(ctx, kurs.NewAccount{Name: "A", Email: "a@example.com", Role: kurs.RoleUser}, greeting)
				return err
			}},
			{"ConfirmEmailChange", func(ctx context.Context, s kurs.Store, _ int64) error {
				_, err := s.ConfirmEmailChange(ctx, digest(9), now, notice)
				return err
			}},
			{"CredentialsVersions", func(ctx context.Context, s kurs.Store, id int64) error {
				_, err := s.CredentialsVersions(ctx, []int64{id})
				return err
			}},
			{"PasswordReset", func(ctx context.Context, s kurs.Store, _ int64) error {
				_, err := s.PasswordReset(ctx, digest(9), now)
				return err
			}},
			{"ResetPassword", func(ctx context.Context, s kurs.Store, _ int64) error {
				_, err := s.ResetPassword(ctx, digest(9), now, "next", greeting)
				return err
			}},
			{"Enqueue", func(ctx context.Context, s kurs.Store, _ int64) error { return s.Enqueue(ctx, greeting) }},
			{"AddAudit", func(ctx context.Context, s kurs.Store, id int64) error {
				return s.AddAudit(ctx, kurs.AuditEntry{Action: kurs.AuditLoggedOut, Subject: id})
			}},
			{"Audit", func(ctx context.Context, s kurs.Store, _ int64) error {
				_, err := s.Audit(ctx, kurs.AuditQuery{Limit: 1})
				return err
			}},
			{"SweepAudit", func(ctx context.Context, s kurs.Store, _ int64) error {
				_, err := s.SweepAudit(ctx, now, 1)
				return err
			}},
			{"Ping", func(ctx context.Context, s kurs.Store, _ int64) error { return s.Ping(ctx) }},
		}, calls...)
		for _, c := range all {
			err := c.do(ctx, t.store, u.ID)
			if !errors.Is(err, context.Canceled) || !errors.Is(err, kurs.ErrUnavailable) {
				t.Errorf("%s: error %v, want %v that wraps %v", c.name, err, kurs.ErrUnavailable, context.Canceled)
			}
		}
		a, err := t.store.Account(t.Context(), u.ID)
		if err != nil || a.User != u || a.Role != kurs.RoleUser || a.PasswordHash != "" {
			t.Errorf("the account became %+v, %v", a, err)
		}
		t.wantNoAddress("a@example.com")
		t.wantTasks(0)
	},

	"UnavailableSaysWhenToComeBack": func(t fixture) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := t.store.User(ctx, 1)
		if e, ok := errors.AsType[*kurs.Error](err); !ok || e.RetryAfter <= 0 {
			t.Errorf("error %v says nothing about when to come back", err)
		}
	},
}
