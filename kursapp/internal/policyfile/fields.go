package policyfile

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/ratelimit"
)

// field is a setting of a rule. Whether the whole makes sense, kurs.RateLimit says.
type field struct {
	name string
	set  func(l *kurs.RateLimit, v *unstable.Node) error
}

// fields are all settings of a rule.
var fields = []field{
	{"limit", setLimit},
	{"window", setWindow},
	{"algorithm", setAlgorithm},
	{"burst", setBurst},
	{"without_redis", setWithoutRedis},
	{"enabled", setEnabled},
}

func fieldNames() string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	return strings.Join(names, ", ")
}

func setLimit(l *kurs.RateLimit, v *unstable.Node) error {
	if v.Kind != unstable.Integer {
		return errors.New("want a whole number, without quotes")
	}
	// With base 0, underscores and the prefixes 0x, 0o and 0b mean what they mean in TOML.
	n, err := strconv.ParseInt(strings.TrimPrefix(string(v.Data), "+"), 0, 64)
	if err != nil {
		return fmt.Errorf("want a whole number from 1 to %d", kurs.MaxRateLimit)
	}
	l.Rule.Limit = n
	return nil
}

func setWindow(l *kurs.RateLimit, v *unstable.Node) error {
	const form = `want a time with its unit, as "30s", "10m" or "24h"`
	if v.Kind != unstable.String {
		return errors.New(form + ", in quotes")
	}
	d, err := time.ParseDuration(string(v.Data))
	if err != nil {
		return fmt.Errorf("%.40q: "+form, v.Data)
	}
	l.Rule.Window = d
	return nil
}

func setAlgorithm(l *kurs.RateLimit, v *unstable.Node) error {
	for _, a := range []ratelimit.Algorithm{ratelimit.FixedWindow, ratelimit.SlidingWindow, ratelimit.GCRA} {
		if v.Kind == unstable.String && string(v.Data) == a.String() {
			l.Rule.Algorithm = a
			return nil
		}
	}
	return errors.New(`want "fixed", "sliding" or "gcra"`)
}

func setBurst(l *kurs.RateLimit, v *unstable.Node) error {
	n, err := strconv.ParseInt(strings.TrimPrefix(string(v.Data), "+"), 0, 64)
	if v.Kind != unstable.Integer || err != nil {
		return errors.New("want a whole number, without quotes: how many may come at once")
	}
	l.Rule.Burst = n
	return nil
}

func setWithoutRedis(l *kurs.RateLimit, v *unstable.Node) error {
	for _, f := range []ratelimit.Fallback{ratelimit.FailLocal, ratelimit.FailOpen, ratelimit.FailClosed} {
		if v.Kind == unstable.String && string(v.Data) == f.String() {
			l.Rule.WithoutRedis = f
			return nil
		}
	}
	return errors.New(`want "local", "open" or "closed"`)
}

func setEnabled(l *kurs.RateLimit, v *unstable.Node) error {
	if v.Kind != unstable.Bool {
		return errors.New("want true or false, without quotes")
	}
	l.Off = string(v.Data) == "false"
	return nil
}
