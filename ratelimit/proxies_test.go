package ratelimit_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/speedlayer/speedlayer/ratelimit"
)

// trusted are the proxies of these tests: two networks and one host.
var trusted = ratelimit.TrustProxies(
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:aaaa::/48"), netip.MustParsePrefix("198.51.100.7/32"),
)

const proxy = "10.0.0.1:443"

// from is a request of a peer. The lines are "Name: value".
func from(peer string, lines ...string) *http.Request {
	r := &http.Request{RemoteAddr: peer, Header: http.Header{}}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ":")
		r.Header.Add(name, strings.TrimSpace(value))
	}
	return r
}

type sighting struct {
	name, peer string
	lines      []string
	want       string // empty: none
}

func checkSightings(t *testing.T, p ratelimit.Proxies, table []sighting) {
	t.Helper()
	for _, tt := range table {
		addr, ok := p.ClientAddr(from(tt.peer, tt.lines...))
		got := ""
		if ok {
			got = addr.String()
		}
		if got != tt.want {
			t.Errorf("%s: %s with %q is %q, want %q", tt.name, tt.peer, tt.lines, got, tt.want)
		}
	}
}

func lines(l ...string) []string { return l }

func TestClientBehindXForwardedFor(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("10.0.0.9, ", 100_000)
	checkSightings(t, trusted, []sighting{
		{"no proxy", "192.0.2.1:1234", nil, "192.0.2.1"},
		{"no proxy, and a lie", "192.0.2.1:1234", lines("X-Forwarded-For: 203.0.113.9"), "192.0.2.1"},
		{"no proxy, and a trusted address as a lie", "192.0.2.1:1234", lines("X-Forwarded-For: 10.0.0.5"), "192.0.2.1"},
		{"the proxy itself", proxy, nil, "10.0.0.1"},
		{"one proxy", proxy, lines("X-Forwarded-For: 192.0.2.1"), "192.0.2.1"},
		{"one proxy, and a lie to its left", proxy, lines("X-Forwarded-For: 203.0.113.9, 192.0.2.1"), "192.0.2.1"},
		{"a lie in a line of its own", proxy, lines("X-Forwarded-For: 203.0.113.9", "X-Forwarded-For: 192.0.2.1"), "192.0.2.1"},
		{"a trusted address as a lie", proxy, lines("X-Forwarded-For: 203.0.113.9, 10.0.0.7, 192.0.2.1"), "192.0.2.1"},
		{"two proxies", proxy, lines("X-Forwarded-For: 203.0.113.9, 192.0.2.1, 198.51.100.7"), "192.0.2.1"},
		{"two proxies, a line each", proxy, lines("X-Forwarded-For: 203.0.113.9", "X-Forwarded-For: 192.0.2.1", "X-Forwarded-For: 198.51.100.7"), "192.0.2.1"},
		{"everything trusted", proxy, lines("X-Forwarded-For: 10.0.0.3, 10.0.0.2"), "10.0.0.3"},
		{"garbage from the proxy", proxy, lines("X-Forwarded-For: 203.0.113.9, what"), "10.0.0.1"},
		{"garbage from the second proxy", proxy, lines("X-Forwarded-For: 203.0.113.9, unknown, 198.51.100.7"), "198.51.100.7"},
		{"garbage from the client", proxy, lines("X-Forwarded-For: what, 192.0.2.1"), "192.0.2.1"},
		{"hidden", proxy, lines("X-Forwarded-For: 203.0.113.9, _hidden"), "10.0.0.1"},
		{"an empty element from the proxy", proxy, lines("X-Forwarded-For: 203.0.113.9, "), "10.0.0.1"},
		{"an empty line from the proxy", proxy, lines("X-Forwarded-For: 203.0.113.9", "X-Forwarded-For:"), "10.0.0.1"},
		{"empty elements from the client", proxy, lines("X-Forwarded-For: ,, ,192.0.2.1"), "192.0.2.1"},
		{"nothing but commas", proxy, lines("X-Forwarded-For: ,,,,"), "10.0.0.1"},
		{"tabs", proxy, lines("X-Forwarded-For: 203.0.113.9,\t192.0.2.1\t"), "192.0.2.1"},
		{"two addresses in one element", proxy, lines("X-Forwarded-For: 203.0.113.9 192.0.2.1"), "10.0.0.1"},
		{"quotes", proxy, lines(`X-Forwarded-For: "192.0.2.1"`), "10.0.0.1"},
		{"a port", proxy, lines("X-Forwarded-For: 192.0.2.1:5678"), "192.0.2.1"},
		{"no port", proxy, lines("X-Forwarded-For: 192.0.2.1:99999"), "10.0.0.1"},
		{"octal", proxy, lines("X-Forwarded-For: 192.0.2.010"), "10.0.0.1"},
		{"IPv6", proxy, lines("X-Forwarded-For: 2001:db8:1:2::3"), "2001:db8:1:2::3"},
		{"IPv6 in brackets", proxy, lines("X-Forwarded-For: [2001:db8:1:2::3]"), "2001:db8:1:2::3"},
		{"IPv6 with a port", proxy, lines("X-Forwarded-For: [2001:db8:1:2::3]:5678"), "2001:db8:1:2::3"},
		{"a bracket too few", proxy, lines("X-Forwarded-For: [2001:db8:1:2::3"), "10.0.0.1"},
		{"a zone", proxy, lines("X-Forwarded-For: fe80::1%eth0"), "fe80::1"},
		{"mapped", proxy, lines("X-Forwarded-For: ::ffff:192.0.2.1"), "192.0.2.1"},
		{"a mapped proxy", "[::ffff:10.0.0.1]:443", lines("X-Forwarded-For: 192.0.2.1"), "192.0.2.1"},
		{"a mapped proxy in the list", proxy, lines("X-Forwarded-For: 192.0.2.1, ::ffff:10.0.0.2"), "192.0.2.1"},
		{"an IPv6 proxy", "[2001:db8:aaaa::1]:443", lines("X-Forwarded-For: 192.0.2.1"), "192.0.2.1"},
		{"an IPv6 proxy with a zone", "[2001:db8:aaaa::1%eth0]:443", lines("X-Forwarded-For: 192.0.2.1"), "192.0.2.1"},
		{"NAT64", "[64:ff9b::192.0.2.1]:443", nil, "192.0.2.1"},
		{"NAT64 in the list", proxy, lines("X-Forwarded-For: 64:ff9b::c000:201"), "192.0.2.1"},
		{"NAT64 of a proxy", "[64:ff9b::198.51.100.7]:443", lines("X-Forwarded-For: 192.0.2.1"), "192.0.2.1"},
		{"NAT64 of a private address is nobody's", "[64:ff9b::10.0.0.1]:443", lines("X-Forwarded-For: 192.0.2.1"), "64:ff9b::a00:1"},
		{"NAT64 of a carrier's address", "[64:ff9b::100.64.0.1]:443", nil, "64:ff9b::6440:1"},
		{"NAT64 of loopback", proxy, lines("X-Forwarded-For: 64:ff9b::127.0.0.1"), "64:ff9b::7f00:1"},
		{"the other header", proxy, lines("Forwarded: for=203.0.113.9"), "10.0.0.1"},
		{"both headers", proxy, lines("Forwarded: for=203.0.113.9", "X-Forwarded-For: 192.0.2.1"), "192.0.2.1"},
		{"a Unix socket", "@", lines("X-Forwarded-For: 192.0.2.1"), ""},
		{"no peer", "", lines("X-Forwarded-For: 192.0.2.1"), ""},
		{"a hundred thousand proxies", proxy, lines("X-Forwarded-For: 203.0.113.9, " + long + "10.0.0.8"), "10.0.0.9"},
		{"an element without end", proxy, lines("X-Forwarded-For: " + strings.Repeat("1", 1<<20)), "10.0.0.1"},
	})
}

