package jobs_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/kursapp/internal/jobs"
)

func TestMailboxIsSharedNewestFirstAndCapped(t *testing.T) {
	t.Parallel()
	mini := miniredis.RunT(t)
	inProcess, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{mini.Addr()}, ForceSingleClient: true, AlwaysRESP2: true, DisableCache: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(inProcess.Close)
	server := redistest.Start(t)
	for name, clients := range map[string][2]rueidis.Client{
		"redis-server": {server.Client(t), server.Client(t)},
		"miniredis":    {inProcess, inProcess},
	} {
		t.Run(name, func(t *testing.T) { testMailbox(t, jobs.NewMailbox(clients[0]), jobs.NewMailbox(clients[1])) })
	}
}

func testMailbox(t *testing.T, one, other *jobs.Mailbox) {
	t.Helper()
	if mails, err := other.List(t.Context()); err != nil || mails == nil || len(mails) != 0 {
		t.Errorf("List of an empty mailbox = %#v, %v, want an empty slice", mails, err)
	}
	before := time.Now()
	for i := range 103 {
		m := jobs.Mail{ID: fmt.Sprint(i), To: "max@example.com", Subject: "Grüße", Body: fmt.Sprintf("Mail %d\n", i)}
		if err := one.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	if err := one.Send(t.Context(), jobs.Mail{To: "max"}); !errors.Is(err, jobs.ErrInvalidMail) {
		t.Errorf("Send of an invalid mail = %v", err)
	}
	mails, err := other.List(t.Context())
	if err != nil || len(mails) != 100 {
		t.Fatalf("List = %d mails, %v, want 100", len(mails), err)
	}
	first := mails[0]
	if first.ID != "102" || first.To != "max@example.com" || first.Subject != "Grüße" || first.Body != "Mail 102\n" ||
		first.DeliveredAt.Before(before.Add(-time.Second)) || first.DeliveredAt.After(time.Now()) {
		t.Errorf("newest mail %+v", first)
	}
	if last := mails[99]; last.ID != "3" {
		t.Errorf("oldest mail %+v, want the one with id 3", last)
	}
}

func TestMailboxWithoutRedisIsATemporaryError(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	mailbox := jobs.NewMailbox(server.Client(t))
	server.Freeze(t)
	begin := time.Now()
	if err := mailbox.Send(t.Context(), hello); err == nil || errors.Is(err, jobs.ErrInvalidMail) {
		t.Errorf("Send = %v, want an error of Redis", err)
	}
	if _, err := mailbox.List(t.Context()); err == nil {
		t.Error("List of a frozen Redis succeeds")
	}
	if took := time.Since(begin); took > 30*time.Second {
		t.Errorf("both took %v", took)
	}
}
