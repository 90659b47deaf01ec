package httpapi

import (
	"strings"
	"sync"
	"testing"
)

// TestLanguagesOfConcurrentRequestsDoNotMix also shows that two servers of
// different modes share nothing.
func TestLanguagesOfConcurrentRequestsDoNotMix(t *testing.T) {
	t.Parallel()
	demo, production := newSite(t, Demo), newSite(t, Production)
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for range 10 {
				for _, tt := range []struct {
					s                           *site
					method, target, in          string
					germanDetail, englishDetail string
				}{
					{demo, "POST", "/users", `{}`, "Ungültige Eingabe: Feld „email“ fehlt; Feld „name“ fehlt; Feld „password“ fehlt.", "Invalid input: field “email” is missing; field “name” is missing; field “password” is missing."},
					{demo, "GET", "/users/77", "", "User nicht gefunden", "User not found"},
					{production, "GET", "/users/77", "", "Authorization-Header fehlt oder ungültig", "Authorization header missing or invalid"},
					{production, "GET", "/nothing", "", "Diese Adresse gibt es nicht", "There is nothing at this address"},
				} {
					want, language := tt.germanDetail, "de"
					if i%2 == 1 {
						want, language = tt.englishDetail, "en"
					}
					w := tt.s.do(t, tt.method, tt.target, tt.in, "Accept-Language", language)
					if p := problem(t, w); p.Detail != want {
						t.Errorf("%s %s in %s: %q", tt.method, tt.target, language, p.Detail)
					}
				}
			}
		})
	}
	wg.Wait()
}

func TestLanguageOf(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]lang{
		"":                         german,
		"*":                        german,
		"de":                       german,
		"de-AT, en;q=0.9":          german,
		"en":                       english,
		"EN-us":                    english,
		"en-GB,en;q=0.9,de;q=0.8":  english,
		"fr, en;q=0.5":             english,
		"fr":                       german,
		"fr, de;q=0.2, en;q=0.5":   english,
		"en;q=0.1, de;q=0.9":       german,
		"zh-Hant-TW":               german,
		"???":                      german,
		"en;q=x":                   german,
		strings.Repeat("-", 10000): german,
	} {
		if got := languageOf(header); got != want {
			t.Errorf("languageOf(%.40q) = %s, want %s", header, got, want)
		}
	}
}
