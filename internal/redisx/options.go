package redisx

import (
	"errors"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"
)

const urlForms = "want redis://[user:password@]host[:port][,host[:port]...][/database][?parameters] " +
	"(rediss:// with TLS) or unix:///path/to/redis.sock[?db=n]; " +
	`special characters in user and password are percent-encoded`

// urlError says what is wrong with a URL. It never quotes from it: where a
// password holds an unescaped '@', '/', '?' or '#', any part may be a piece of it.
func urlError(what string) error {
	return errors.New("redis URL: " + what + "; " + urlForms)
}

// ParseURL turns the address of Redis into options for [Open] or
// [rueidis.NewClient]:
//
//	redis://localhost:6379/0                        one server, or a cluster
//	rediss://user:password@host                     with TLS; the port defaults to 6379
//	redis://a:7000,b:7000,c:7000                    nodes to find a cluster through
//	redis://a:7000?addr=b:7000&addr=c:7000          the same
//	redis://a:26379,b:26379/0?master_set=mymaster   sentinels
//	unix:///run/redis.sock?db=1                     a Unix socket
//
// The parameters are those of [rueidis.ParseURL]: db, addr, master_set,
// client_name, dial_timeout, write_timeout, protocol, client_cache, skip_verify
// and max_retries; others are errors.
//
// Timeouts are set so that a dead or frozen server shows within seconds, not 12:
// 1 s to dial, 3 s for an answer. Commands are not retried, because with Redis
// down a retried GET would wait until its deadline. One connection carries all
// pipelined commands of a node, so that a caller reads its own writes. Errors
// never contain any part of the URL.
func ParseURL(s string) (rueidis.ClientOption, error) {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		return rueidis.ClientOption{}, urlError("it has no scheme")
	}
	if !slices.Contains([]string{"redis", "rediss", "valkey", "valkeys", "unix"}, scheme) {
		return rueidis.ClientOption{}, urlError("its scheme is unknown")
	}
	var (
		opt rueidis.ClientOption
		err error
	)
	if scheme == "unix" {
		opt, err = parseSocketURL(s)
	} else {
		opt, err = parseHostURL(scheme, rest)
	}
	if err != nil {
		return rueidis.ClientOption{}, err
	}
	if opt.SelectDB < 0 {
		return rueidis.ClientOption{}, urlError("the database is negative")
	}
	return withDefaults(opt), nil
}

func withDefaults(opt rueidis.ClientOption) rueidis.ClientOption {
	if opt.Dialer.Timeout <= 0 {
		opt.Dialer.Timeout = time.Second
	}
	opt.Dialer.KeepAlive = time.Second
	if opt.ConnWriteTimeout <= 0 {
		opt.ConnWriteTimeout = 3 * time.Second
	}
	opt.DisableRetry = true
	opt.PipelineMultiplex = -1
	// rueidis takes 512 KiB each, for every dedicated connection too.
	opt.ReadBufferEachConn = 64 << 10
	opt.WriteBufferEachConn = 64 << 10
	if opt.Sentinel.MasterSet != "" {
		opt.Sentinel.Dialer = opt.Dialer
		opt.Sentinel.TLSConfig = opt.TLSConfig
		opt.Sentinel.ClientName = opt.ClientName
		// Without it one missed event binds the client to the old master for ever.
		opt.Sentinel.TopologyRefreshInterval = 5 * time.Second
	}
	return opt
}

func parseSocketURL(s string) (rueidis.ClientOption, error) {
	u, err := url.Parse(s)
	if err != nil || u.Fragment != "" {
		return rueidis.ClientOption{}, urlError("it cannot be parsed")
	}
	if u.Host != "" || u.Path == "" || u.Path == "/" {
		return rueidis.ClientOption{}, urlError("the socket's path is missing or not absolute")
	}
	if u.Query().Has("addr") || u.Query().Has("master_set") {
		return rueidis.ClientOption{}, urlError("a socket is one server: addr and master_set do not apply")
	}
	return parsed(u)
}

// parseHostURL handles the comma-separated hosts, which net/url does not accept,
// and every host's port, which rueidis does not check.
func parseHostURL(scheme, rest string) (rueidis.ClientOption, error) {
	authority, tail := rest, ""
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority, tail = rest[:i], rest[i:]
	}
	user, hosts := "", authority
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		user, hosts = authority[:i+1], authority[i+1:]
	}
	u, err := url.Parse(scheme + "://" + user + "host" + tail)
	if err != nil || u.Fragment != "" {
		return rueidis.ClientOption{}, urlError("it cannot be parsed")
	}
	query := u.Query()
	var addrs []string
	for _, host := range slices.Concat(strings.Split(hosts, ","), query["addr"]) {
		addr, err := address(host)
		if err != nil {
			return rueidis.ClientOption{}, err
		}
		addrs = append(addrs, addr)
	}
	u.Host = addrs[0]
	if u.Path == "/" {
		u.Path = ""
	}
	opt, err := parsed(u)
	if err != nil {
		return rueidis.ClientOption{}, err
	}
	opt.InitAddress = addrs
	if opt.TLSConfig != nil {
		// Each server is known by its own name, also those that a single seed
		// leads to; the dialer fills in the one it dials.
		opt.TLSConfig.ServerName = ""
	}
	return opt, nil
}

func address(hostport string) (string, error) {
	if hostport == "" {
		return "", urlError("a host is missing")
	}
	if strings.ContainsAny(hostport, "@/?#% \t\r\n\\\"<>") {
		return "", urlError("a host has forbidden characters")
	}
	host, port := hostport, "6379"
	if strings.HasPrefix(hostport, "[") && strings.HasSuffix(hostport, "]") {
		host = hostport[1 : len(hostport)-1]
	} else if strings.Contains(hostport, ":") {
		var err error
		if host, port, err = net.SplitHostPort(hostport); err != nil {
			return "", urlError("a host is malformed (an IPv6 address goes in brackets)")
		}
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", urlError("a port is not a number from 1 to 65535")
	}
	if host == "" {
		return "", urlError("a host is missing")
	}
	return net.JoinHostPort(host, port), nil
}

// parsed lets rueidis read a URL whose hosts are known to be sound.
func parsed(u *url.URL) (rueidis.ClientOption, error) {
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return rueidis.ClientOption{}, urlError("its parameters cannot be parsed")
	}
	known := []string{
		"db", "addr", "master_set", "client_name", "dial_timeout", "write_timeout",
		"protocol", "client_cache", "skip_verify", "max_retries",
	}
	for name := range query {
		if !slices.Contains(known, name) {
			return rueidis.ClientOption{}, urlError("a parameter is unknown; known are " + strings.Join(known, ", "))
		}
	}
	query.Del("addr")
	plain := *u
	plain.RawQuery = query.Encode()
	opt, err := rueidis.ParseURL(plain.String())
	if err != nil {
		return rueidis.ClientOption{}, urlError("the database or a parameter has an unusable value")
	}
	return opt, nil
}
