package ratelimit

import (
	"context"
	"fmt"
	"maps"
	"slices"
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

// frozen is the clock of these tests, in microseconds: 1 January 2026.
const frozen = 1_767_225_600_000_000

func text(ttl time.Duration, value string) found {
	return func(b rueidis.Builder, key string) []rueidis.Completed {
		set := b.Set().Key(key).Value(value)
		if ttl > 0 {
			return []rueidis.Completed{set.Px(ttl).Build()}
		}
		return []rueidis.Completed{set.Build()}
	}
}

// foundBuckets have nothing that would be over within the test's own time.
var foundBuckets = []found{
	func(rueidis.Builder, string) []rueidis.Completed { return nil },
	text(30*time.Minute, "gcra 1767226600000000 0 5 0 before"),
	text(0, "gcra 1767226600000000 2 7 1000 before"),
	text(100*time.Hour, "gcra 1767226600000000 0 5 0 before"),
	text(0, "gcra 1767225600000000 0 7 0 before"), // empty
	text(0, "gcra 1967225600000000 0 7 0 before"), // fuller than full
	text(30*time.Minute, "gcra many"),
	text(0, ""),
	hash(30*time.Minute, "count", "1"),
}

// alone is what a script that makes charges of one kind is tested with.
type alone struct {
	kind  kind
	rules [][]Rule
	found []found
	// with is a rule that never refuses: with it, a charge is made by take.lua.
	with Rule
}

func aloneCases() map[string]alone {
	one, two := Rule{Name: "one", Limit: 5, Window: time.Hour}, Rule{Name: "two", Limit: 4, Window: 2 * time.Hour}
	three, lower := Rule{Name: "three", Limit: 9, Window: 3 * time.Hour}, Rule{Name: "one", Limit: 3, Window: time.Minute}
	seventh := Rule{Name: "one", Limit: 7, Window: time.Hour, Algorithm: GCRA}
	burst := Rule{Name: "one", Limit: 5, Burst: 3, Window: time.Hour, Algorithm: GCRA}
	other := Rule{Name: "two", Limit: 7, Window: 2 * time.Hour, Algorithm: GCRA}
	bucket, window := Rule{Name: "with", Limit: MaxLimit, Window: MaxWindow, Algorithm: GCRA}, Rule{Name: "with", Limit: MaxLimit, Window: MaxWindow}
	return map[string]alone{
		"take_fixed":       {onlyFixed, [][]Rule{{one}, {lower}, {two}}, foundStates, bucket},
		"take_fixed_rules": {fixedRules, [][]Rule{{one, two}, {lower, two}, {two, one}, {one, two, three}, {three, two}}, foundStates, bucket},
		"take_gcra":        {onlyGCRA, [][]Rule{{seventh}, {burst}, {other}}, foundBuckets, window},
	}
}

// TestScriptsOfOneKindDoWhatTakeDoes: those that keep counters from charge to charge
// decide, report and leave what take.lua does with one charge after the other.
func TestScriptsOfOneKindDoWhatTakeDoes(t *testing.T) {
	t.Parallel()
	for name, tt := range aloneCases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, prefix, runs := redistest.Shared(t).Client(t), redistest.Prefix(t), 0
			rapid.Check(t, func(rt *rapid.T) {
				runs++
				fast := newComparison(t, client, prefix+strconv.Itoa(runs)+"f:")
				slow := newComparison(t, client, prefix+strconv.Itoa(runs)+"s:")
				tt.put(rt, fast, slow)
				id := rapid.SampledFrom([]string{"id", "id", ""}).Draw(rt, "id")
				fast.compare(rt, slow, id, tt.charges(rt), tt.with)
			})
		})
	}
}

var aloneSubjects = []string{"a", "b"}

// put lets the same lie in both places.
func (a alone) put(rt *rapid.T, places ...*comparison) {
	rt.Helper()
	for _, s := range aloneSubjects {
		for _, name := range []string{"one", "two", "three"} {
			found := rapid.SampledFrom(a.found).Draw(rt, "found "+s+" "+name)
			for _, c := range places {
				key := Charge{Subject: s, Rules: []Rule{{Name: name}}}.keys(c.l.o.Prefix)[0]
				c.do(rt, found(c.l.client.B(), key)...)
			}
		}
	}
}

func (a alone) charges(rt *rapid.T) []Charge {
	rt.Helper()
	var charges []Charge
	for range rapid.IntRange(1, 20).Draw(rt, "charges") {
		c := Charge{
			Subject: rapid.SampledFrom(aloneSubjects).Draw(rt, "subject"),
			Rules:   rapid.SampledFrom(a.rules).Draw(rt, "rules"), Cost: rapid.Int64Range(1, 2).Draw(rt, "cost"),
		}
		if c.kind() != a.kind {
			rt.Fatalf("kind %d, want %d", c.kind(), a.kind)
		}
		charges = append(charges, c)
	}
	return charges
}

type comparison struct{ l *Limiter }

func newComparison(t *testing.T, client rueidis.Client, prefix string) *comparison {
	t.Helper()
	l := New(client, Options{Prefix: prefix, RedisTimeout: 20 * time.Second})
	l.scripts = newScripts("local now = " + strconv.Itoa(frozen) + "\n")
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
func (c *comparison) compare(rt *rapid.T, slow *comparison, id string, charges []Charge, with Rule) {
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
		mixed.Rules = append(slices.Clip(charge.Rules), with)
		want, err := slow.l.exchange(context.Background(), id, question{mixed, mixed.keys(slow.l.o.Prefix)})
		if err != nil {
			rt.Fatal(err)
		}
		if got[i].allowed != want[0].allowed {
			rt.Errorf("charge %d: allowed %v, want %v", i, got[i].allowed, want[0].allowed)
		}
		for j := range charge.Rules {
			g, w := got[i].states[j], want[0].states[j]
			if (g.left - w.left).Abs() > time.Minute/2 {
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
			if !maps.Equal(g, w) || (gTTL > 0) != (wTTL > 0) || (gTTL-wTTL).Abs() > time.Minute/2 {
				rt.Errorf("%s: %v, TTL %v; want %v, TTL %v", key, g, gTTL, w, wTTL)
			}
		}
	}
}

// lies is what is in Redis, and its TTL.
func (c *comparison) lies(rt *rapid.T, key string) (map[string]string, time.Duration) {
	rt.Helper()
	b := c.l.client.B()
	fields, err := c.l.client.Do(context.Background(), b.Hgetall().Key(key).Build()).AsStrMap()
	if err != nil { // another type
		value, err := c.l.client.Do(context.Background(), b.Get().Key(key).Build()).ToString()
		fields = map[string]string{"value": value, "error": fmt.Sprint(err)}
	}
	ttl, err := c.l.client.Do(context.Background(), b.Pttl().Key(key).Build()).AsInt64()
	if err != nil {
		rt.Fatal(err)
	}
	return fields, time.Duration(ttl) * time.Millisecond
}
