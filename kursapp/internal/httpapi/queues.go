package httpapi

import (
	"context"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/queue"
)

// Queues is what operators ask about the tasks. kurs.Queues implements it; its errors
// are *kurs.Error.
type Queues interface {
	States(ctx context.Context, actor kurs.Actor) ([]kurs.QueueState, error)
	Tasks(ctx context.Context, actor kurs.Actor, name string, state queue.State, cursor string, limit int) (queue.Page, error)
	Task(ctx context.Context, actor kurs.Actor, name, id string) (queue.TaskInfo, error)
	Pause(ctx context.Context, actor kurs.Actor, name string) error
	Resume(ctx context.Context, actor kurs.Actor, name string) error
	RetryTasks(ctx context.Context, actor kurs.Actor, name string, s kurs.TaskSelection) (kurs.TasksChanged, error)
	DeleteTasks(ctx context.Context, actor kurs.Actor, name string, s kurs.TaskSelection) (kurs.TasksChanged, error)
}

var _ Queues = (*kurs.Queues)(nil)

type queueState struct {
	Name      string `json:"name" example:"email_queue"`
	Waiting   int64  `json:"waiting"`
	Running   int64  `json:"running"`
	Scheduled int64  `json:"scheduled"`
	Retrying  int64  `json:"retrying"`
	Dead      int64  `json:"dead"`
	LatencyMS int64  `json:"latency_ms" doc:"How long the oldest waiting task has waited."`
	Workers   int    `json:"workers"`
	Paused    bool   `json:"paused"`
	Processed int64  `json:"processed" doc:"Runs that succeeded, since ever."`
	Failed    int64  `json:"failed" doc:"Runs that ended in an error, since ever."`
	Died      int64  `json:"died" doc:"Tasks that were given up, since ever."`
}

type queuesBody struct {
	Queues []queueState `json:"queues" nullable:"false"`
}

type queuesOutput struct {
	Body queuesBody
}

type task struct {
	ID          string     `json:"id"`
	Queue       string     `json:"queue"`
	Type        string     `json:"type"`
	State       string     `json:"state" enum:"waiting,running,scheduled,retrying,dead"`
	Payload     string     `json:"payload" doc:"What its producer wrote, as text; values of members that are named like a password, token, secret, key, code or link are left out, in JSON within strings too. In a list, its first 4 KiB."`
	Size        int64      `json:"size" doc:"Size of the payload in bytes."`
	Error       string     `json:"error" doc:"What went wrong last."`
	Attempts    int        `json:"attempts" doc:"Runs that ended in an error."`
	Crashes     int        `json:"crashes" doc:"Runs whose worker vanished."`
	MaxAttempts int        `json:"max_attempts" doc:"After how many it is given up."`
	CreatedAt   *time.Time `json:"created_at,omitempty"`
	DueAt       *time.Time `json:"due_at,omitempty"`
	StartedAt   *time.Time `json:"started_at,omitempty"`
	DiedAt      *time.Time `json:"died_at,omitempty"`
	Worker      string     `json:"worker,omitempty" doc:"Who runs it."`
}

type tasksBody struct {
	Tasks      []task `json:"tasks" nullable:"false"`
	NextCursor string `json:"next_cursor,omitempty" doc:"Cursor of the next page; absent on the last one."`
}

type tasksOutput struct {
	Body tasksBody
}

type taskOutput struct {
	Body task
}

type queueInput struct {
	Name string `path:"name" example:"email_queue" doc:"Name of the queue."`
}

