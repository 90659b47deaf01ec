package ratelimit

import (
	"net/netip"
	"strings"
)

// cutForwarded cuts the last element off a line of Forwarded, in which commas inside
// quoted strings do not separate.
//
// It reads backwards. Read forwards, a quote that a client leaves open would swallow
// what the proxy appended. Backwards, the proxy's element is complete before anything
// of the client is seen: its quoted strings end with a quote and begin at the next one
// to the left that no backslash escapes.
func cutForwarded(line string) (rest, element string, more, ok bool) {
	quoted := false
	for i := len(line) - 1; i >= 0; i-- {
		if len(line)-i > maxElement {
			return "", "", false, false
		}
		switch line[i] {
		case '"':
			if !quoted || !escaped(line, i) {
				quoted = !quoted
			}
		case ',':
			if !quoted {
				return line[:i], line[i+1:], true, true
			}
		}
	}
	return "", line, false, !quoted
}

// escaped says whether an odd number of backslashes stands before s[i].
func escaped(s string, i int) bool {
	n := 0
	for n < i && n < maxElement && s[i-1-n] == '\\' {
		n++
	}
	return n%2 == 1
}

// forwardedAddr returns the address in the parameter "for" of an element, whose name
// may be written in any case. What the element says besides must be well formed. ok is
// false where there is no such parameter, more than one of them, or no address in it.
func forwardedAddr(element string) (netip.Addr, bool) {
	node, found := "", false
	for s := element; ; {
		s = strings.TrimLeft(s, "; \t") // empty parameters are allowed
		if s == "" {
			break
		}
		name, value, has := strings.Cut(s, "=")
		if !has || !isToken(name) {
			return netip.Addr{}, false
		}
		value, rest, ok := cutValue(value)
		if !ok {
			return netip.Addr{}, false
		}
		if strings.EqualFold(name, "for") {
			if found {
				return netip.Addr{}, false
			}
			node, found = value, true
		}
		if s = strings.TrimLeft(rest, " \t"); s != "" && s[0] != ';' {
			return netip.Addr{}, false
		}
	}
	if !found {
		return netip.Addr{}, false
	}
	return nodeAddr(node)
}

// cutValue reads a token, or a quoted string without its quotes. Where no quotes are,
// whatever is no separator is taken: proxies leave them out around ports and IPv6
// addresses, and what is neither is found later.
func cutValue(s string) (value, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexAny(s, "; \t")
		if end < 0 {
			end = len(s)
		}
		return s[:end], s[end:], !strings.ContainsAny(s[:end], `"\`)
	}
	s = s[1:]
	end := strings.IndexAny(s, `"\`)
	if end < 0 {
		return "", "", false
	}
	if s[end] == '"' {
		return s[:end], s[end+1:], true
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:], true
		case '\\':
			if i++; i == len(s) {
				return "", "", false
			}
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}

// nodeAddr reads a node: an address, which may have a port or an obfuscated port
// behind it. "unknown" and obfuscated nodes are no addresses.
func nodeAddr(node string) (netip.Addr, bool) {
	if host, port, found := strings.Cut(node, ":_"); found {
		// Without brackets the last colon of an IPv6 address is no port's.
		if !isToken(port) || strings.Contains(host, ":") && !strings.HasSuffix(host, "]") {
			return netip.Addr{}, false
		}
		node = host
	}
	return listedAddr(node)
}

// isToken says whether s is a name as in RFC 9110, section 5.6.2.
func isToken(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9',
			strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0:
		default:
			return false
		}
	}
	return s != ""
}
