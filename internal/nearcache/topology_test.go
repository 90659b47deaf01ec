package nearcache_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/speedlayer/speedlayer/internal/nearcache"
)

const (
	someInfo = "cluster_enabled:1\r\ncluster_state:ok\r\ncluster_slots_assigned:16384\r\ncluster_current_epoch:7\r\n"

	someNodes = "aa 10.0.0.1:7000@17000,redis-1.example myself,master - 0 1 3 connected 0-99 200 [93->-ee] [94-<-bb]\n" +
		"bb ::1:7001@17001 master,fail? - 0 1 7 connected 300-16383\n" +
		"cc 10.0.0.3:7002@17002,,shard-id=12 slave bb 0 1 7 connected\n" +
		"dd :0@0 master,fail,noaddr - 0 1 1 disconnected\n" +
		"ee 10.0.0.5:7004@17004 master - 0 1 0 connected\n" +
		"ff 10.0.0.6:7005@17005 handshake - 0 0 0 disconnected\n"
)

func TestTopologyIsUnderstood(t *testing.T) {
	t.Parallel()
	v, err := nearcache.ParseView(someInfo, someNodes)
	if err != nil {
		t.Fatal(err)
	}
	if v.Me != "aa" || !v.Master || !v.Well || v.Epoch != 7 || v.Assigned != 16384 || !v.Settled {
		t.Errorf("%+v", v)
	}
	if !slices.Equal(v.Owners, []string{"aa", "bb"}) {
		t.Errorf("owners: %v", v.Owners)
	}
	// The one that arrives from bb is bb's business.
	if !maps.Equal(v.Writers, map[string]int{"aa": 200, "bb": 300, "ee": 93}) {
		t.Errorf("writers: %v", v.Writers)
	}
	if !slices.Equal(v.Failed, []string{"dd"}) {
		t.Errorf("failed: %v", v.Failed)
	}
	for addr, want := range map[string]string{
		"10.0.0.1:7000": "aa", "redis-1.example:7000": "aa", "[::1]:7001": "bb",
		"10.0.0.3:7002": "cc", "10.0.0.6:7005": "", ":0": "",
	} {
		if got := v.ByAddr(addr); got != want {
			t.Errorf("%s is %q, want %q", addr, got, want)
		}
	}
}

// The epoch of a replica's line is its master's, and that of a former master may be
// anything: only masters hold one.
func TestEpochOfAReplicaSettlesNothing(t *testing.T) {
	t.Parallel()
	v, err := nearcache.ParseView(someInfo, "aa :7000@17000 myself,master - 0 0 3 connected 0-16383\nbb 10.0.0.2:7001@17001 slave aa 0 1 7 connected\n")
	if err != nil || v.Settled {
		t.Errorf("%+v, %v", v, err)
	}
}

func FuzzParseView(f *testing.F) {
	f.Add(someInfo, someNodes)
	f.Add("cluster_current_epoch:x", "aa")
	f.Add(someInfo, "aa :1@2 myself - 0 0 1 connected [ 1- [->- -\n")
	f.Fuzz(func(t *testing.T, info, nodes string) {
		v, err := nearcache.ParseView(info, nodes)
		if err != nil {
			return
		}
		for id, slot := range v.Writers {
			if slot < 0 || slot > 16383 {
				t.Errorf("%q is reached by slot %d", id, slot)
			}
		}
		for _, id := range v.Owners {
			if _, ok := v.Writers[id]; !ok {
				t.Errorf("%q owns and does not write", id)
			}
		}
	})
}
