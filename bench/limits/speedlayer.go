package limits

import (
	"context"
	"fmt"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/ratelimit"
)

func speedlayerFixed() Contestant {
	return speedlayer("speedlayer", "speedlayer, fixed", ratelimit.FixedWindow)
}

func speedlayerSliding() Contestant {
	return speedlayer("speedlayer-sliding", "speedlayer, sliding", ratelimit.SlidingWindow)
}

func speedlayerGCRA() Contestant {
	return speedlayer("speedlayer-gcra", "speedlayer, GCRA", ratelimit.GCRA)
}

func speedlayer(id, name string, a ratelimit.Algorithm) Contestant {
	return Contestant{
		ID: id, Name: name, Remembers: true, Drains: a == ratelimit.GCRA,
		Open: func(_ context.Context, redis string, rules ...Rule) (Limiter, error) {
			return openSpeedlayer(redis, a, rules)
		},
	}
}

type ours struct {
	*ratelimit.Limiter
	client rueidis.Client
	rules  []ratelimit.Rule
}

func openSpeedlayer(redis string, a ratelimit.Algorithm, rules []Rule) (Limiter, error) {
	client, err := openRueidis(redis)
	if err != nil {
		return nil, fmt.Errorf("limits: %w", err)
	}
	o := &ours{Limiter: ratelimit.New(client, ratelimit.Options{}), client: client}
	for _, r := range rules {
		o.rules = append(o.rules, ratelimit.Rule{Name: r.Name, Limit: r.Limit, Window: r.Window, Algorithm: a})
	}
	return o, nil
}

func (o *ours) Take(ctx context.Context, subject string, cost int64) (Decision, error) {
	var res ratelimit.Result
	var err error
	if cost == 1 {
		res, err = o.Limiter.Take(ctx, subject, o.rules...)
	} else {
		res, err = o.TakeEach(ctx, ratelimit.Charge{Subject: subject, Rules: o.rules, Cost: cost})
	}
	return Decision{res.Allowed, res.Remaining}, err
}

func (o *ours) Close() {
	o.Limiter.Close()
	o.client.Close()
}
