package httpapi

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// guardHost refuses requests that name another host than this machine. The
// demo's routes are open; without this check a page on a domain whose DNS
// entry changes to 127.0.0.1 (DNS rebinding) could use them from the browser
// of whoever runs the demo.
func guardHost(next http.Handler) http.Handler {
	refused := &failure{status: http.StatusMisdirectedRequest, text: textHost}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isLoopbackHost(r.Host) {
			fail(w, r, refused)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isLoopbackHost reports whether a Host header, with or without a port, names
// the loopback interface: an address in 127.0.0.0/8, ::1, localhost or a name
// under .localhost, which RFC 6761 section 6.3 keeps for it.
func isLoopbackHost(hostport string) bool {
	// What nearly every request says. The port is a number, or it is for the rest
	// to judge.
	if name, port, ok := strings.Cut(hostport, ":"); ok && (name == "127.0.0.1" || name == "localhost") && isNumber(port) {
		return true
	}
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	} else {
		host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Zone() == "" && addr.Unmap().IsLoopback()
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

func isNumber(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