func TestClientBehindForwarded(t *testing.T) {
	t.Parallel()
	checkSightings(t, trusted.Forwarded(), []sighting{
		{"no proxy, and a lie", "192.0.2.1:1234", lines("Forwarded: for=203.0.113.9"), "192.0.2.1"},
		{"one proxy", proxy, lines("Forwarded: for=192.0.2.1"), "192.0.2.1"},
		{"with everything", proxy, lines(`Forwarded: for=192.0.2.1;proto=https;host="a.example:8000";by=_p`), "192.0.2.1"},
		{"in another order and case", proxy, lines("Forwarded: PROTO=https; FoR=192.0.2.1"), "192.0.2.1"},
		{"a lie to its left", proxy, lines("Forwarded: for=203.0.113.9, for=192.0.2.1"), "192.0.2.1"},
		{"a lie in a line of its own", proxy, lines("Forwarded: for=203.0.113.9", "Forwarded: for=192.0.2.1"), "192.0.2.1"},
		{"two proxies", proxy, lines("Forwarded: for=203.0.113.9, for=192.0.2.1,for=198.51.100.7;by=10.0.0.1"), "192.0.2.1"},
		{"everything trusted", proxy, lines("Forwarded: for=10.0.0.3, for=10.0.0.2"), "10.0.0.3"},
		{"a port", proxy, lines(`Forwarded: for="192.0.2.1:5678"`), "192.0.2.1"},
		{"a port without quotes", proxy, lines(`Forwarded: for=192.0.2.1:5678`), "192.0.2.1"},
		{"an obfuscated port", proxy, lines(`Forwarded: for="192.0.2.1:_p0rt"`), "192.0.2.1"},
		{"IPv6", proxy, lines(`Forwarded: for="[2001:db8:1:2::3]"`), "2001:db8:1:2::3"},
		{"IPv6 with a port", proxy, lines(`Forwarded: for="[2001:db8:1:2::3]:5678"`), "2001:db8:1:2::3"},
		{"IPv6 with an obfuscated port", proxy, lines(`Forwarded: for="[2001:db8:1:2::3]:_x"`), "2001:db8:1:2::3"},
		{"IPv6 without brackets", proxy, lines(`Forwarded: for="2001:db8:1:2::3"`), "2001:db8:1:2::3"},
		{"IPv6 without brackets with an obfuscated port", proxy, lines(`Forwarded: for="2001:db8::3:_x"`), "10.0.0.1"},
		{"mapped", proxy, lines(`Forwarded: for="[::ffff:192.0.2.1]"`), "192.0.2.1"},
		{"NAT64", proxy, lines(`Forwarded: for="[64:ff9b::192.0.2.1]"`), "192.0.2.1"},
		{"escapes", proxy, lines(`Forwarded: for="1\92.0.\2.1"`), "192.0.2.1"},
		{"unknown", proxy, lines("Forwarded: for=203.0.113.9, for=unknown"), "10.0.0.1"},
		{"obfuscated", proxy, lines("Forwarded: for=203.0.113.9, for=_hidden"), "10.0.0.1"},
		{"unknown to the second proxy", proxy, lines(`Forwarded: for=203.0.113.9, for="unknown:80", for=198.51.100.7`), "198.51.100.7"},
		{"a proxy that does not say for whom", proxy, lines("Forwarded: for=203.0.113.9, proto=https"), "10.0.0.1"},
		{"a proxy that says it twice", proxy, lines("Forwarded: for=203.0.113.9;for=192.0.2.1"), "10.0.0.1"},
		{"an empty element", proxy, lines("Forwarded: for=203.0.113.9, "), "10.0.0.1"},
		{"an empty node", proxy, lines("Forwarded: for="), "10.0.0.1"},
		{"an empty line", proxy, lines("Forwarded: for=203.0.113.9", "Forwarded:"), "10.0.0.1"},
		{"no name", proxy, lines("Forwarded: 192.0.2.1"), "10.0.0.1"},
		{"space in a pair", proxy, lines("Forwarded: for =192.0.2.1"), "10.0.0.1"},
		{"something behind the address", proxy, lines("Forwarded: for=192.0.2.1 x"), "10.0.0.1"},
		{"something behind the quotes", proxy, lines(`Forwarded: for="192.0.2.1"x`), "10.0.0.1"},
		{"quotes in the middle", proxy, lines(`Forwarded: for=192.0"."2.1`), "10.0.0.1"},
		{"commas in quotes", proxy, lines(`Forwarded: for=192.0.2.1;host="a, for=203.0.113.9"`), "192.0.2.1"},
		{"escaped quotes", proxy, lines(`Forwarded: for=192.0.2.1;host="a\", for=203.0.113.9"`), "192.0.2.1"},
		{"an escaped backslash ends nothing", proxy, lines(`Forwarded: for=192.0.2.1;host="a, for=203.0.113.9\\"`), "192.0.2.1"},
		{"an open quote of the client", proxy, lines(`Forwarded: for="203.0.113.9, for=192.0.2.1`), "192.0.2.1"},
		{"an open quote before a quoted element", proxy, lines(`Forwarded: for="x, for="[2001:db8:1:2::3]:80";proto="https"`), "2001:db8:1:2::3"},
		{"a backslash of the client", proxy, lines(`Forwarded: for="\, for=192.0.2.1`), "192.0.2.1"},
		{"an open quote in the proxy's element", proxy, lines(`Forwarded: for=203.0.113.9, for="192.0.2.1`), "10.0.0.1"},
		{"an open quote in a line to the left", proxy, lines(`Forwarded: for="`, `Forwarded: for=192.0.2.1`), "192.0.2.1"},
		{"the other header", proxy, lines("X-Forwarded-For: 203.0.113.9"), "10.0.0.1"},
		{"both headers", proxy, lines("X-Forwarded-For: 203.0.113.9", "Forwarded: for=192.0.2.1"), "192.0.2.1"},
		{"a hundred thousand proxies", proxy, lines("Forwarded: " + strings.Repeat("for=10.0.0.9, ", 100_000) + "for=10.0.0.8"), "10.0.0.9"},
		{"an element without end", proxy, lines(`Forwarded: for="` + strings.Repeat("1", 1<<20) + `"`), "10.0.0.1"},
		{"backslashes without end", proxy, lines(`Forwarded: ` + strings.Repeat(`\`, 1<<20) + `"`), "10.0.0.1"},
	})
}

func TestNobodyIsTrustedUnlessNamed(t *testing.T) {
	t.Parallel()
	lie := lines("X-Forwarded-For: 203.0.113.9", "Forwarded: for=203.0.113.9")
	for name, p := range map[string]ratelimit.Proxies{
		"zero value":      {},
		"no prefixes":     ratelimit.TrustProxies(),
		"invalid prefix":  ratelimit.TrustProxies(netip.Prefix{}),
		"too wide":        ratelimit.TrustProxies(netip.MustParsePrefix("::ffff:10.0.0.0/90")),
		"zero, the other": ratelimit.Proxies{}.Forwarded(),
	} {
		for _, peer := range []string{"10.0.0.1:443", "127.0.0.1:1", "[::1]:1"} {
			want := netip.MustParseAddrPort(peer).Addr()
			if got, ok := p.ClientAddr(from(peer, lie...)); got != want || !ok {
				t.Errorf("%s: %s is %v, %v", name, peer, got, ok)
			}
		}
	}
}

func TestPrefixesMayBeWrittenAsMapped(t *testing.T) {
	t.Parallel()
	p := ratelimit.TrustProxies(netip.MustParsePrefix("::ffff:10.1.2.3/104"))
	checkSightings(t, p, []sighting{
		{"inside", "10.9.9.9:443", lines("X-Forwarded-For: 192.0.2.1"), "192.0.2.1"},
		{"outside", "11.0.0.1:443", lines("X-Forwarded-For: 192.0.2.1"), "11.0.0.1"},
	})
}

func TestClientsAreGroupedByNetwork(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"X-Forwarded-For: 192.0.2.1":            "192.0.2.1",
		"X-Forwarded-For: 2001:db8:1:2::3":      "2001:db8:1:2::/64",
		"X-Forwarded-For: [2001:db8:1:2::9]:80": "2001:db8:1:2::/64",
		"X-Forwarded-For: ::1":                  "::1",
		"X-Forwarded-For: 64:ff9b::192.0.2.1":   "192.0.2.1",
		"X-Forwarded-For: x":                    "10.0.0.1",
	} {
		if got, ok := trusted.ClientPrefix(from(proxy, header)); got != want || !ok {
			t.Errorf("%s: %q, %v, want %q", header, got, ok, want)
		}
	}
	if got, ok := trusted.ClientPrefix(from("@")); got != "" || ok {
		t.Errorf("a Unix socket: %q, %v", got, ok)
	}
}

// Whatever a client sends, it pays for itself: the proxies' own elements decide.
func FuzzClientCannotChooseItsAddress(f *testing.F) {
	for _, s := range []string{
		"", "203.0.113.9", "10.0.0.2", ",", `for="`, `for="\`, `for=10.0.0.2`, `for="[2001:db8:aaaa::1]:_x", for=_h`,
		`for="a\", for=10.0.0.2;host="x`, "64:ff9b::a00:1", "[", "%", "::ffff:10.0.0.1", "\x00", strings.Repeat(",", 2000),
	} {
		f.Add(s, "192.0.2.1:80")
	}
	f.Fuzz(func(t *testing.T, sent, peer string) {
		for _, own := range []struct {
			p                ratelimit.Proxies
			header, its, mid string
		}{
			{trusted, "X-Forwarded-For", "192.0.2.77", "10.0.0.2"},
			{trusted.Forwarded(), "Forwarded", "for=192.0.2.77", "for=10.0.0.2;by=_x"},
			{trusted.Forwarded(), "Forwarded", `host="a\"b,c\\";for="192.0.2.77:80"`, `for="10.0.0.2:_x"`},
		} {
			for name, values := range map[string][]string{
				"appended":              {sent + ", " + own.its},
				"in a line of its own":  {sent, own.its},
				"behind two proxies":    {sent + ", " + own.its + "," + own.mid},
				"behind two, in a line": {sent, own.its, own.mid},
				"behind several lines":  {sent, sent, sent + "," + own.its + ", " + own.mid},
			} {
				r := &http.Request{RemoteAddr: proxy, Header: http.Header{own.header: values}}
				if got, ok := own.p.ClientAddr(r); !ok || got.String() != "192.0.2.77" {
					t.Fatalf("%s, %s: %q is %v, %v", own.header, name, values, got, ok)
				}
			}
			checkAnything(t, own.p, &http.Request{RemoteAddr: peer, Header: http.Header{own.header: {sent}}})
		}
	})
}

// checkAnything holds for all requests.
func checkAnything(t *testing.T, p ratelimit.Proxies, r *http.Request) {
	t.Helper()
	addr, ok := p.ClientAddr(r)
	own, known := ratelimit.Proxies{}.ClientAddr(r)
	if ok != known || ok && (!addr.IsValid() || addr.Zone() != "" || addr.Is4In6()) {
		t.Fatalf("%q is %v, %v", r.RemoteAddr, addr, ok)
	}
	if ok && addr != own && !netip.MustParsePrefix("10.0.0.0/8").Contains(own) && !netip.MustParsePrefix("2001:db8:aaaa::/48").Contains(own) &&
		own.String() != "198.51.100.7" {
		t.Fatalf("the untrusted peer %v is taken for %v", own, addr)
	}
	prefix, _ := p.ClientPrefix(r)
	if want, _ := ratelimit.ClientPrefix(addr.String()); ok && prefix != want {
		t.Fatalf("%v has the prefix %q, want %q", addr, prefix, want)
	}
}
