package ratelimit

import (
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"strings"
)

// ClientPrefix returns what identifies a client by its address: an IPv4 address as
// it is, and of an IPv6 address its /64 network as "2001:db8:1:2::/64", because one
// client has at least that many addresses to choose from. The loopback address stays
// "::1". An IPv4 address that is mapped into IPv6 ("::ffff:192.0.2.1") counts as
// IPv4; zones and ports are dropped.
//
// It accepts what [net/http.Request.RemoteAddr] holds ("192.0.2.1:1234",
// "[2001:db8::1%eth0]:1234") and an address alone, with or without brackets. ok is
// false for all else, as for the address of a Unix socket.
func ClientPrefix(remoteAddr string) (prefix string, ok bool) {
	addr, ok := parseAddr(remoteAddr)
	if !ok {
		return "", false
	}
	addr = addr.WithZone("").Unmap()
	if addr.Is4() || addr.IsLoopback() {
		return addr.String(), true
	}
	network, err := addr.Prefix(64)
	if err != nil {
		return "", false
	}
	return network.String(), true
}

func parseAddr(s string) (netip.Addr, bool) {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr(), true
	}
	if inner, ok := strings.CutPrefix(s, "["); ok {
		if inner, ok = strings.CutSuffix(inner, "]"); !ok || !strings.Contains(inner, ":") {
			return netip.Addr{}, false
		}
		s = inner
	}
	addr, err := netip.ParseAddr(s)
	return addr, err == nil
}

// HashSubject turns an account name into a subject that does not reveal it: 32
// hexadecimal characters of the SHA-256 of the name, without regard to case and to
// white space around it. It is no protection for names that can be guessed.
func HashSubject(account string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(strings.TrimSpace(account))))
	return hex.EncodeToString(sum[:16])
}
