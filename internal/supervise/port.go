package supervise

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"syscall"
)

// Ports are taken from below those that systems give to connections and to listeners
// that ask for any: nobody gets one by chance while its server is down.
const (
	firstPort = 20_000
	lastPort  = 29_999
)

// Port returns a free TCP port of the loopback address that no other call, by any
// process, returns until release is called or this process has ended. A server that
// is down for a while, because a test killed it, so finds its port free again.
//
// The sign that a port is taken is a UDP socket on its number: it goes with the
// process, however that ends, and leaves no file behind.
func Port() (port int, release func(), err error) {
	ctx := context.Background()
	for range 1000 {
		port = firstPort + rand.IntN(lastPort-firstPort+1)
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		var sign net.PacketConn
		if sign, err = new(net.ListenConfig).ListenPacket(ctx, "udp", addr); err != nil {
			continue
		}
		// To listen there would be another way to look, but a child that is forked just
		// then has the listener for a moment longer.
		if conn, dialErr := new(net.Dialer).DialContext(ctx, "tcp", addr); !errors.Is(dialErr, syscall.ECONNREFUSED) {
			if dialErr == nil {
				conn.Close()
			}
			err = errTaken
			sign.Close()
			continue
		}
		signs.Store(port, sign) // the garbage collector would close it
		return port, func() {
			signs.Delete(port)
			sign.Close()
		}, nil
	}
	return 0, nil, fmt.Errorf("supervise: no free port: %w", err)
}

var errTaken = errors.New("somebody listens")

// signs keeps the sockets reachable.
var signs sync.Map // port → net.PacketConn
