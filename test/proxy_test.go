package test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Two instances on the same data: one knows the proxy in front of it, which is this
// test, the other one does not.
func TestClientsBehindAProxyAreToldApart(t *testing.T) {
	t.Parallel()
	prod := newProduction(t)
	behind := start(t, append(slices.Clone(prod.env), "KURSAPP_TRUSTED_PROXIES=127.0.0.1, 10.0.0.0/8"), "serve")
	open := start(t, prod.env, "serve", "--worker=false")

	// What the client sent comes first; the proxies append.
	const via = "X-Forwarded-For: 203.0.113.9, 192.0.2.1, 10.1.1.1"
	body := `{"email":"` + userEmail + `","password":"` + password + `"}`
	first := "Authorization: Bearer " + call(t, behind, 200, "POST", "/login", body, via).field("token")
	call(t, open, 200, "POST", "/login", body, via)
	var addresses []string
	for _, d := range devices(t, behind, first, via) {
		addresses = append(addresses, d.Address)
	}
	if slices.Sort(addresses); fmt.Sprint(addresses) != "[127.0.0.1 192.0.2.1]" {
		t.Errorf("sessions from %v, want one from the client and one from the untrusted proxy", addresses)
	}

	for i := range 10 {
		lie := fmt.Sprintf("X-Forwarded-For: 203.0.113.%d, 192.0.2.1", i)
		call(t, behind, 200, "GET", "/api/data", "", lie)
	}
	r := call(t, behind, 429, "GET", "/api/data", "", via)
	if r.field("type") != "https://iana.org/assignments/http-problem-types#quota-exceeded" || r.header.Get("RateLimit-Policy") != `"data";q=10;w=60` ||
		r.header.Get("RateLimit") != `"data";r=0;t=`+r.header.Get("Retry-After") {
		t.Errorf("%s %v", r.body, r.header)
	}
	call(t, behind, 200, "GET", "/api/data", "", "X-Forwarded-For: 203.0.113.9")
	call(t, open, 200, "GET", "/api/data", "", via)
	for subject, want := range map[string]string{"192.0.2.1": "10", "203.0.113.9": "1", "127.0.0.1": "1"} {
		if got := strings.TrimSpace(prod.redis.CLI(t, "HGET", "rate:data:{"+subject+"}", "count")); got != want {
			t.Errorf("%s was charged %q times, want %s", subject, got, want)
		}
	}
	eventually(t, startTimeout, func() error {
		audit := call(t, open, 200, "GET", "/audit?limit=100", "", open.login(t, adminEmail)).body
		if !strings.Contains(audit, `"192.0.2.1"`) || strings.Contains(audit, "203.0.113.9") {
			return fmt.Errorf("the audit log says %s", audit)
		}
		return nil
	})
}
