package httpapi

import (
	"context"
	"net/http"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/queue"
)

type selectionInput struct {
	Name string `path:"name" example:"email_queue" doc:"Name of the queue."`
	Body struct {
		_     struct{} `json:"-" additionalProperties:"true"`
		IDs   []string `json:"ids,omitempty" nullable:"false" doc:"Ids of tasks, 1,000 at most."`
		State string   `json:"state,omitempty" enum:"scheduled,retrying,dead," example:"dead" doc:"All tasks that are. Either this or ids."`
	} `nameHint:"TaskSelection"`
}

type countBody struct {
	Count int  `json:"count" doc:"How many tasks were changed."`
	Unfit bool `json:"unfit,omitempty" doc:"Some stay as they are because they can never run."`
	More  bool `json:"more,omitempty" doc:"There may be others: one request changes 100,000 at most."`
}

type countOutput struct {
	Body countBody
}

func (a *api) pauseQueue(ctx context.Context, in *queueInput) (*messageOutput, error) {
	if err := a.Queues.Pause(ctx, actorOf(ctx), in.Name); err != nil {
		return nil, err
	}
	return &messageOutput{messageBody{exchangeOf(ctx).text(textQueuePaused)}}, nil
}

func (a *api) resumeQueue(ctx context.Context, in *queueInput) (*messageOutput, error) {
	if err := a.Queues.Resume(ctx, actorOf(ctx), in.Name); err != nil {
		return nil, err
	}
	return &messageOutput{messageBody{exchangeOf(ctx).text(textQueueResumed)}}, nil
}

func (a *api) retryTasks(ctx context.Context, in *selectionInput) (*countOutput, error) {
	out, err := a.changeTasks(ctx, in, a.Queues.RetryTasks)
	if err == nil && out.Body.Count == 0 && out.Body.Unfit {
		err = &failure{status: http.StatusConflict, text: textTaskUnfit}
	}
	return out, err
}

func (a *api) deleteTasks(ctx context.Context, in *selectionInput) (*countOutput, error) {
	return a.changeTasks(ctx, in, a.Queues.DeleteTasks)
}

func (a *api) changeTasks(ctx context.Context, in *selectionInput,
	change func(context.Context, kurs.Actor, string, kurs.TaskSelection) (kurs.TasksChanged, error),
) (*countOutput, error) {
	actor, err := a.operatorAgain(ctx)
	if err != nil {
		return nil, err
	}
	done, err := change(ctx, actor, in.Name, kurs.TaskSelection{IDs: in.Body.IDs, State: queue.State(in.Body.State)})
	if err != nil {
		return nil, err
	}
	return &countOutput{countBody(done)}, nil
}
