package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/speedlayer/speedlayer/kursapp/internal/config"
	"github.com/speedlayer/speedlayer/queue"
)

// listedTask is what `kursapp queue list --json` prints of a task.
type listedTask struct {
	ID        string          `json:"id"`
	Type      string          `json:"type,omitempty"`
	State     queue.State     `json:"state"`
	Priority  queue.Priority  `json:"priority,omitempty"`
	Attempts  int             `json:"attempts"`
	Crashes   int             `json:"crashes,omitempty"`
	CreatedAt time.Time       `json:"created_at,omitzero"`
	DueAt     time.Time       `json:"due_at,omitzero"`
	StartedAt time.Time       `json:"started_at,omitzero"`
	DiedAt    time.Time       `json:"died_at,omitzero"`
	Worker    string          `json:"worker,omitempty"`
	Error     string          `json:"error,omitempty"`
	Size      int64           `json:"size"` // of the payload, in bytes
	Payload   json.RawMessage `json:"payload,omitempty"`
}

func (q *queues) list(ctx context.Context, c config.QueueList) error {
	page, err := q.open(c.Queue).List(ctx, queue.State(c.State), c.Cursor, c.Limit)
	if errors.Is(err, queue.ErrCursor) {
		return config.Usagef("--cursor %q is none that a list of tasks in this state ended with. Leave it out to begin at the front", c.Cursor)
	}
	if err != nil {
		return err
	}
	if c.JSON {
		tasks := make([]listedTask, len(page.Tasks))
		for i, t := range page.Tasks {
			tasks[i] = newListedTask(t, c.Payload)
		}
		return printJSON(q.out, struct {
			Tasks []listedTask `json:"tasks"`
			Next  string       `json:"next,omitempty"` // the cursor of the following page
		}{tasks, page.Next})
	}
	if err := q.printTasks(page.Tasks, c.Payload); err != nil {
		return err
	}
	if len(page.Tasks) == 0 {
		fmt.Fprintf(q.err, "No task in %s is %s.\n", c.Queue, c.State)
	}
	if page.Next != "" {
		more := fmt.Sprintf("kursapp queue list %s --state %s --limit %d --cursor %s", c.Queue, c.State, c.Limit, page.Next)
		if c.Payload {
			more += " --payload"
		}
		fmt.Fprintln(q.err, "There may be more: "+more)
	}
	return nil
}

func newListedTask(t queue.TaskInfo, payload bool) listedTask {
	l := listedTask{
		ID: t.ID, Type: t.Type, State: t.State, Priority: t.Priority, Attempts: t.Attempts, Crashes: t.Crashes,
		CreatedAt: t.CreatedAt, DueAt: t.DueAt, StartedAt: t.StartedAt, DiedAt: t.DiedAt,
		Worker: t.Worker, Error: t.Error, Size: t.Size,
	}
	if !payload {
		return l
	}
	if l.Payload = t.Payload; !json.Valid(t.Payload) { // cut off, or never JSON
		l.Payload, _ = json.Marshal(string(t.Payload)) // a string can always be encoded
	}
	return l
}

func (q *queues) printTasks(tasks []queue.TaskInfo, payload bool) error {
	table := tabwriter.NewWriter(q.out, 0, 0, 2, ' ', 0)
	fmt.Fprint(table, "ID\tTYPE\tSTATE\tATTEMPTS\tAGE\tERROR")
	if payload {
		fmt.Fprint(table, "\tPAYLOAD")
	}
	fmt.Fprintln(table)
	for _, t := range tasks {
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%s\t%s", showID(t.ID), cell(t.Type), t.State, t.Attempts, age(t.CreatedAt), cell(t.Error))
		if payload {
			fmt.Fprint(table, "\t"+oneLine(string(t.Payload)))
			if missing := t.Size - int64(len(t.Payload)); missing > 0 {
				fmt.Fprintf(table, " … (%d bytes more)", missing)
			}
		}
		fmt.Fprintln(table)
	}
	return table.Flush()
}

// cell is never empty, so that each line has the same number of columns.
func cell(s string) string {
	if s = strings.TrimSpace(oneLine(s)); s == "" {
		return "-"
	}
	return s
}

// age is how long ago t was.
func age(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	d := max(0, time.Since(t))
	if day := 24 * time.Hour; d >= 2*day {
		return fmt.Sprintf("%dd", d/day)
	}
	if d < time.Minute {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

// showID shows an id so that [parseID] finds it again. Programs may choose any bytes.
func showID(id string) string {
	plain := id != "" && utf8.ValidString(id) && !strings.HasPrefix(id, `"`) && !strings.HasPrefix(id, "-") &&
		!strings.ContainsFunc(id, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) })
	if plain {
		return id
	}
	return strconv.Quote(id)
}

// parseID reads an id as showID shows it, or as it is.
func parseID(s string) string {
	if strings.HasPrefix(s, `"`) {
		if id, err := strconv.Unquote(s); err == nil {
			return id
		}
	}
	return s
}
