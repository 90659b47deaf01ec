package history_test

import (
	"fmt"
	"strings"
	"testing"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// proxy is a way to Redis on which faults can be put.
type proxy struct {
	t *testing.T
	p *toxiproxy.Proxy
}

func newProxy(t *testing.T, upstream string) *proxy {
	t.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	x := &proxy{t: t, p: toxiproxy.NewProxy(server, t.Name(), "127.0.0.1:0", upstream)}
	x.join()
	t.Cleanup(x.cut)
	return x
}

// addr stays the same while the proxy is cut.
func (x *proxy) addr() string { return x.p.Listen }

// cut closes all connections and lets no new ones in.
func (x *proxy) cut() { x.p.Stop() }

// join lets connections in again.
func (x *proxy) join() {
	x.t.Helper()
	if err := x.p.Start(); err != nil {
		x.t.Fatal(err)
	}
}

// delay holds up everything that Redis sends by latency ± jitter milliseconds.
func (x *proxy) delay(latency, jitter int) {
	x.t.Helper()
	x.toxic(fmt.Sprintf(`{"type":"latency","attributes":{"latency":%d,"jitter":%d}}`, latency, jitter))
}

// stall lets connections stand, but nothing that Redis sends arrives any more.
func (x *proxy) stall() {
	x.t.Helper()
	x.toxic(`{"type":"timeout","attributes":{"timeout":0}}`)
}

func (x *proxy) toxic(description string) {
	x.t.Helper()
	if _, err := x.p.Toxics.AddToxicJson(strings.NewReader(description)); err != nil {
		x.t.Fatal(err)
	}
}

// heal takes all toxics away. What was stalled stays lost.
func (x *proxy) heal() { x.p.Toxics.ResetToxics(x.t.Context()) }
