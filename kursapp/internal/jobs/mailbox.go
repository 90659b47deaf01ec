package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/queue"
)

// MailboxKey is the list in Redis that a [Mailbox] keeps its mails in.
const MailboxKey = "kursapp:demo:mails"

const (
	maxDelivered   = 100
	mailboxTimeout = time.Second
)

// Delivered is a mail in a [Mailbox].
type Delivered struct {
	ID          string    `json:"id"`
	To          string    `json:"to"`
	Subject     string    `json:"subject"`
	Body        string    `json:"body"`
	DeliveredAt time.Time `json:"delivered_at"`
}

// Mailbox is a [Sender] that keeps the newest 100 mails in Redis instead of
// sending them: several demos on one Redis share them. It is safe for concurrent
// use.
type Mailbox struct {
	client rueidis.Client
	now    func() time.Time
}

// NewMailbox returns the mailbox of a Redis. The client stays the caller's.
func NewMailbox(client rueidis.Client) *Mailbox {
	return &Mailbox{client: client, now: time.Now}
}

// Send implements [Sender]. It accepts what [SMTP] would send.
func (b *Mailbox) Send(ctx context.Context, m Mail) error {
	if err := m.Validate(); err != nil {
		return queue.Permanent(fmt.Errorf("jobs: %w", err))
	}
	entry, err := json.Marshal(Delivered{m.ID, m.To, m.Subject, m.Body, b.now().UTC()})
	if err != nil {
		return queue.Permanent(fmt.Errorf("jobs: store mail: %w", err))
	}
	ctx, cancel := context.WithTimeout(ctx, mailboxTimeout)
	defer cancel()
	// Where only the first command arrives, the next mail cuts the list.
	results := b.client.DoMulti(ctx,
		b.client.B().Lpush().Key(MailboxKey).Element(rueidis.BinaryString(entry)).Build(),
		b.client.B().Ltrim().Key(MailboxKey).Start(0).Stop(maxDelivered-1).Build())
	if err := results[0].Error(); err != nil {
		return fmt.Errorf("jobs: store mail: %w", err)
	}
	return nil
}

// List returns the mails, the newest first.
func (b *Mailbox) List(ctx context.Context) ([]Delivered, error) {
	ctx, cancel := context.WithTimeout(ctx, mailboxTimeout)
	defer cancel()
	entries, err := b.client.Do(ctx, b.client.B().Lrange().Key(MailboxKey).Start(0).Stop(maxDelivered-1).Build()).AsStrSlice()
	if err != nil {
		return nil, fmt.Errorf("jobs: list mails: %w", err)
	}
	mails := make([]Delivered, 0, len(entries))
	for _, entry := range entries {
		var d Delivered
		if json.Unmarshal([]byte(entry), &d) == nil { // somebody else's entry is no mail
			mails = append(mails, d)
		}
	}
	return mails, nil
}
