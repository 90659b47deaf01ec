package httpapi

import (
	"net/http/httptest"
	"testing"
)

func TestLoggedPathHasNoTokens(t *testing.T) {
	for target, want := range map[string]string{
		"/users/1?password=secret":                               "/users/1",
		"/users/9223372036854775807":                             "/users/9223372036854775807",
		"/password-resets/confirmations":                         "/password-resets/confirmations",
		"/docs/assets/index-B2cD3eF4.js":                         "/docs/assets/index-B2cD3eF4.js",
		"/sessions/Tr_fPMm5B3Vd8DhtRAtpKhe3Jy4Z3kF93wo-s9ykb2w":  "/sessions/Tr_fPMm5…",
		"/x/TVAPTTU7TGREEILDP2H2KO3GMV/y/TVAPTTU7TGREEILDP2H2KO": "/x/TVAPTTU7…/y/TVAPTTU7TGREEILDP2H2KO",
		"/%C3%BC%C3%BC%C3%BC%C3%BCTVAPTTU7TGREEILDP2H2KO3GMV":    "/üüüü…",
		"/a%C3%BC%C3%BC%C3%BC%C3%BCTVAPTTU7TGREEILDP2H2KO3GMV":   "/aüüü…",
	} {
		if got := loggedPath(httptest.NewRequest("GET", target, nil)); got != want {
			t.Errorf("%s is logged as %s, want %s", target, got, want)
		}
	}
}
