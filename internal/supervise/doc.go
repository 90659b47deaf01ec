// Package supervise runs child processes that cannot outlive their parent.
//
// A child started with [Start] ends when the parent ends, even when the parent
// is killed with SIGKILL and can run no clean-up of its own. It lives in a
// process group of its own, so that Ctrl-C on the terminal reaches the parent
// only, which then stops its children in the order it chooses.
//
// Between parent and child sits a small shell script that holds the read end of
// a pipe whose write end only the parent has: when the parent is gone, the read
// returns and the script stops the child. That works on every Unix.
// Linux's PR_SET_PDEATHSIG was rejected: it exists nowhere else, and it fires
// when the thread that forked ends, which the Go runtime may do at any time.
//
// [TempDir] gives directories that are removed by a later process when the one
// that made them was killed. [Port] gives ports that stay a child's while it is down.
package supervise
