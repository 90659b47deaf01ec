package commits

import (
	"context"
	"errors"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/cache"
)

// user is what the cache would hold; nobody reads it here.
type user struct{ Name string }

var errNotRead = errors.New("commits: nobody reads users")

// openUsers makes the cache whose entries are dropped.
func openUsers(redis string) (users *cache.Cache[int64, user], client rueidis.Client, closeUsers func(), err error) {
	client, err = rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{redis}, ForceSingleClient: true, PipelineMultiplex: -1,
	})
	if err != nil {
		return nil, nil, nil, err
	}
	users = cache.New(client, "user", func(context.Context, int64) (user, error) { return user{}, errNotRead },
		cache.Options{TTL: time.Minute})
	return users, client, func() {
		users.Close()
		client.Close()
	}, nil
}
