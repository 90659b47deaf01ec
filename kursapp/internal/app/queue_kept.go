package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/config"
	"github.com/speedlayer/speedlayer/queue"
)

// errTasks means that a command could not do to all tasks what it was asked to.
var errTasks = errors.New("not all of these tasks could be changed")

// change is what a command does to tasks that are kept.
type change struct {
	do   func(q *queue.Queue, ctx context.Context, ids ...string) (int, error)
	done string // what it then has done, as "deleted"
}

func (q *queues) retry(ctx context.Context, c config.QueueTasks) error {
	return q.change(ctx, c, change{(*queue.Queue).Retry, "set to run now"})
}

func (q *queues) delete(ctx context.Context, c config.QueueTasks) error {
	return q.change(ctx, c, change{(*queue.Queue).Delete, "deleted"})
}

func (q *queues) change(ctx context.Context, c config.QueueTasks, how change) error {
	do := q.changeTasks
	if c.AllDead {
		do = q.changeAllDead
	}
	n, err := do(ctx, c, how)
	// Also before an error: something has been done.
	if n > 0 || err == nil {
		fmt.Fprintf(q.out, "%s of %s %s.\n", plural(n, "task"), c.Queue, how.done)
	}
	return err
}

// changeTasks asks for each id alone, so that it can say which one there was not.
func (q *queues) changeTasks(ctx context.Context, c config.QueueTasks, how change) (n int, err error) {
	tasks := q.open(c.Queue)
	var missing, cut []string
	for _, given := range c.IDs {
		id := parseID(given)
		changed, err := how.do(tasks, ctx, id)
		switch {
		case errors.Is(err, queue.ErrPayload):
			cut = append(cut, showID(id))
		case err != nil:
			return n, err
		case changed == 0:
			missing = append(missing, showID(id))
		}
		n += changed
	}
	var errs []error
	if len(missing) > 0 {
		errs = append(errs, fmt.Errorf("%w: no task with this id is dead, scheduled or retrying in %s: %s. "+
			"See \"kursapp queue list %[2]s\"", errTasks, c.Queue, strings.Join(missing, " ")))
	}
	if len(cut) > 0 {
		errs = append(errs, cannotRun(c.Queue, strings.Join(cut, " ")))
	}
	return n, errors.Join(errs...)
}

func cannotRun(queueName, which string) error {
	return fmt.Errorf("%w: only the beginning was kept of tasks that no worker would accept, so they cannot run: %s. "+
		"They can be deleted: kursapp queue delete %s", errTasks, which, queueName)
}

// deadPage is how many dead letters are read at a time: their payloads come with them,
// at most 64 KiB each.
const deadPage = 100

// changeAllDead deals with every dead letter that there was at the beginning, once.
// One that dies meanwhile is left, or this might never end.
func (q *queues) changeAllDead(ctx context.Context, c config.QueueTasks, how change) (n int, err error) {
	tasks := q.open(c.Queue)
	all := deadLetters{tasks: tasks, seen: map[string]bool{}}
	curtailed := false
	for {
		ids, err := all.next(ctx)
		if err != nil {
			return n, err
		}
		if len(ids) == 0 {
			break
		}
		changed, err := how.do(tasks, ctx, ids...)
		n += changed
		if errors.Is(err, queue.ErrPayload) {
			curtailed = true
		} else if err != nil {
			return n, err
		}
	}
	if curtailed {
		return n, cannotRun(c.Queue, "those that \"kursapp queue list\" still shows")
	}
	return n, nil
}

// deadLetters finds the dead letters of one moment.
type deadLetters struct {
	tasks *queue.Queue
	seen  map[string]bool
	last  time.Time // when the newest of them died, by the clock of Redis
}

// next returns the ids that it has not returned before, none at the end. One pass
// through the pages may miss some where somebody else takes others out meanwhile, so
// there has to be another one.
func (d *deadLetters) next(ctx context.Context) (ids []string, err error) {
	for cursor := ""; ; {
		page, err := d.tasks.List(ctx, queue.StateDead, cursor, deadPage)
		if err != nil {
			return nil, err
		}
		for _, t := range page.Tasks {
			if d.last.IsZero() {
				d.last = t.DiedAt // the newest comes first
			}
			if !t.DiedAt.After(d.last) && !d.seen[t.ID] {
				d.seen[t.ID] = true
				ids = append(ids, t.ID)
			}
		}
		if cursor = page.Next; cursor == "" {
			return ids, nil
		}
	}
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
