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

// isCommon reports whether password is a common one, in whichever case.
func isCommon(password string) bool {
	_, common := commonPasswords()[strings.ToLower(password)]
	return common
}
