package kurs

import (
	"encoding/json"
	"strings"
)

// Redacted is what stands in the place of a value that nobody should see.
const Redacted = "•••"

// secretWords are what the names of members with such values contain.
var secretWords = []string{"password", "passwort", "secret", "token", "code", "link"}

// RedactPayload returns the text of a task's payload with the values of all members
// left out whose names speak of a password, a token, a secret, a code or a link, in any
// case. Whatever the value was, a string stands in its place. A payload
// that is no JSON, or was cut off, is gone through as far as it looks like JSON.
//
// A decoder would refuse those, and lose the order and the spelling of what people look
// at, so this is a scanner of its own.
func RedactPayload(payload []byte) string {
	text := string(payload)
	var b strings.Builder
	for i := 0; i < len(text); {
		if text[i] != '"' {
			b.WriteByte(text[i])
			i++
			continue
		}
		end := endOfString(text, i)
		b.WriteString(text[i:end])
		colon := skipSpace(text, end)
		if colon >= len(text) || text[colon] != ':' || !isSecretName(text[i:end]) {
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

// isSecretName judges a JSON string with its quotes.
func isSecretName(quoted string) bool {
	var name string
	if json.Unmarshal([]byte(quoted), &name) != nil {
		name = quoted
	}
	name = strings.ToLower(name)
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
