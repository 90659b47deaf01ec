package session_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/session"
)

func TestAttributesOfTheCookie(t *testing.T) {
	t.Parallel()
	now := time.Now()
	brief := &visit{CreatedAt: now, CheckedAt: now, ExpiresAt: now.Add(24 * time.Hour)}
	kept := &visit{CreatedAt: now, CheckedAt: now.Add(time.Hour), ExpiresAt: now.Add(25 * time.Hour), Remembered: true}
	late := &visit{CreatedAt: now, CheckedAt: now.Add(time.Hour), ExpiresAt: now.Add(time.Hour), Remembered: true}
	for _, tt := range []struct {
		name string
		o    session.HTTPOptions
		v    *visit
		want []string
	}{
		{"default", session.HTTPOptions{}, brief, []string{"__Host-session=abc; Path=/; HttpOnly; Secure; SameSite=Lax"}},
		{"remembered", session.HTTPOptions{}, kept, []string{"__Host-session=abc; Path=/; Max-Age=86400; HttpOnly; Secure; SameSite=Lax"}},
		{"remembered, at its end", session.HTTPOptions{}, late, []string{"__Host-session=abc; Path=/; Max-Age=1; HttpOnly; Secure; SameSite=Lax"}},
		{"strict", session.HTTPOptions{SameSite: http.SameSiteStrictMode}, brief, []string{"__Host-session=abc; Path=/; HttpOnly; Secure; SameSite=Strict"}},
		{"default mode", session.HTTPOptions{SameSite: http.SameSiteDefaultMode}, brief, []string{"__Host-session=abc; Path=/; HttpOnly; Secure; SameSite=Lax"}},
		{"insecure", session.HTTPOptions{Insecure: true}, brief, []string{"session=abc; Path=/; HttpOnly; SameSite=Lax"}},
		{"insecure with a name", session.HTTPOptions{Insecure: true, Cookie: "__Secure-sid"}, brief, []string{"sid=abc; Path=/; HttpOnly; SameSite=Lax"}},
		{"a name", session.HTTPOptions{Cookie: "sid"}, brief, []string{"sid=abc; Path=/; HttpOnly; Secure; SameSite=Lax"}},
		{"none", session.HTTPOptions{NoCookie: true}, brief, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			unconnected(t, tt.o).SetCookie(w, "abc", tt.v)
			if got := w.Header()["Set-Cookie"]; !slices.Equal(got, tt.want) {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func TestClearCookieNamesTheSameCookie(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	unconnected(t, session.HTTPOptions{}).ClearCookie(w)
	want := []string{"__Host-session=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax"}
	if got := w.Header()["Set-Cookie"]; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestTheLastCallDecidesOnTheCookie(t *testing.T) {
	t.Parallel()
	h := unconnected(t, session.HTTPOptions{})
	w := httptest.NewRecorder()
	w.Header().Set("Cache-Control", "public, max-age=60")
	http.SetCookie(w, &http.Cookie{Name: "theme", Value: "dark"})
	h.SetCookie(w, "old", &visit{})
	h.ClearCookie(w)
	h.SetCookie(w, "new", &visit{})
	want := []string{"theme=dark", "__Host-session=new; Path=/; HttpOnly; Secure; SameSite=Lax"}
	if got := w.Header()["Set-Cookie"]; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := w.Header()["Cache-Control"]; !slices.Equal(got, []string{"no-store"}) {
		t.Errorf("Cache-Control %q: an answer with a token must not be stored", got)
	}
}
