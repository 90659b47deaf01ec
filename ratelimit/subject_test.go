package ratelimit_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/speedlayer/speedlayer/ratelimit"
)

func TestClientPrefix(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"127.0.0.1:1234":                  "127.0.0.1",
		"127.0.0.1":                       "127.0.0.1",
		"192.0.2.1:80":                    "192.0.2.1",
		"0.0.0.0:1":                       "0.0.0.0",
		"[::1]:1234":                      "::1",
		"::1":                             "::1",
		"[::1]":                           "::1",
		"[::1%lo]:1":                      "::1",
		"[2001:db8:1:2:3:4:5:6]:443":      "2001:db8:1:2::/64",
		"2001:db8:1:2:ffff:ffff:ffff:fff": "2001:db8:1:2::/64",
		"[2001:DB8:1:2::]:443":            "2001:db8:1:2::/64",
		"[2001:db8:1:2::%eth0]:443":       "2001:db8:1:2::/64",
		"fe80::1%eth0":                    "fe80::/64",
		"[fe80::1%25eth0]:80":             "fe80::/64",
		"[::ffff:192.0.2.1]:80":           "192.0.2.1",
		"::ffff:192.0.2.1":                "192.0.2.1",
		"::ffff:c000:201":                 "192.0.2.1",
		"[::ffff:192.0.2.1%eth0]:80":      "192.0.2.1",
		"[::ffff:127.0.0.1]:80":           "127.0.0.1",
		"[::]:80":                         "::/64",
	} {
		if got, ok := ratelimit.ClientPrefix(in); got != want || !ok {
			t.Errorf("ClientPrefix(%q) = %q, %v; want %q", in, got, ok, want)
		}
	}
}

func TestClientPrefixRefusesGarbage(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		"", "@", "localhost", "localhost:80", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:99999", "127.0.0.1:80:80",
		"[127.0.0.1]", "[127.0.0.1]:80", "127.0.0.256", "127.1", "0127.0.0.1", "[::1", "::1]", "[]", "[]:80", ":80",
		" 127.0.0.1", "127.0.0.1 ", "::1%", "[::1]:", "1.2.3.4, 5.6.7.8", "2001:db8::1:2:3:4:5:6:7:8", "/run/x.sock", "\x00",
	} {
		if got, ok := ratelimit.ClientPrefix(in); ok || got != "" {
			t.Errorf("ClientPrefix(%q) = %q, %v; want nothing", in, got, ok)
		}
	}
}

func FuzzClientPrefix(f *testing.F) {
	for _, s := range []string{"127.0.0.1:1", "[2001:db8::1%eth0]:443", "::ffff:1.2.3.4", "[::1]", "x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		prefix, ok := ratelimit.ClientPrefix(s)
		if !ok {
			if prefix != "" {
				t.Fatalf("%q: %q without ok", s, prefix)
			}
			return
		}
		if strings.ContainsAny(prefix, "{}% []\x00") || len(prefix) > 43 {
			t.Fatalf("%q: %q", s, prefix)
		}
		if network, err := netip.ParsePrefix(prefix); err == nil {
			if network.Bits() != 64 || network != network.Masked() || !network.Addr().Is6() || network.Addr().Is4In6() {
				t.Fatalf("%q: network %q", s, prefix)
			}
			return
		}
		addr, err := netip.ParseAddr(prefix)
		if err != nil || !addr.Is4() && !addr.IsLoopback() {
			t.Fatalf("%q: address %q", s, prefix)
		}
		// The answer is one of the accepted forms, and its own prefix.
		if again, ok := ratelimit.ClientPrefix(prefix); !ok || again != prefix {
			t.Fatalf("%q: %q, and then %q", s, prefix, again)
		}
	})
}

func TestHashSubject(t *testing.T) {
	t.Parallel()
	// printf %s max@example.com | sha256sum | cut -c-32
	const want = "0dd93d8f57d723a2b797b3cd254d0a67"
	for _, in := range []string{"max@example.com", " Max@Example.COM\t"} {
		if got := ratelimit.HashSubject(in); got != want {
			t.Errorf("HashSubject(%q) = %q, want %q", in, got, want)
		}
	}
	if ratelimit.HashSubject("max@example.org") == want {
		t.Error("two accounts share a hash")
	}
}

func TestFallbackString(t *testing.T) {
	t.Parallel()
	for f, want := range map[ratelimit.Fallback]string{
		ratelimit.FailLocal: "local", ratelimit.FailOpen: "open", ratelimit.FailClosed: "closed", 7: "Fallback(7)",
	} {
		if got := f.String(); got != want {
			t.Errorf("%d = %q, want %q", f, got, want)
		}
	}
}
