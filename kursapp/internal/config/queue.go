package config

import "fmt"

// Queue groups the commands about the queues of tasks. They need Redis and no database.
type Queue struct {
	RedisURL string `env:"REDIS_URL" placeholder:"URL" help:"Redis, as redis://user:password@host:6379/0."`

	Stats  QueueStats  `cmd:"" help:"Count the tasks of both queues, or of one."`
	List   QueueList   `cmd:"" help:"List the tasks in one state, without what is in them: payloads may hold personal data."`
	Retry  QueueRetry  `cmd:"" help:"Run dead letters again, with all their attempts; tasks that wait for their time run at once."`
	Delete QueueDelete `cmd:"" help:"Delete dead letters, and tasks that wait for their time."`
	Pause  QueuePause  `cmd:"" help:"Keep all workers from starting tasks. What runs goes on, and new tasks wait."`
	Resume QueueResume `cmd:"" help:"End a pause."`
}

// QueueStats configures `kursapp queue stats`.
type QueueStats struct {
	Queue string `arg:"" optional:"" help:"email_queue or account_mail. Default: both."`
	Rates bool   `help:"Count twice, a second apart, and show what happened in between."`
	JSON  bool   `name:"json" help:"Print JSON."`
}

// QueueList configures `kursapp queue list`.
type QueueList struct {
	Queue   string `arg:"" help:"email_queue or account_mail."`
	State   string `enum:"dead,waiting,running,scheduled,retrying" default:"dead" help:"dead, waiting, running, scheduled or retrying. Default: dead."`
	Limit   int    `default:"50" help:"How many tasks at most, 1 to 1000."`
	Cursor  string `help:"Go on where an earlier list ended; that list names it."`
	Payload bool   `help:"Show what is in the tasks, up to 64 KiB of each."`
	JSON    bool   `name:"json" help:"Print JSON."`
}

// QueueTasks names tasks of a queue.
type QueueTasks struct {
	Queue   string   `arg:"" help:"email_queue or account_mail."`
	IDs     []string `arg:"" name:"id" optional:"" help:"The tasks, as \"kursapp queue list\" prints their ids."`
	AllDead bool     `help:"All dead letters that there are now, instead of ids."`
}

// QueueRetry configures `kursapp queue retry`.
type QueueRetry struct{ QueueTasks }

// QueueDelete configures `kursapp queue delete`.
type QueueDelete struct{ QueueTasks }

// QueuePause configures `kursapp queue pause`.
type QueuePause struct {
	Queue string `arg:"" help:"email_queue or account_mail."`
}

// QueueResume configures `kursapp queue resume`.
type QueueResume struct {
	Queue string `arg:"" help:"email_queue or account_mail."`
}

// maxListLimit is what queue.List returns at most.
const maxListLimit = 1000

// check refuses what is missing for one of the commands about queues, and what
// contradicts itself.
func (q Queue) check(command string) error {
	if q.RedisURL == "" {
		return missing("REDIS_URL", redisForm)
	}
	switch command {
	case "list":
		if q.List.Limit < 1 || q.List.Limit > maxListLimit {
			return &UsageError{fmt.Sprintf("--limit is %d. It counts tasks, from 1 to %d; --cursor goes on from there", q.List.Limit, maxListLimit)}
		}
	case "retry":
		return q.Retry.check(command)
	case "delete":
		return q.Delete.check(command)
	}
	return nil
}

func (t QueueTasks) check(command string) error {
	if t.AllDead && len(t.IDs) > 0 {
		return &UsageError{fmt.Sprintf("kursapp queue %s takes either ids or --all-dead, not both", command)}
	}
	if !t.AllDead && len(t.IDs) == 0 {
		return &UsageError{fmt.Sprintf("which tasks? Name their ids, as \"kursapp queue list %s\" prints them, or give --all-dead", t.Queue)}
	}
	return nil
}
