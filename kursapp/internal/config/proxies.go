package config

import (
	"fmt"
	"net/netip"
	"strings"
)

// Proxies says whose word counts about where a request comes from.
type Proxies struct {
	TrustedProxies []string `env:"KURSAPP_TRUSTED_PROXIES" placeholder:"PREFIX" help:"Addresses of the proxies in front, as 10.0.0.0/8 or 192.0.2.7, separated by commas. Only what they say about a client's address is believed. Default: none, the client is who has the connection."`
	ProxyHeader    string   `env:"KURSAPP_PROXY_HEADER" default:"X-Forwarded-For" help:"Header in which those proxies say it, each of them: X-Forwarded-For or Forwarded (RFC 7239). The other one is not read."`
}

// The headers that proxies may use.
const (
	headerXForwardedFor = "X-Forwarded-For"
	headerForwarded     = "Forwarded"
)

// ReadForwarded says whether the header is Forwarded.
func (p Proxies) ReadForwarded() bool { return strings.EqualFold(p.ProxyHeader, headerForwarded) }

// TrustedPrefixes are the networks of the proxies. They are all there once Parse has
// returned no error.
func (p Proxies) TrustedPrefixes() []netip.Prefix {
	var prefixes []netip.Prefix
	for _, s := range p.TrustedProxies {
		if prefix, err := trustedPrefix(s); err == nil {
			prefixes = append(prefixes, prefix)
		}
	}
	return prefixes
}

func (p Proxies) check() error {
	for _, s := range p.TrustedProxies {
		if _, err := trustedPrefix(s); err != nil {
			return err
		}
	}
	if !p.ReadForwarded() && !strings.EqualFold(p.ProxyHeader, headerXForwardedFor) {
		return &UsageError{fmt.Sprintf("KURSAPP_PROXY_HEADER %q is not known. It is %s or %s", p.ProxyHeader, headerXForwardedFor, headerForwarded)}
	}
	return nil
}

// trustedPrefix reads a network, or one address. It refuses what is likely a mistake,
// because whoever is in a network too many may choose its address.
func trustedPrefix(s string) (netip.Prefix, error) {
	s = strings.TrimSpace(s)
	if addr, err := netip.ParseAddr(s); err == nil && addr.Zone() == "" {
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(s)
	switch {
	case err != nil:
		return netip.Prefix{}, &UsageError{fmt.Sprintf("KURSAPP_TRUSTED_PROXIES: %q is neither an address nor a network. Write it like 10.0.0.0/8, 2001:db8::/32 or 192.0.2.7, separated by commas", s)}
	case prefix.Bits() == 0:
		return netip.Prefix{}, &UsageError{fmt.Sprintf("KURSAPP_TRUSTED_PROXIES: %q trusts everybody, so every client could choose its address. Name the proxies' own addresses or networks", s)}
	case prefix.Addr().Is4In6():
		return netip.Prefix{}, &UsageError{fmt.Sprintf("KURSAPP_TRUSTED_PROXIES: %q is an IPv4 network in IPv6 form. Write it as IPv4, like 10.0.0.0/8", s)}
	case prefix != prefix.Masked():
		return netip.Prefix{}, &UsageError{fmt.Sprintf("KURSAPP_TRUSTED_PROXIES: %q is no network. Write %s for the network or %s for the one address", s, prefix.Masked(), prefix.Addr())}
	}
	return prefix, nil
}
