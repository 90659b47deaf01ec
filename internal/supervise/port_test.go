package supervise_test

import (
	"net"
	"strconv"
	"sync"
	"testing"

	"github.com/speedlayer/speedlayer/internal/supervise"
)

func TestPortsAreFreeAndEverybodysOwn(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	seen := map[int]bool{}
	var all sync.WaitGroup
	for range 300 {
		all.Go(func() {
			port, release, err := supervise.Port()
			if err != nil {
				t.Error(err)
				return
			}
			t.Cleanup(release)
			l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:"+strconv.Itoa(port))
			if err != nil {
				t.Errorf("port %d is not free: %v", port, err)
				return
			}
			l.Close() // as a server that is killed
			mu.Lock()
			defer mu.Unlock()
			if seen[port] {
				t.Errorf("port %d was given away twice", port)
			}
			seen[port] = true
		})
	}
	all.Wait()
}

func TestReleasedPortCanBeHadAgain(t *testing.T) {
	t.Parallel()
	port, release, err := supervise.Port()
	if err != nil {
		t.Fatal(err)
	}
	addr := "127.0.0.1:" + strconv.Itoa(port)
	if sign, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", addr); err == nil {
		sign.Close()
		t.Error("nothing says that the port is taken")
	}
	release()
	sign, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", addr)
	if err != nil {
		t.Fatalf("after its release: %v", err)
	}
	sign.Close()
}
