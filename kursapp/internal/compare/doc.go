// Package compare measures what a read of the same user takes from the database, from
// Redis and from memory, inside the running server.
//
// # What is measured
//
// Reads in this process, without HTTP. From the database: [kurs.UserReader], with
// whatever waiting for a connection there is. From Redis and from memory:
// [cache.Cache.Lookup] on caches that are like the users' own, with the same keys, but
// with counters of their own and without an observer, so that the server's figures
// stay what they are. As in the application, reads of one moment share an exchange
// with Redis. A way that has memory is given some seconds to fill it.
//
// The three ways run one after another with the same number of workers, which begin
// each way together, and each way after a short warm-up that is not counted. Each
// answer is looked at: it must be of the right user, or it is an error, and it must
// come from where the way says, or it is counted as from elsewhere and in no other
// figure (an entry may expire, or be invalidated by somebody, in the middle of it).
//
// A sample is the time between two looks at the monotonic clock, in nanoseconds.
// What such a pair takes by itself is measured before each comparison
// (Comparison.Clock) and not subtracted. Where it would be more than a twentieth of a
// sample, as it is with reads from memory, a sample is several reads one after another
// (Result.ReadsPerSample), each of which counts with their mean: percentiles, least
// and most are of those means then. The work between samples is in no sample, but in
// Duration, and so in Throughput, as are pauses of a worker that the scheduler makes.
//
// Samples are kept in logarithmic buckets, 32 for each doubling: a percentile is the
// middle of its bucket, thus within 2 % of the sample that it stands for.
package compare