type tasksInput struct {
	Name   string `path:"name" example:"email_queue" doc:"Name of the queue."`
	State  string `query:"state" enum:"waiting,running,scheduled,retrying,dead" doc:"Only tasks that are; without it all, one after another."`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"Tasks on the page."`
	Cursor string `query:"cursor" doc:"next_cursor of the page before; without it the first page."`
}

type taskInput struct {
	Name string `path:"name" example:"email_queue" doc:"Name of the queue."`
	Task string `path:"task" doc:"Id of the task."`
}

// queueRoutes registers what operators see of the queues.
func (a *api) queueRoutes() {
	operation := func(id, method, path, summary, description string, errs ...int) huma.Operation {
		return a.operation(huma.Operation{
			OperationID: id, Method: method, Path: path, Summary: summary, Description: description,
			Tags: []string{tagTasks}, Errors: errs, MaxBodyBytes: -1,
		}, kurs.Actor.MayOperate)
	}
	huma.Register(a.huma, operation("list-queues", http.MethodGet, "/queues",
		"Count the tasks of all queues", ""), a.listQueues)
	huma.Register(a.huma, operation("list-tasks", http.MethodGet, "/queues/{name}/tasks",
		"List the tasks of a queue, page by page",
		"A task that moves from one state to another meanwhile may be missing or come on two pages.", http.StatusNotFound), a.listTasks)
	huma.Register(a.huma, operation("get-task", http.MethodGet, "/queues/{name}/tasks/{task}",
		"Read a task", "404 when it is done or deleted.", http.StatusNotFound), a.getTask)
	huma.Register(a.huma, operation("pause-queue", http.MethodPost, "/queues/{name}/pause",
		"Pause a queue", "What runs goes on; nothing else is started until it is resumed.", http.StatusNotFound), a.pauseQueue)
	huma.Register(a.huma, operation("resume-queue", http.MethodPost, "/queues/{name}/resume",
		"Resume a queue", "", http.StatusNotFound), a.resumeQueue)
	huma.Register(a.huma, operation("retry-tasks", http.MethodPost, "/queues/{name}/retries",
		"Retry tasks now",
		"Those with the ids, or all that are scheduled, retrying or dead; dead ones get all their attempts again. "+
			"A task that fails meanwhile is not counted twice.", http.StatusNotFound, http.StatusConflict), a.retryTasks)
	huma.Register(a.huma, operation("delete-tasks", http.MethodPost, "/queues/{name}/deletions",
		"Delete tasks",
		"Those with the ids, or all that are scheduled, retrying or dead, but none that has left that state meanwhile.", http.StatusNotFound), a.deleteTasks)
}

func (a *api) listQueues(ctx context.Context, _ *struct{}) (*queuesOutput, error) {
	states, err := a.Queues.States(ctx, actorOf(ctx))
	if err != nil {
		return nil, err
	}
	body := queuesBody{Queues: make([]queueState, len(states))}
	for i, s := range states {
		body.Queues[i] = queueState{
			Name: s.Name, Waiting: s.Waiting, Running: s.Running, Scheduled: s.Scheduled, Retrying: s.Retrying,
			Dead: s.Dead, LatencyMS: s.Latency.Milliseconds(), Workers: s.Workers, Paused: s.Paused,
			Processed: s.Processed, Failed: s.Failed, Died: s.Died,
		}
	}
	return &queuesOutput{body}, nil
}

// listedPayload is how much of a payload a list shows, in bytes.
const listedPayload = 4 << 10

func (a *api) listTasks(ctx context.Context, in *tasksInput) (*tasksOutput, error) {
	page, err := a.Queues.Tasks(ctx, actorOf(ctx), in.Name, queue.State(in.State), in.Cursor, in.Limit)
	if err != nil {
		return nil, inQuery(err)
	}
	body := tasksBody{Tasks: make([]task, len(page.Tasks)), NextCursor: page.Next}
	for i, t := range page.Tasks {
		body.Tasks[i] = newTask(in.Name, t)
		body.Tasks[i].Payload = cut(body.Tasks[i].Payload, listedPayload)
	}
	return &tasksOutput{body}, nil
}

func (a *api) getTask(ctx context.Context, in *taskInput) (*taskOutput, error) {
	t, err := a.Queues.Task(ctx, actorOf(ctx), in.Name, in.Task)
	if err != nil {
		return nil, err
	}
	return &taskOutput{newTask(in.Name, t)}, nil
}

func newTask(queueName string, t queue.TaskInfo) task {
	return task{
		ID: t.ID, Queue: queueName, Type: t.Type, State: string(t.State),
		Payload: kurs.RedactPayload(t.Payload), Size: t.Size, Error: t.Error,
		Attempts: t.Attempts, Crashes: t.Crashes, MaxAttempts: t.MaxAttempts,
		CreatedAt: instant(t.CreatedAt), DueAt: instant(t.DueAt), StartedAt: instant(t.StartedAt), DiedAt: instant(t.DiedAt),
		Worker: t.Worker,
	}
}

// instant is absent where there is none.
func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// cut returns at most the first n bytes of a text, in whole characters.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
