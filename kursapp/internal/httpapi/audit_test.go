package httpapi

import (
	"context"
	"fmt"
	"testing"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

func TestAuditLogPassesOnWhatItIsAsked(t *testing.T) {
	t.Parallel()
	s := newSite(t, Demo)
	for query, want := range map[string]string{
		"":                                      "{0 0 [] 20}",
		"?kind=login_failed":                    "{0 0 [login_failed] 20}",
		"?kind=logged_out,user_deleted&limit=7": "{0 0 [logged_out user_deleted] 7}",
		"?user=3&kind=registered&cursor=Nw":     "{7 3 [registered] 20}",
		"?kind=":                                "{0 0 [] 20}",
	} {
		s.accounts.audit = func(_ context.Context, _ kurs.Actor, q kurs.AuditQuery) (kurs.AuditPage, error) {
			if got := fmt.Sprint(q); got != want {
				t.Errorf("%s: asked for %s, want %s", query, got, want)
			}
			return kurs.AuditPage{Entries: []kurs.AuditEntry{}}, nil
		}
		if w := s.do(t, "GET", "/audit"+query, ""); w.Code != 200 || body(w) != `{"entries":[]}` {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}
	for _, query := range []string{"?kind=nothing", "?kind=login_failed,nothing", "?kind=login_failed,"} {
		if w := s.do(t, "GET", "/audit"+query, ""); w.Code != 422 {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}
}
