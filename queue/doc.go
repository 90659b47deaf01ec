// Package queue runs tasks at least once, on streams and scripts in Redis.
//
// [Queue.Add] and [Queue.Enqueue] add tasks. A [Worker] hands each to a [Handler] and
// forgets it once the handler returned nil; [Mux] and [Type] choose the handler by the
// type of the task. Tasks may have a priority, wait for a time, come once for an ID or
// one at a time for a key, and have limits of their own: see [NewTask]. A [Schedule]
// adds a task again and again. A [Limiter] bounds how many start in a time.
//
// With Options.Bridge, workers also take what a program in any language writes to the
// plain list that has the queue's name:
//
//	LPUSH email_queue '{"to":"max@example.com","subject":"Willkommen!","body":"…"}'
//
// Without it that list is never touched.
//
// # What holds
//
// A task that Redis has acknowledged runs at least once, and exactly once while
// nothing crashes. Tasks are moved, never popped: what is added is written before what
// it replaces is removed. A worker reads the streams as a consumer of one group, and
// what it was given is claimed by it until it is acknowledged. The claims are the
// worker's, not the task's: it has one lease (Options.Lease, 6 s) for all that it runs,
// and keeps renewing it. What a dead worker held starts again within 10 s of its death
// if another worker has a free slot. A worker that was taken for dead is struck off
// before its tasks move, and whatever it still says is refused: it can neither finish
// nor fail nor put back what another one may be running (fencing). Its handlers'
// contexts are cancelled with [ErrClaimLost].
//
// A handler therefore may run twice for one task, for example when its worker
// was frozen or Redis was away as it finished. Task.ID is the same then, and
// serves to recognise the second time.
//
// A task whose handler fails is retried with a growing delay and becomes a dead
// letter after Options.MaxAttempts, as does one that took its process down
// Options.MaxCrashes times: before that happens it runs once more while its
// worker runs nothing else, so that the culprit does not condemn its neighbours.
// A worker that is never idle makes room for it: it waits for what runs, at first
// 10 s, later up to 10 min.
// Dead letters keep the payload and the error: see [Queue.List], [Queue.Retry] and
// [Queue.Delete]. A payload that is no JSON or too large becomes a dead letter
// at once; as it can never run, only its first 64 KiB and its size are kept.
//
// The only clock is the one of Redis; it must not be set back by more than a
// lease while workers run. The clocks of the processes play no part.
//
// # What Redis must be like
//
// As durable as the tasks are meant to be: with appendonly yes and appendfsync
// always nothing that was acknowledged is lost, with everysec up to a second of
// it. When Redis has lost its data the workers go on with what comes then.
//
// maxmemory-policy must be noeviction. A policy of volatile-… evicts no task, as those
// have no TTL, but it may evict what says that an ID was added (NewTask.OnceFor) or that
// a unique key is held (NewTask.UniqueFor): a task may then be added twice. A policy of
// allkeys-… loses tasks.
//
// A Redis without memory refuses new tasks, and whoever adds one is told. What is there
// goes on: tasks are carried out, tried again and taken from dead workers, workers come
// and go, and so there is room again.
//
// # What a failover excludes
//
// Redis replicates asynchronously. A replica that takes over without the last writes
// has not seen the tasks that came last: they are lost, although they were
// acknowledged. It may not have seen that a task was finished, and then the task runs
// again. Marks of IDs, unique keys and ticks may be missing, and a task then comes
// twice. Claims are replicated with the group, as any write is: a worker whose
// registration is missing registers anew, and what it holds runs again elsewhere.
// WAIT was rejected: it makes such a loss less likely and does not exclude it.
//
// # Moving a slot of a Cluster
//
// While the slot of a queue is on its way to another node, its keys are on two, and Redis
// refuses scripts. Workers stand still and go on by themselves; nothing is lost or runs
// twice, even where that takes longer than a lease. [Queue.Enqueue] goes on. [Queue.Add]
// of what needs a script (an ID, a unique key, a delay) returns an error that says
// TRYAGAIN; of several tasks it may have added some.
//
// # Keys
//
// The plain list has the queue's name. All other keys of queue q begin with {q}: and lie
// in the same Cluster slot:
//
//	{q}:tasks, {q}:tasks:high, {q}:tasks:low
//	                  streams of what waits or runs, by priority
//	{q}:again         stream: handed back, or taken from a dead worker; comes first
//	{q}:suspects      stream: tasks that run alone
//	{q}:inbox         list: on its way from the plain list
//	{q}:scheduled, {q}:retry, {q}:dead
//	                  sorted sets of ids: not due yet, to be retried, given up
//	{q}:task:<id>     hash: the task of such an id
//	{q}:once:<id>     an ID that was added; it expires after OnceFor
//	{q}:unique:<key>  the id of the task that holds a unique key; it expires after
//	                  UniqueFor, if that is given
//	{q}:workers       sorted set: workers by the end of their lease
//	{q}:crashes       hash: how many workers a task took down
//	{q}:meta          hash: totals, and whether the queue is paused
//	{q}:reaper        hash: when somebody looked for dead workers last
//	{q}:cron          hash: the last tick of each schedule
//
// The group of all streams is workers. An entry is acknowledged and deleted in one
// script, so that the length of a stream is what waits and runs.
package queue
