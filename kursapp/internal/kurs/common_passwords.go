package kurs

import (
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/trustelem/zxcvbn/frequency"
)

// commonPasswords are the most common passwords that are long enough to be one here,
// in lower case: those that leaked most often, as zxcvbn counted them. Made at the
// first question.
var commonPasswords = sync.OnceValue(func() map[string]struct{} {
	all := frequency.FrequencyLists["passwords"]
	common := make(map[string]struct{}, len(all)/2)
	for _, password := range all {
		if utf8.RuneCountInString(password) >= MinPasswordLength {
			common[strings.ToLower(password)] = struct{}{}
		}
	}
	return common
})

// ContextWords are what whoever guesses passwords of this service in particular tries
// first: its names. docs/security.md has them too.
func ContextWords() []string { return []string{"kursapp", "speedlayer"} }

// isCommon reports whether password is a common one, in whichever case, or little more
// than one of the ContextWords: what else is in it would be too short for a password.
func isCommon(password string) bool {
	password = strings.ToLower(password)
	rest := password
	for _, word := range ContextWords() {
		rest = strings.ReplaceAll(rest, word, "")
	}
	if rest != password && utf8.RuneCountInString(rest) < MinPasswordLength {
		return true
	}
	_, common := commonPasswords()[password]
	return common
}
