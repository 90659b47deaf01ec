package jobs

import (
	"context"
	"crypto/tls"
	"net"
	"time"

	"github.com/wneessen/go-mail"
)

// boundedConn is a connection whose deadline cannot be moved beyond an instant.
// go-mail moves it with every step, so that a server that answers each one late
// could hold a worker for ever.
type boundedConn struct {
	net.Conn
	latest time.Time
}

func (c *boundedConn) bound(t time.Time) time.Time {
	if t.IsZero() || t.After(c.latest) {
		return c.latest
	}
	return t
}

func (c *boundedConn) SetDeadline(t time.Time) error     { return c.Conn.SetDeadline(c.bound(t)) }
func (c *boundedConn) SetReadDeadline(t time.Time) error { return c.Conn.SetReadDeadline(c.bound(t)) }

func (c *boundedConn) SetWriteDeadline(t time.Time) error { return c.Conn.SetWriteDeadline(c.bound(t)) }

// dialer returns what connects for one delivery. The connection closes when ctx
// ends, at the latest with the delivery: go-mail leaves it open after some errors.
func (s *SMTP) dialer(ctx context.Context, config *tls.Config) mail.DialContextFunc {
	return func(dialCtx context.Context, network, address string) (net.Conn, error) {
		d := net.Dialer{Timeout: s.o.DialTimeout}
		raw, err := d.DialContext(dialCtx, network, address)
		if err != nil {
			return nil, err
		}
		context.AfterFunc(ctx, func() { _ = raw.Close() })
		latest, _ := ctx.Deadline() // Send has set one
		conn := &boundedConn{raw, latest}
		if err := conn.SetDeadline(latest); err != nil {
			return nil, err
		}
		if !s.server.tls {
			return conn, nil
		}
		secure := tls.Client(conn, config)
		dialCtx, cancel := context.WithTimeout(dialCtx, s.o.DialTimeout)
		defer cancel()
		if err := secure.HandshakeContext(dialCtx); err != nil {
			return nil, err
		}
		return secure, nil
	}
}
