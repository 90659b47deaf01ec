package ratelimit

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// The bounds of the work for one request. A chain of proxies is much shorter.
const (
	// maxHops is how many trusted proxies are followed.
	maxHops = 32
	// maxElement is how long, in bytes, what one proxy wrote may be.
	maxElement = 1024
)

// The headers in their canonical form, as keys of http.Header.
const (
	xForwardedFor   = "X-Forwarded-For"
	forwardedHeader = "Forwarded"
)

// Proxies finds the address of the client of a request that may have come through
// proxies. The zero value trusts none: the client is who has the connection.
//
// What a client writes into a header is never believed. The headers count only where
// the connection comes from a trusted proxy, and then from right to left over all of
// their lines: the right-most element is what that proxy says about its own peer. If
// that is a trusted proxy too, the next element to the left counts, and so on. The
// first address that is not a trusted proxy's is the client's. Whatever stands left of
// it was written by the client itself.
//
// Where an element cannot be understood (an obfuscated or "unknown" node, an empty
// element, garbage), or after 32 proxies, the answer is the last address that is
// certain: that of the trusted proxy which wrote it. All clients about which that
// proxy says nothing better then share its limit, and nobody else does. Where all of
// a list is trusted, the answer is its left-most element.
//
// Addresses are compared and returned in one form: IPv4 that is mapped into IPv6 is
// IPv4, zones and ports are dropped, and a public IPv4 address behind the well-known
// NAT64 prefix 64:ff9b::/96 is that address (its /64 would hold the whole IPv4
// internet).
//
// It is on the operator to see that
//
//   - the prefixes hold proxies alone: any other host in them may choose its address;
//   - every trusted proxy appends to, or replaces, the header that is read. One that
//     passes it on as it came lets clients choose their address.
type Proxies struct {
	trusted   []netip.Prefix
	forwarded bool
}

// TrustProxies returns Proxies that believe the X-Forwarded-For headers of peers in
// the prefixes. Invalid prefixes are left out, and so are those that hold all IPv4
// addresses in their IPv6 form and more, which nobody means.
func TrustProxies(prefixes ...netip.Prefix) Proxies {
	var p Proxies
	for _, prefix := range prefixes {
		if addr := prefix.Addr(); addr.Is4In6() {
			prefix = netip.PrefixFrom(addr.Unmap(), prefix.Bits()-96) // invalid below 96
		}
		if prefix.IsValid() {
			p.trusted = append(p.trusted, prefix.Masked())
		}
	}
	return p
}

// Forwarded returns the same Proxies, which read the header Forwarded (RFC 7239)
// instead of X-Forwarded-For. Only one of them is ever read, because clients can send
// the one that the proxies do not know.
func (p Proxies) Forwarded() Proxies {
	p.forwarded = true
	return p
}

// ClientAddr returns the address of the client. ok is false where the connection has
// none, as that of a Unix socket, which cannot be trusted either.
func (p Proxies) ClientAddr(r *http.Request) (addr netip.Addr, ok bool) {
	peer, ok := parseAddr(r.RemoteAddr)
	if !ok {
		return netip.Addr{}, false
	}
	peer = plainAddr(peer)
	if !p.trusts(peer) {
		return peer, true
	}
	if p.forwarded {
		return p.walk(peer, r.Header[forwardedHeader], cutForwarded, forwardedAddr), true
	}
	return p.walk(peer, r.Header[xForwardedFor], cutPlain, listedAddr), true
}

// ClientPrefix returns the client's address, or its /64 network, as [ClientPrefix]
// does. ok is false where the connection has no address.
func (p Proxies) ClientPrefix(r *http.Request) (prefix string, ok bool) {
	addr, ok := p.ClientAddr(r)
	if !ok {
		return "", false
	}
	return prefixOf(addr), true
}

// prefixOf groups as [ClientPrefix], without a way through text.
func prefixOf(addr netip.Addr) string {
	if addr.Is4() || addr.IsLoopback() {
		return addr.String()
	}
	network, err := addr.Prefix(64)
	if err != nil { // no IPv6 address has fewer bits
		return addr.String()
	}
	return network.String()
}

func (p Proxies) trusts(addr netip.Addr) bool {
	for _, prefix := range p.trusted {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// walk follows the lines of a header from a trusted proxy to its left. cut takes the
// last element off a line, and addrOf reads it.
func (p Proxies) walk(
	certain netip.Addr, lines []string,
	cut func(string) (rest, element string, more, ok bool),
	addrOf func(string) (netip.Addr, bool),
) netip.Addr {
	hops := 0
	for _, line := range slices.Backward(lines) {
		for more := true; more; hops++ {
			if hops == maxHops {
				return certain
			}
			var element string
			var ok bool
			if line, element, more, ok = cut(line); !ok {
				return certain
			}
			addr, ok := addrOf(strings.Trim(element, " \t"))
			if !ok {
				return certain
			}
			if !p.trusts(addr) {
				return addr
			}
			certain = addr
		}
	}
	return certain
}

// cutPlain cuts at the last comma. It looks no further than an element may be long.
func cutPlain(line string) (rest, element string, more, ok bool) {
	tail := line[max(0, len(line)-maxElement):]
	comma := strings.LastIndexByte(tail, ',')
	if comma >= 0 {
		return line[:len(line)-len(tail)+comma], tail[comma+1:], true, true
	}
	return "", line, false, len(tail) == len(line)
}

// listedAddr reads an address with or without port and brackets. Mostly there are
// neither, and an attempt that fails allocates its error.
func listedAddr(s string) (netip.Addr, bool) {
	if strings.HasPrefix(s, "[") || strings.Count(s, ":") == 1 {
		addr, ok := parseAddr(s)
		return plainAddr(addr), ok
	}
	addr, err := netip.ParseAddr(s)
	return plainAddr(addr), err == nil
}

var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// plainAddr returns the one form of an address.
func plainAddr(addr netip.Addr) netip.Addr {
	addr = addr.WithZone("").Unmap()
	if !nat64.Contains(addr) {
		return addr
	}
	b := addr.As16()
	inner := netip.AddrFrom4([4]byte(b[12:]))
	// Translators must not use the prefix for other addresses (RFC 6052, section 3.1):
	// such a packet is nobody's, least of all a trusted proxy's in a private network.
	if !inner.IsGlobalUnicast() || inner.IsPrivate() || sharedSpace.Contains(inner) {
		return addr
	}
	return inner
}

// sharedSpace is the private network of carriers (RFC 6598).
var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")
