package redisx_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/speedlayer/speedlayer/internal/redisx"
)

func TestEscape(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                "",
		"user:42":         "user:42",
		"Jürgen":          "Jürgen",
		"{a}":             "%7Ba%7D",
		"50%":             "50%25",
		"a b\n":           "a%20b%0A",
		"\xff":            "%FF",
		"\ufffd":          "\ufffd",
		"zero\u200bwidth": "zero%E2%80%8Bwidth",
	} {
		if got := redisx.Escape(in); got != want {
			t.Errorf("Escape(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestEscapeBoundsLength(t *testing.T) {
	t.Parallel()
	if got := redisx.Escape(strings.Repeat("x", 256)); got != strings.Repeat("x", 256) {
		t.Errorf("256 bytes are not kept: %q", got)
	}
	want := strings.Repeat("x", 184) + "%sha256-15eb95a462ee20bd91a415ae2d4aed341288186ddaa2b37908f7d592f0c3f85f"
	if got := redisx.Escape(strings.Repeat("x", 257)); got != want {
		t.Errorf("257 bytes become %q", got)
	}
	for _, s := range []string{strings.Repeat("{", 300), strings.Repeat("ä", 300), strings.Repeat("ab€", 300), "a" + strings.Repeat("{", 300)} {
		got := redisx.Escape(s)
		before, _, ok := strings.Cut(got, "%sha256-")
		if !ok || len(got) > 256 || !utf8.ValidString(got) || strings.HasSuffix(before, "%") || strings.HasSuffix(before, "%7") {
			t.Errorf("Escape of %d bytes: %q", len(s), got)
		}
	}
}

// anyText mixes the characters that matter with arbitrary ones, and is long
// enough now and then to be hashed.
func anyText() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringMatching(`[ab{}%:7BD ]{0,6}`),
		rapid.String(),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 20), func(b []byte) string { return string(b) }),
		rapid.Map(rapid.StringMatching(`[a{]{1,3}`), func(s string) string { return strings.Repeat(s, 100) }),
	)
}

func TestEscapeProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyText().Draw(t, "a"), anyText().Draw(t, "b")
		ea, eb := redisx.Escape(a), redisx.Escape(b)
		if (a == b) != (ea == eb) {
			t.Fatalf("%q and %q become %q and %q", a, b, ea, eb)
		}
		if strings.ContainsAny(ea, "{} \t\r\n\x00") || !utf8.ValidString(ea) || len(ea) > 256 {
			t.Fatalf("%q becomes %q, which is not safe", a, ea)
		}
	})
}

func TestCompanion(t *testing.T) {
	t.Parallel()
	if got := redisx.Companion("cache:user:42", "lease"); got != "{cache:user:42}:lease" {
		t.Errorf("Companion = %q", got)
	}
	if got := redisx.Companion("{mail}:queue", "dead"); got != "{mail}:queue:dead" {
		t.Errorf("Companion of a key with a tag = %q", got)
	}
}

func TestCompanionSharesTheSlot(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		key := "cache:" + redisx.Escape(anyText().Draw(t, "key"))
		if tag := rapid.SampledFrom([]string{"", "{t}:"}).Draw(t, "tag"); tag != "" {
			key = tag + key
		}
		companion := redisx.Companion(key, "lease")
		if slot(key) != slot(companion) {
			t.Fatalf("%q is in slot %d, %q in %d", key, slot(key), companion, slot(companion))
		}
	})
}

// slot is the hash slot of a key as the Redis Cluster specification defines it:
// CRC16 (XMODEM) of the hash tag, modulo 16384.
func slot(key string) uint16 {
	if open := strings.IndexByte(key, '{'); open >= 0 {
		if end := strings.IndexByte(key[open+1:], '}'); end > 0 {
			key = key[open+1 : open+1+end]
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
	return crc % 16384
}

func TestSlotMatchesTheSpecification(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]uint16{
		"123456789":                  0x31C3, // the vector in the specification
		"foo":                        12182,
		"{user1000}.following":       slot("user1000"),
		"foo{}{bar}":                 8363,
		"foo{{bar}}zap":              slot("{bar"),
		"{user1000}.followers":       slot("{user1000}.following"),
		"cache:user:{42}:suffix":     slot("42"),
		"cache:user:unclosed{braces": slot("cache:user:unclosed{braces"),
	} {
		if got := slot(key); got != want {
			t.Errorf("slot(%q) = %d, want %d", key, got, want)
		}
	}
}
