package redisx

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxEscaped is the length in bytes up to which Escape keeps a string readable.
const maxEscaped = 256

// Escape makes any string safe as a part of a key. Braces (which choose the
// Cluster slot), '%', white space, control and other invisible characters and
// bytes that are not UTF-8 become %XX; colons stay. Different strings have
// different escapes. A string whose escape is longer than 256 bytes becomes the
// beginning of it, "%sha256-" and the SHA-256 of the string in hexadecimal, 256
// bytes at most.
func Escape(s string) string {
	if len(s) <= maxEscaped && plain(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if safe(r, size) {
			b.WriteString(s[i : i+size])
		} else {
			for _, c := range []byte(s[i : i+size]) {
				const hexDigits = "0123456789ABCDEF"
				b.Write([]byte{'%', hexDigits[c>>4], hexDigits[c&15]})
			}
		}
		i += size
	}
	escaped := b.String()
	if len(escaped) <= maxEscaped {
		return escaped
	}
	sum := sha256.Sum256([]byte(s))
	digest := "%sha256-" + hex.EncodeToString(sum[:]) // "%s" is no escape of a byte
	return cut(escaped, maxEscaped-len(digest)) + digest
}

func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || c == '{' || c == '}' || c == '%' {
			return false
		}
	}
	return true
}

func safe(r rune, size int) bool {
	if r == utf8.RuneError && size == 1 || r == '{' || r == '}' || r == '%' {
		return false
	}
	return unicode.IsGraphic(r) && !unicode.IsSpace(r)
}

// cut returns at most n bytes of an escaped string and divides neither a
// character nor a %XX.
func cut(escaped string, n int) string {
	for n > 0 && !utf8.RuneStart(escaped[n]) {
		n--
	}
	if i := strings.LastIndexByte(escaped[:n], '%'); i > n-3 && i >= 0 {
		n = i
	}
	return escaped[:n]
}

// Companion returns the name of a second key that belongs to key, as
// "{cache:user:42}:lease" for "cache:user:42" and "lease". Both hash to the same
// Cluster slot, so that one script may use both, if key is not empty and holds no
// braces: see [Escape]. A key that has a hash tag of its own, as "{mail}:dead",
// keeps it: "{mail}:dead:lease".
func Companion(key, suffix string) string {
	_, rest, _ := strings.Cut(key, "{")
	if tag, _, closed := strings.Cut(rest, "}"); closed && tag != "" {
		return key + ":" + suffix
	}
	return "{" + key + "}:" + suffix
}
