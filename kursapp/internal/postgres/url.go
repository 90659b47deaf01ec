package postgres

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
)

// ErrURL says that Config.URL cannot be used. Errors that wrap it say why and
// show the right form, and never contain a password.
var ErrURL = errors.New("the form is postgres://user:password@host:5432/database")

// parseURL reads a URL. It never passes on the text of the parsers below it,
// because they quote what they could not read, and that may be the password.
func parseURL(raw string) (*pgxpool.Config, error) {
	bad := func(reason string) error {
		return fmt.Errorf("postgres: %s; %w", reason, ErrURL)
	}
	if raw == "" {
		return nil, bad("the URL is empty")
	}
	if !strings.HasPrefix(raw, "postgres://") && !strings.HasPrefix(raw, "postgresql://") {
		return nil, bad("the URL does not begin with postgres://")
	}
	u, err := url.Parse(raw)
	// A #, / or ? in a password ends the part of the URL where passwords stand:
	// what follows would be taken for a path, and shown in messages.
	if err != nil || u.Fragment != "" || strings.Contains(u.EscapedPath()+u.RawQuery, "@") {
		return nil, bad("the URL cannot be read (write # / ? @ : and % in a password as %23 %2F %3F %40 %3A and %25)")
	}
	config, err := pgxpool.ParseConfig(raw)
	if err != nil {
		if file, ok := errors.AsType[*fs.PathError](err); ok {
			return nil, bad(fmt.Sprintf("the URL names a file that cannot be read: %v", file))
		}
		return nil, bad("the host, the port or a parameter after ? is not valid")
	}
	if config.ConnConfig.Database == "" {
		return nil, bad("the URL names no database")
	}
	return config, nil
}

// Address names the database without user and password, for messages:
// "127.0.0.1:5432/kursapp".
func (s *Store) Address() string {
	c := s.pool.Config().ConnConfig
	host := c.Host
	if !isSocket(host) {
		host = net.JoinHostPort(host, fmt.Sprint(c.Port))
	}
	return host + "/" + c.Database
}

// isSocket reports whether host is the folder of a unix socket.
func isSocket(host string) bool {
	return strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@")
}

// isLoopback reports whether every server that the configuration may lead to
// is on this machine. Names other than localhost are not looked up: what they
// mean may change between this look and the connection.
func isLoopback(c *pgxpool.Config) bool {
	local := func(host string) bool {
		ip := net.ParseIP(host)
		return isSocket(host) || strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
	}
	for _, f := range c.ConnConfig.Fallbacks {
		if !local(f.Host) {
			return false
		}
	}
	return local(c.ConnConfig.Host)
}
