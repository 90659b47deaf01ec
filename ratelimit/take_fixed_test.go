package ratelimit

import (
	"context"
	"maps"
	"strconv"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"pgregory.net/rapid"

	"github.com/speedlayer/speedlayer/internal/redistest"
)

// found is what lies under a key before the charges come: what a limiter left, or what
// somebody damaged.
type found func(b rueidis.Builder, key string) []rueidis.Completed

func hash(ttl time.Duration, fields ...string) found {
	return func(b rueidis.Builder, key string) []rueidis.Completed {
		set := b.Hset().Key(key).FieldValue()
		for i := 0; i < len(fields); i += 2 {
			set = set.FieldValue(fields[i], fields[i+1])
		}
		commands := []rueidis.Completed{set.Build()}
		if ttl > 0 {
			commands = append(commands, b.Pexpire().Key(key).Milliseconds(ttl.Milliseconds()).Build())
		}
		return commands
	}
}

var foundStates = []found{
	func(rueidis.Builder, string) []rueidis.Completed { return nil },
	hash(30*time.Minute, "count", "2", "window", "before"),
	hash(0, "count", "2", "window", "before"),
	hash(100*time.Hour, "count", "1", "window", "before"),
	hash(30*time.Minute, "count", "1"),
	hash(30*time.Minute, "count", "0", "window", "before"),
	hash(30*time.Minute, "count", "007", "window", "before"),
	hash(0, "count", "many", "window", "before"),
	hash(30*time.Minute, "count", "1e1", "window", "before"),
	hash(30*time.Minute, "count", "4000000000000000", "window", "before"),
	hash(30*time.Minute, "other", "1"),
	func(b rueidis.Builder, key string) []rueidis.Completed {
		return []rueidis.Completed{b.Rpush().Key(key).Element("x").Build()}
	},
}

// without is a rule that never refuses: with it, a charge is made by take.lua.
var without = Rule{Name: "without", Limit: MaxLimit, Window: MaxWindow, Algorithm: GCRA}

// TestFixedScriptsDoWhatTakeDoes: the scripts for fixed windows alone, which keep counters
// from charge to charge, decide, report and leave what take.lua does with one charge
// after the other.
func TestFixedScriptsDoWhatTakeDoes(t *testing.T) {
	t.Parallel()
	client := redistest.Shared(t).Client(t)
	prefix := redistest.Prefix(t)
	runs := 0
	one, two, three := Rule{Name: "one", Limit: 5, Window: time.Hour}, Rule{Name: "two", Limit: 4, Window: 2 * time.Hour}, Rule{Name: "three", Limit: 9, Window: 3 * time.Hour}
	lower := Rule{Name: "one", Limit: 3, Window: time.Minute}
	sets := map[kind][][]Rule{
		onlyFixed:  {{one}, {lower}, {two}},
		fixedRules: {{one, two}, {lower, two}, {two, one}, {one, two, three}, {three, two}},
	}
	rapid.Check(t, func(rt *rapid.T) {
		runs++
		fast := newComparison(t, client, prefix+strconv.Itoa(runs)+"f:")
		slow := newComparison(t, client, prefix+strconv.Itoa(runs)+"s:")
		subjects := []string{"a", "b"}
		for _, s := range subjects {
			for _, r := range []Rule{one, two, three} {
				put := rapid.SampledFrom(foundStates).Draw(rt, "found "+s+" "+r.Name)
				for _, c := range []*comparison{fast, slow} {
					c.do(rt, put(client.B(), Charge{Subject: s, Rules: []Rule{r}}.keys(c.l.o.Prefix)[0])...)
				}
			}
		}
		k := rapid.SampledFrom([]kind{onlyFixed, fixedRules}).Draw(rt, "kind")
		id := rapid.SampledFrom([]string{"id", "id", ""}).Draw(rt, "id")
		var charges []Charge
		for range rapid.IntRange(1, 20).Draw(rt, "charges") {
			c := Charge{
				Subject: rapid.SampledFrom(subjects).Draw(rt, "subject"),
				Rules:   rapid.SampledFrom(sets[k]).Draw(rt, "rules"), Cost: rapid.Int64Range(1, 2).Draw(rt, "cost"),
			}
			if c.kind() != k {
				rt.Fatalf("kind %d, want %d", c.kind(), k)
			}
			charges = append(charges, c)
		}
		fast.compare(rt, slow, id, charges)
	})
}

type comparison struct{ l *Limiter }

func newComparison(t *testing.T, client rueidis.Client, prefix string) *comparison {
	t.Helper()
	l := New(client, Options{Prefix: prefix, RedisTimeout: 20 * time.Second})
	t.Cleanup(l.Close)
	return &comparison{l}
}

func (c *comparison) do(rt *rapid.T, commands ...rueidis.Completed) {
	rt.Helper()
	for _, command := range commands {
		if err := c.l.client.Do(context.Background(), command).Error(); err != nil {
			rt.Fatal(err)
		}
	}
}

// compare makes the charges of fast in one script, and those of slow each with take.lua.
func (c *comparison) compare(rt *rapid.T, slow *comparison, id string, charges []Charge) {
	rt.Helper()
	var all []question
	for _, charge := range charges {
		all = append(all, question{charge, charge.keys(c.l.o.Prefix)})
	}
	got, err := c.l.exchange(context.Background(), id, all...)
	if err != nil {
		rt.Fatal(err)
	}
	for i, charge := range charges {
		mixed := charge
		mixed.Rules = append(charge.Rules[:len(charge.Rules):len(charge.Rules)], without)
		want, err := slow.l.exchange(context.Background(), id, question{mixed, mixed.keys(slow.l.o.Prefix)})
		if err != nil {
			rt.Fatal(err)
		}
		if got[i].allowed != want[0].allowed {
			rt.Errorf("charge %d: allowed %v, want %v", i, got[i].allowed, want[0].allowed)
		}
		for j := range charge.Rules {
			g, w := got[i].states[j], want[0].states[j]
			if d := g.left - w.left; d < -time.Minute/2 || d > time.Minute/2 {
				rt.Errorf("charge %d, rule %d: %v left, want %v", i, j, g.left, w.left)
			}
			g.left, g.retry, w.left, w.retry = 0, 0, 0, 0
			if g != w {
				rt.Errorf("charge %d, rule %d: %+v, want %+v", i, j, g, w)
			}
		}
	}
	for _, charge := range charges {
		slowKeys := charge.keys(slow.l.o.Prefix)
		for i, key := range charge.keys(c.l.o.Prefix) {
			g, gTTL := c.lies(rt, key)
			w, wTTL := slow.lies(rt, slowKeys[i])
			if !maps.Equal(g, w) || gTTL != wTTL {
				rt.Errorf("%s: %v, TTL %v; want %v, TTL %v", key, g, gTTL, w, wTTL)
			}
		}
	}
}

// lies is what is in Redis, and whether it has a TTL.
func (c *comparison) lies(rt *rapid.T, key string) (map[string]string, bool) {
	rt.Helper()
	b := c.l.client.B()
	fields, err := c.l.client.Do(context.Background(), b.Hgetall().Key(key).Build()).AsStrMap()
	if err != nil {
		fields = map[string]string{"error": err.Error()}
	}
	ttl, err := c.l.client.Do(context.Background(), b.Pttl().Key(key).Build()).AsInt64()
	if err != nil {
		rt.Fatal(err)
	}
	return fields, ttl > 0
}
