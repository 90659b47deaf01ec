package redisx

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"

	"github.com/redis/rueidis"
)

// Unavailable reports whether err means that Redis cannot be reached or cannot
// serve now: network errors, timeouts, a closed or missing connection, a server
// that is loading, failing over or busy with a script. Another error reply means
// that Redis is there, and a cancelled context that the caller went away; neither
// counts. A caller's deadline does count: that it passed is how a frozen server
// shows.
func Unavailable(err error) bool {
	if errors.Is(err, ErrNotConnected) { // first: the reason it wraps may be an error reply
		return true
	}
	if err == nil || errors.Is(err, context.Canceled) {
		return false
	}
	if reply, ok := errors.AsType[*rueidis.RedisError](err); ok {
		return !reply.IsNil() && unavailableReply(reply.Error())
	}
	for _, target := range []error{
		rueidis.ErrClosing, rueidis.ErrNoSlot, rueidis.ErrDoCacheAborted,
		context.DeadlineExceeded, os.ErrDeadlineExceeded,
		io.EOF, io.ErrUnexpectedEOF, io.ErrClosedPipe, net.ErrClosed,
	} {
		if errors.Is(err, target) {
			return true
		}
	}
	_, isNet := errors.AsType[net.Error](err) // *net.OpError, *net.DNSError, syscall.Errno
	return isNet
}

// Refused reports whether err is the reply of a server that answers, but takes no
// writes for the time being: it is out of memory, or cannot write to its disk. Reads
// still work, so it is no reason for a breaker to open. That a user lacks a
// permission does not count: it is a mistake in the configuration, not a state.
func Refused(err error) bool {
	reply, ok := errors.AsType[*rueidis.RedisError](err)
	if !ok || reply.IsNil() {
		return false
	}
	switch code, _, _ := strings.Cut(reply.Error(), " "); code {
	case "OOM", "MISCONF":
		return true
	}
	return false
}

func unavailableReply(text string) bool {
	switch code, _, _ := strings.Cut(text, " "); code {
	case "LOADING", "CLUSTERDOWN", "MASTERDOWN", "READONLY", "NOREPLICAS", "TRYAGAIN", "BUSY":
		return true
	}
	return strings.HasPrefix(text, "max number of clients reached") // rueidis cuts "ERR " off
}
