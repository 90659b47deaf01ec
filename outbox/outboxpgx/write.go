package outboxpgx

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/speedlayer/speedlayer/outbox"
)

// Tx is the part of a transaction that writing needs: pgx.Tx and *pgxpool.Tx
// have it. So have connections and pools, with which a row commits at once, on
// its own.
type Tx interface {
	Exec(ctx context.Context, sql string, arguments ...any) (pgconn.CommandTag, error)
}

// Enqueue makes tasks part of tx: if it commits, each is handed to its queue at
// least once, and if it rolls back, never. All tasks go in one statement.
func Enqueue(ctx context.Context, tx Tx, tasks ...outbox.Task) error {
	if len(tasks) == 0 {
		return nil
	}
	queues, types := make([]string, len(tasks)), make([]string, len(tasks))
	payloads, durables := make([]string, len(tasks)), make([]bool, len(tasks))
	for i, task := range tasks {
		payload, err := json.Marshal(task.Payload)
		if err != nil {
			return fmt.Errorf("outboxpgx: payload of task %d for queue %q: %w", i, task.Queue, err)
		}
		queues[i], types[i], payloads[i], durables[i] = task.Queue, task.Type, string(payload), task.Durable
	}
	if _, err := tx.Exec(ctx, `SELECT speedlayer.outbox_enqueue_all($1, $2, $3, $4)`, queues, types, payloads, durables); err != nil {
		return fmt.Errorf("outboxpgx: enqueue: %w", err)
	}
	return nil
}

// Invalidate makes it part of tx that the entries with these keys of the key space
// target are dropped. Tables that are watched need no such call.
func Invalidate(ctx context.Context, tx Tx, target string, keys ...string) error {
	if len(keys) == 0 {
		return nil
	}
	if _, err := tx.Exec(ctx, `SELECT speedlayer.outbox_invalidate($1, VARIADIC $2)`, target, keys); err != nil {
		return fmt.Errorf("outboxpgx: invalidate: %w", err)
	}
	return nil
}
