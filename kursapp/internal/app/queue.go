package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/speedlayer/speedlayer/kursapp/internal/config"
	"github.com/speedlayer/speedlayer/kursapp/internal/jobs"
	"github.com/speedlayer/speedlayer/queue"
)

// queueNames are the queues that there are.
var queueNames = []string{jobs.MailQueue, jobs.AccountMailQueue}

// queues is the access of one command to the queues.
type queues struct {
	shellRedis
	streams
}

// runQueue carries out one of the commands about queues.
func runQueue(ctx context.Context, command string, c config.Queue, s streams) error {
	names := []string{c.List.Queue, c.Retry.Queue, c.Delete.Queue, c.Pause.Queue, c.Resume.Queue, c.Stats.Queue}
	for _, name := range names {
		if name != "" && !slices.Contains(queueNames, name) {
			return config.Usagef("there is no queue %q. The queues are: %s", name, strings.Join(queueNames, ", "))
		}
	}
	q, err := openQueues(ctx, c.RedisURL, s)
	if err != nil {
		return err
	}
	defer q.client.Close()
	if err := q.checkMark(ctx, command); err != nil {
		return q.explain(err)
	}
	switch command {
	case "stats":
		err = q.stats(ctx, c.Stats)
	case "list":
		err = q.list(ctx, c.List)
	case "retry":
		err = q.retry(ctx, c.Retry.QueueTasks)
	case "delete":
		err = q.delete(ctx, c.Delete.QueueTasks)
	case "pause":
		err = q.pause(ctx, c.Pause.Queue)
	case "resume":
		err = q.resume(ctx, c.Resume.Queue)
	default:
		err = fmt.Errorf("app: no such command: queue %s", command)
	}
	return q.explain(err)
}

func openQueues(ctx context.Context, url string, s streams) (*queues, error) {
	r, err := openShellRedis(ctx, url)
	if err != nil {
		return nil, err
	}
	return &queues{r, s}, nil
}

// open returns a queue by its name.
func (q *queues) open(name string) *queue.Queue {
	o := jobs.QueueOptions()
	o.RedisTimeout = shellTimeout
	return queue.New(q.client, name, o)
}

// checkMark looks whose Redis it is before a command that only looks, or another one.
func (q *queues) checkMark(ctx context.Context, command string) error {
	return q.shellRedis.checkMark(ctx, q.err, command == "stats" || command == "list")
}

// explain says what to do about an error of Redis; other errors stay as they are.
func (q *queues) explain(err error) error {
	if errors.Is(err, errTasks) {
		return err
	}
	return q.shellRedis.explain(err)
}

func printJSON(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// oneLine makes text that others wrote harmless to a terminal and to a table.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return unicode.ReplacementChar
		default:
			return r
		}
	}, s)
}
