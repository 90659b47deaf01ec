// Package live watches one running kursapp for its dashboard: a sample a second, kept for
// a quarter of an hour, the events of the caches and queues, and whether database, Redis
// and workers are there. Whoever subscribes gets what is kept and then what comes.
//
// It must not slow down what it watches. A request costs a look at the clock and one
// counter; an event costs one look at a flag once a second has had as many as are kept.
// What takes time is asked in goroutines of its own: a Redis that hangs delays no sample,
// its figures are missing.
package live
