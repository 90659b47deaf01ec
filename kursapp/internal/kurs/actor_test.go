package kurs_test

import (
	"errors"
	"testing"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

// TestPermissions is the whole table of who may do what: every action by
// every actor in both modes.
func TestPermissions(t *testing.T) {
	t.Parallel()
	const self, other = 7, 8
	actions := map[string]func(kurs.Actor) error{
		"read self":    func(a kurs.Actor) error { return a.MayRead(self) },
		"read other":   func(a kurs.Actor) error { return a.MayRead(other) },
		"change self":  func(a kurs.Actor) error { return a.MayChange(self) },
		"change other": func(a kurs.Actor) error { return a.MayChange(other) },
		"delete self":  func(a kurs.Actor) error { return a.MayDelete(self) },
		"delete other": func(a kurs.Actor) error { return a.MayDelete(other) },
		"list":         func(a kurs.Actor) error { return a.MayList() },
		"operate":      kurs.Actor.MayOperate,
		"read account": kurs.Actor.MayReadAccount,
		"read audit":   kurs.Actor.MayReadAudit,
	}
	type verdicts map[string]error
	all := func(err error) verdicts {
		return verdicts{
			"read self": err, "read other": err, "change self": err, "change other": err,
			"delete self": err, "delete other": err, "list": err,
			"operate": err, "read account": err, "read audit": err,
		}
	}
	for name, c := range map[string]struct {
		actor kurs.Actor
		want  verdicts
	}{
		"anonymous in production":  {kurs.Actor{Anonymous: true}, all(kurs.ErrNoToken)},
		"zero actor":               {kurs.Actor{}, all(kurs.ErrNoToken)},
		"anonymous with a role":    {kurs.Actor{Anonymous: true, UserID: self, Role: kurs.RoleAdmin}, all(kurs.ErrNoToken)},
		"administrator without id": {kurs.Actor{Role: kurs.RoleAdmin}, all(kurs.ErrNoToken)},
		"user in production": {kurs.Actor{UserID: self, Role: kurs.RoleUser}, verdicts{
			"read self": nil, "read other": kurs.ErrForbidden,
			"change self": nil, "change other": kurs.ErrForbidden,
			"delete self": nil, "delete other": kurs.ErrForbidden,
			"list": kurs.ErrForbidden, "operate": kurs.ErrForbidden,
			"read account": kurs.ErrForbidden, "read audit": kurs.ErrForbidden,
		}},
		"unknown role in production": {kurs.Actor{UserID: self, Role: "root"}, verdicts{
			"read self": nil, "read other": kurs.ErrForbidden,
			"change self": nil, "change other": kurs.ErrForbidden,
			"delete self": nil, "delete other": kurs.ErrForbidden,
			"list": kurs.ErrForbidden, "operate": kurs.ErrForbidden,
			"read account": kurs.ErrForbidden, "read audit": kurs.ErrForbidden,
		}},
		"administrator in production": {kurs.Actor{UserID: self, Role: kurs.RoleAdmin}, all(nil)},
		"anonymous in the demo":       {kurs.Actor{Anonymous: true, Demo: true}, all(nil)},
		"user in the demo":            {kurs.Actor{UserID: self, Role: kurs.RoleUser, Demo: true}, all(nil)},
		"administrator in the demo":   {kurs.Actor{UserID: self, Role: kurs.RoleAdmin, Demo: true}, all(nil)},
	} {
		for action, ask := range actions {
			t.Run(name+"/"+action, func(t *testing.T) {
				t.Parallel()
				want, listed := c.want[action]
				if !listed {
					t.Fatal("the table has no verdict")
				}
				if got := ask(c.actor); !errors.Is(got, want) {
					t.Errorf("got %v, want %v", got, want)
				}
			})
		}
	}
}

func TestNobodyReadsUserZero(t *testing.T) {
	t.Parallel()
	if err := (kurs.Actor{}).MayRead(0); !errors.Is(err, kurs.ErrNoToken) {
		t.Errorf("the zero Actor on user 0: got %v, want ErrNoToken", err)
	}
}

func TestWhoseNewAddressCountsAtOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		actor kurs.Actor
		want  bool
	}{
		"user in production":          {kurs.Actor{UserID: 7, Role: kurs.RoleUser}, false},
		"administrator in production": {kurs.Actor{UserID: 7, Role: kurs.RoleAdmin}, true},
		"anonymous in production":     {kurs.Actor{Anonymous: true}, false},
		"zero actor":                  {kurs.Actor{}, false},
		"anonymous in the demo":       {kurs.Actor{Anonymous: true, Demo: true}, true},
		"user in the demo":            {kurs.Actor{UserID: 7, Role: kurs.RoleUser, Demo: true}, true},
	} {
		if got := c.actor.ChangesEmailAtOnce(); got != c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

// What the demo is no exception for.
func TestWhatOnlyAdministratorsMay(t *testing.T) {
	t.Parallel()
	for name, ask := range map[string]func(kurs.Actor) error{
		"end all sessions of any user": kurs.Actor.MayEndSessions, "change a role": kurs.Actor.MayChangeRole,
	} {
		for _, demo := range []bool{true, false} {
			for _, c := range []struct {
				actor kurs.Actor
				want  error
			}{
				{kurs.Actor{Demo: demo}, kurs.ErrNoToken},
				{kurs.Actor{Anonymous: true, UserID: 7, Role: kurs.RoleAdmin, Demo: demo}, kurs.ErrNoToken},
				{kurs.Actor{UserID: 7, Role: kurs.RoleUser, Demo: demo}, kurs.ErrForbidden},
				{kurs.Actor{UserID: 7, Role: "root", Demo: demo}, kurs.ErrForbidden},
				{kurs.Actor{UserID: 7, Role: kurs.RoleAdmin, Demo: demo}, nil},
			} {
				if got := ask(c.actor); !errors.Is(got, c.want) {
					t.Errorf("%s, %+v: got %v, want %v", name, c.actor, got, c.want)
				}
			}
		}
	}
}
