package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/kursapp/internal/config"
)

// shellTimeout bounds one exchange with Redis for a person who waits, and who may ask
// for a thousand payloads.
const shellTimeout = 5 * time.Second

// shellRedis is the Redis of a command that needs nothing else.
type shellRedis struct {
	client rueidis.Client
	addr   string // where it is, without user and password
}

func openShellRedis(ctx context.Context, url string) (shellRedis, error) {
	options, err := parseRedisURL(url)
	if err != nil {
		return shellRedis{}, err
	}
	r := shellRedis{addr: strings.Join(options.InitAddress, ", ")}
	// The library cannot be told to stop waiting.
	type opened struct {
		client rueidis.Client
		err    error
	}
	done := make(chan opened, 1)
	go func() {
		client, err := rueidis.NewClient(options)
		done <- opened{client, err}
	}()
	select {
	case o := <-done:
		if o.err != nil {
			return shellRedis{}, r.away(o.err)
		}
		r.client = o.client
		return r, nil
	case <-time.After(shellTimeout):
		return shellRedis{}, r.away(context.DeadlineExceeded)
	case <-ctx.Done():
		return shellRedis{}, ctx.Err()
	}
}

// checkMark keeps a mistyped REDIS_URL from writing into somebody else's Redis, and
// from passing for one in which all is well.
func (r shellRedis) checkMark(ctx context.Context, remarks io.Writer, readOnly bool) error {
	ctx, cancel := context.WithTimeout(ctx, shellTimeout)
	defer cancel()
	err := r.client.Do(ctx, r.client.B().Get().Key(markKey).Build()).Error()
	if !rueidis.IsRedisNil(err) {
		return err
	}
	const unmarked = "nothing says that kursapp uses this Redis. Check REDIS_URL and its database number"
	if readOnly {
		fmt.Fprintln(remarks, "kursapp: note: "+unmarked)
		return nil
	}
	return config.Usagef("REDIS_URL: %s, or start \"kursapp serve\" with it first", unmarked)
}

// explain says what to do about an error of Redis; other errors stay as they are.
func (r shellRedis) explain(err error) error {
	if err == nil || config.IsUsage(err) || errors.Is(err, context.Canceled) {
		return err
	}
	return r.away(err)
}

func (r shellRedis) away(err error) error {
	return fmt.Errorf("redis at %s cannot be asked: %w. Check that it runs and that REDIS_URL is right", r.addr, err)
}
