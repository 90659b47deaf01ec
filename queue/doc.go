// Package queue runs tasks at least once, on lists and scripts in Redis.
//
// A producer in any language writes one JSON document:
//
//	LPUSH email_queue '{"to":"max@example.com","subject":"Willkommen!","body":"…"}'
//
// or calls [Queue.Enqueue], which does the same. A [Worker] hands it to a
// [Handler] and forgets it once the handler returned nil.
//
// # What holds
//
// A task that Redis has acknowledged runs at least once, and exactly once while
// nothing crashes. Tasks are moved, never popped: at each moment a task stands in
// one of the queue's keys. A worker holds what it runs under a lease
// (Options.Lease, 6 s) that it keeps renewing; what a dead worker held starts
// again within 10 s of its death if another worker has a free slot. Of two
// workers that believe to have the same task only the one whose claim is in
// force can finish it, fail it or put it back (fencing); the other one's handler
// has its context cancelled with [ErrClaimLost].
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
// Dead letters keep the payload and the error: see [Queue.Dead] and
// [Queue.RetryDead]. A payload that is no JSON or too large becomes a dead letter
// at once; as it can never run, only its first 64 KiB and its size are kept.
//
// The only clock is the one of Redis; it must not be set back by more than a
// lease while workers run.
//
// # What Redis must be like
//
// As durable as the tasks are meant to be: with appendonly yes and appendfsync
// always nothing that was acknowledged is lost, with everysec up to a second of
// it. maxmemory-policy must be noeviction (or volatile-…: no key here has a TTL).
// When Redis has lost its data the workers go on with what comes then.
//
// # Keys
//
// The list that has the queue's name holds what no worker has looked at. All
// other keys of queue q begin with {q}: and lie in the same Cluster slot.
package queue
