package app

import (
	"context"
	"fmt"
)

func (q *queues) pause(ctx context.Context, name string) error {
	if err := q.open(name).Pause(ctx); err != nil {
		return err
	}
	_, err := fmt.Fprintf(q.out, "%s is paused: no worker starts its tasks, what runs goes on. "+
		"\"kursapp queue resume %[1]s\" ends it.\n", name)
	return err
}

func (q *queues) resume(ctx context.Context, name string) error {
	if err := q.open(name).Resume(ctx); err != nil {
		return err
	}
	_, err := fmt.Fprintf(q.out, "%s goes on.\n", name)
	return err
}
