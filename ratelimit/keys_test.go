package ratelimit_test

import (
	"strings"
	"testing"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/ratelimit"
)

func TestSubjectsDoNotMeetNorBreakKeys(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	one := rule("one", 1)
	for _, subject := range []string{
		"a", "a}", "{a}", "{a", "a:{b}", "%7Ba%7D", "a\r\nDEL x", "\x00", "\xff", " ", "日本", strings.Repeat("x", 5000), strings.Repeat("x", 5001),
	} {
		if !b.take(t, subject, one).Allowed {
			t.Errorf("%.20q shares a counter", subject)
		}
		if b.take(t, subject, one).Allowed {
			t.Errorf("%.20q has no counter", subject)
		}
	}
	if _, total := withoutTTL(t, b.client, b.prefix); total != 13 {
		t.Errorf("%d keys, want 13", total)
	}
}

func TestPrefixNeverDividesARequestAmongSlots(t *testing.T) {
	t.Parallel()
	client := redistest.Shared(t).Client(t)
	for _, prefix := range []string{"rate:", "{app}:rate:", "rate{:", "rate{}:", "}{:"} {
		b := newBedOn(t, client, ratelimit.Options{Prefix: redistest.Prefix(t) + prefix})
		b.take(t, "s", rule("first", 5), rule("second", 5))
		slots := map[int64]bool{}
		keys, err := b.do(t, "KEYS", strings.TrimSuffix(b.prefix, prefix)+"*}").AsStrSlice()
		if err != nil || len(keys) != 2 {
			t.Fatal(keys, err)
		}
		for _, key := range append(keys, ratelimit.LiftKey(b.prefix, "s")) {
			slots[slot(key)] = true
		}
		if len(slots) != 1 {
			t.Errorf("prefix %q: %v lie in %d slots", prefix, keys, len(slots))
		}
	}
}

// Whoever looks through the counters finds clients alone.
func TestNothingOfTheLimitersLiesAmongTheCounters(t *testing.T) {
	t.Parallel()
	for prefix, want := range map[string]string{
		"rate:": "ratelimit:", "{app}:rate:": "{app}:ratelimit:", "app:": "ratelimit:app:",
		"r": "limits:r", "ratelimit:": "limits:ratelimit:", "limits:": "ratelimit:limits:",
	} {
		if got := ratelimit.OwnPrefix(prefix); got != want {
			t.Errorf("beside %s lies %s, want %s", prefix, got, want)
		}
	}
	server := redistest.Start(t)
	b := newBedOn(t, server.Client(t), ratelimit.Options{Prefix: "rate:", RememberDenials: 10})
	r := rule("r", 1)
	taken := b.take(t, "192.0.2.1", r)
	b.remembered(t, "192.0.2.1", r)
	eventually(t, func() bool { return b.Stats().Instances == 1 })
	b.refund(t, taken)
	if _, n := withoutTTL(t, b.client, "rate:"); n != 1 {
		t.Errorf("%d keys begin with rate:, want 1: %v", n, b.do(t, "KEYS", "rate:*"))
	}
	if b.integer(t, "EXISTS", "ratelimit:instances") != 1 {
		t.Errorf("no ratelimit:instances: %v", b.do(t, "KEYS", "*"))
	}
	if got := ratelimit.LiftKey("rate:", "s"); got != "ratelimit:resets:{s}" { // lives for a second
		t.Errorf("resets are told in %s", got)
	}
}

// slot is a key's Cluster slot: CRC16 of its hash tag.
func slot(key string) int64 {
	if open := strings.IndexByte(key, '{'); open >= 0 {
		if length := strings.IndexByte(key[open+1:], '}'); length > 0 {
			key = key[open+1 : open+1+length]
		}
	}
	var crc uint16
	for i := range len(key) {
		crc ^= uint16(key[i]) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return int64(crc % 16384)
}
