package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/kursapp/internal/config"
	"github.com/speedlayer/speedlayer/kursapp/internal/jobs"
	"github.com/speedlayer/speedlayer/queue"
)

// queueNames are the queues that there are.
var queueNames = []string{jobs.MailQueue, jobs.AccountMailQueue}

// queueTimeout bounds one exchange with Redis for a person who waits, and who may ask
// for a thousand payloads.
const queueTimeout = 5 * time.Second

// queues is the access of one command to the queues.
type queues struct {
	client rueidis.Client
	addr   string // where Redis is, without user and password
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
	options, err := parseRedisURL(url)
	if err != nil {
		return nil, err
	}
	q := &queues{addr: strings.Join(options.InitAddress, ", "), streams: s}
	// The library cannot be told to stop waiting.
	type opened struct {
		client rueidis.Client
		err    error
	}
	done := make(chan opened, 1)
	go func() {
		client, err := rueidis.NewClient(options)
		done <- opened{client, err}
	}()
	select {
	case o := <-done:
		if o.err != nil {
			return nil, q.away(o.err)
		}
		q.client = o.client
		return q, nil
	case <-time.After(queueTimeout):
		return nil, q.away(context.DeadlineExceeded)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// open returns a queue by its name.
func (q *queues) open(name string) *queue.Queue {
	o := jobs.QueueOptions()
	o.RedisTimeout = queueTimeout
	return queue.New(q.client, name, o)
}

// checkMark keeps a mistyped REDIS_URL from writing into somebody else's Redis, and
// from passing for a queue in which all is well.
func (q *queues) checkMark(ctx context.Context, command string) error {
	ctx, cancel := context.WithTimeout(ctx, queueTimeout)
	defer cancel()
	err := q.client.Do(ctx, q.client.B().Get().Key(markKey).Build()).Error()
	if !rueidis.IsRedisNil(err) {
		return err
	}
	const unmarked = "nothing says that kursapp uses this Redis. Check REDIS_URL and its database number"
	if command == "stats" || command == "list" {
		fmt.Fprintln(q.err, "kursapp: note: "+unmarked)
		return nil
	}
	return config.Usagef("REDIS_URL: %s, or start \"kursapp serve\" with it first", unmarked)
}

// explain says what to do about an error of Redis; other errors stay as they are.
func (q *queues) explain(err error) error {
	if err == nil || config.IsUsage(err) || errors.Is(err, errTasks) || errors.Is(err, context.Canceled) {
		return err
	}
	return q.away(err)
}

func (q *queues) away(err error) error {
	return fmt.Errorf("redis at %s cannot be asked: %w. Check that it runs and that REDIS_URL is right", q.addr, err)
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
