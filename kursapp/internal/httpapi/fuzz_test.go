package httpapi

import (
	"net"
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

func FuzzQueryCredentials(f *testing.F) {
	for _, seed := range []string{"", "a=1", "email=x&password=y", "PASSWORD=%zz", "p%61ssword", "a=1;password=b", "&&=&", "%=password"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		parsed, _ := url.ParseQuery(raw) // what it understood in spite of an error counts
		for name := range parsed {
			if (strings.EqualFold(name, "email") || strings.EqualFold(name, "password")) && !hasQueryCredentials(raw) {
				t.Errorf("%q has the parameter %q, unnoticed", raw, name)
			}
		}
	})
}

func FuzzLoopbackHost(f *testing.F) {
	for _, seed := range []string{"", "localhost", "localhost:80", "a.localhost.", "127.0.0.1:8000", "[::1]", "::1", "[::ffff:127.0.0.1]:1", "[[::1]]", "127.0.0.1.evil", "[localhost]:1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, hostport string) {
		if !isLoopbackHost(hostport) {
			return
		}
		host := hostport
		if h, _, err := net.SplitHostPort(hostport); err == nil {
			host = h
		}
		host = strings.Trim(strings.ToLower(host), "[].")
		if addr, err := netip.ParseAddr(host); err == nil {
			if !addr.Unmap().IsLoopback() {
				t.Errorf("%q counts as loopback", hostport)
			}
		} else if host != "localhost" && !strings.HasSuffix(host, ".localhost") {
			t.Errorf("%q counts as loopback", hostport)
		}
	})
}

func FuzzAcceptLanguage(f *testing.F) {
	for _, seed := range []string{"", "*", "de", "en", "de-AT,en;q=0.5", "fr;q=0.1,en-GB;q=x", ";q=1", "en-u-co-phonebk", "---"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if got := languageOf(header).String(); got != "de" && got != "en" {
			t.Errorf("languageOf(%q) is %q", header, got)
		}
	})
}
