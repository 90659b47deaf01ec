package kurs

import (
	"encoding/json"
	"strings"
	"unicode"
)

// Redacted is what stands in the place of a value that nobody should see.
const Redacted = "•••"

// secretWords are what the names of members with such values contain, once everything but
// letters and digits is taken out of them.
var secretWords = []string{
	"password", "passwort", "passwd", "passphrase", "pwd", "kennwort", "secret", "geheim", "token", "code", "link", "url",
	"apikey", "privatekey", "authorization", "credential", "cookie",
}

// maxRedactDepth bounds JSON in strings of JSON. What lies deeper is left out as a whole.
const maxRedactDepth = 4

// RedactPayload returns the text of a task's payload with the values of all members
// left out whose names speak of a password, a token, a secret, a code, a link or another
// thing that opens something, in any case and spelling. Whatever the value was, a string
// stands in its place. A string that holds JSON is gone through too. A payload that is no
// JSON, or was cut off, is gone through as far as it looks like JSON.
//
// A decoder would refuse those, and lose the order and the spelling of what people look
// at, so this is a scanner of its own.
func RedactPayload(payload []byte) string { return redact(string(payload), 0) }

func redact(text string, depth int) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		if text[i] != '"' {
			b.WriteByte(text[i])
			i++
			continue
		}
		end := endOfString(text, i)
		colon := skipSpace(text, end)
		isName := colon < len(text) && text[colon] == ':'
		if !isName {
			b.WriteString(redactString(text[i:end], depth))
			i = end
			continue
		}
		b.WriteString(text[i:end])
		if !isSecretName(text[i:end]) {
			i = end
			continue
		}
		value := skipSpace(text, colon+1)
		b.WriteString(text[end:value])
		if i = endOfValue(text, value); i > value {
			b.WriteString(`"` + Redacted + `"`)
		}
	}
	return b.String()
}

// redactString does to the JSON in a JSON string, with its quotes, what redact does. One
// that has none, or nothing to hide, keeps its spelling. What has quotes and is no string
// that could be read is left out.
func redactString(quoted string, depth int) string {
	if !strings.Contains(quoted, `\`) {
		return quoted // JSON in a string has quotes, and they are escaped
	}
	inner, ok := readString(quoted)
	if ok && (!strings.Contains(inner, `"`) || !strings.ContainsAny(inner, "{[")) {
		return quoted
	}
	if !ok || depth == maxRedactDepth {
		return `"` + Redacted + `"`
	}
	if text := redact(inner, depth+1); text != inner {
		return quote(text)
	}
	return quoted
}

// readString reads a JSON string, of one that was cut off as much as there is.
func readString(quoted string) (text string, ok bool) {
	if json.Unmarshal([]byte(quoted), &text) == nil {
		return text, true
	}
	const longestEscape = len(`\u00e4`)
	for cut := 0; cut < longestEscape && cut < len(quoted); cut++ {
		if json.Unmarshal([]byte(quoted[:len(quoted)-cut]+`"`), &text) == nil {
			return text, true
		}
	}
	return "", false
}

// quote returns a text as a JSON string, with as few escapes as can be.
func quote(text string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(text) // of a string, into memory
	return strings.TrimSuffix(b.String(), "\n")
}

// isSecretName judges a JSON string with its quotes.
func isSecretName(quoted string) bool {
	var name string
	if json.Unmarshal([]byte(quoted), &name) != nil {
		name = quoted
	}
	name = strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, name)
	for _, word := range secretWords {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// endOfString returns the index behind the string that begins at i.
func endOfString(text string, i int) int {
	for i++; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

// endOfValue returns the index behind the value that begins at i. What is no value
// ends where the next member may begin.
func endOfValue(text string, i int) int {
	depth := 0
	for i < len(text) {
		switch text[i] {
		case '"':
			i = endOfString(text, i)
			if depth == 0 {
				return i
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',':
			if depth == 0 {
				return i
			}
		}
		i++
	}
	return i
}

func skipSpace(text string, i int) int {
	for i < len(text) && strings.IndexByte(" \t\r\n", text[i]) >= 0 {
		i++
	}
	return i
}
