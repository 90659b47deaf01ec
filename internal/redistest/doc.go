// Package redistest gives tests a real redis-server.
//
// [Shared] is one server for all tests of a process; each test works under its
// own [Prefix]. [Start] is a private server for tests that kill, freeze or
// restart it, [StartCluster] is a small Redis Cluster, and [StartSentinel] a master
// with replicas and a sentinel. All of them end with the test process, whatever ends it.
//
// A machine without redis-server fails these tests instead of skipping them:
// a skipped test proves nothing and nobody notices.
package redistest
