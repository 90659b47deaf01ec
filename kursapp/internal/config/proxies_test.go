package config_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/speedlayer/speedlayer/kursapp/internal/config"
)

func TestNoProxyIsTrustedUnlessNamed(t *testing.T) {
	t.Setenv("DATABASE_URL", "postgres://u@h/d")
	t.Setenv("REDIS_URL", "redis://h:6379")
	if c := parse(t, "serve").Serve; len(c.TrustedPrefixes()) != 0 || c.ReadForwarded() {
		t.Errorf("by default: %v, Forwarded %v", c.TrustedPrefixes(), c.ReadForwarded())
	}
	t.Setenv("KURSAPP_TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.7,2001:db8::/32,::1,::ffff:192.0.2.8")
	const want = "[10.0.0.0/8 192.0.2.7/32 2001:db8::/32 ::1/128 192.0.2.8/32]"
	if got := fmt.Sprint(parse(t, "serve").Serve.TrustedPrefixes()); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := fmt.Sprint(parse(t, "serve", "--trusted-proxies=127.0.0.1").Serve.TrustedPrefixes()); got != "[127.0.0.1/32]" {
		t.Errorf("from the flag: %s", got)
	}
}

func TestProxiesThatCannotBeMeantAreRefused(t *testing.T) {
	t.Setenv("DATABASE_URL", "postgres://u@h/d")
	t.Setenv("REDIS_URL", "redis://h:6379")
	for value, says := range map[string]string{
		"proxy.example":          "neither an address nor a network",
		"10.0.0.0/33":            "neither an address nor a network",
		"10.0.0.0/8 10.1.0.0/16": "neither an address nor a network",
		"10.0.0.1:443":           "neither an address nor a network",
		"fe80::1%eth0":           "neither an address nor a network",
		"10.0.0.0/255.0.0.0":     "neither an address nor a network",
		"*":                      "neither an address nor a network",
		"0.0.0.0/0":              "trusts everybody",
		"10.0.0.0/8,::/0":        "trusts everybody",
		"::ffff:10.0.0.0/104":    "Write it as IPv4",
		"10.0.0.1/8":             "Write 10.0.0.0/8 for the network or 10.0.0.1 for the one address",
	} {
		_, err := config.Parse([]string{"serve", "--trusted-proxies=" + value}, io.Discard, io.Discard)
		if !config.IsUsage(err) || !strings.Contains(err.Error(), "KURSAPP_TRUSTED_PROXIES") || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: error %v, want a usage error that says %q", value, err, says)
		}
	}
}

func TestOneHeaderOfTheProxiesIsRead(t *testing.T) {
	t.Setenv("DATABASE_URL", "postgres://u@h/d")
	t.Setenv("REDIS_URL", "redis://h:6379")
	for value, forwarded := range map[string]bool{"": false, "X-Forwarded-For": false, "x-forwarded-for": false, "Forwarded": true, "forwarded": true} {
		t.Setenv("KURSAPP_PROXY_HEADER", value)
		if got := parse(t, "serve").Serve.ReadForwarded(); got != forwarded {
			t.Errorf("%q: Forwarded is read: %v", value, got)
		}
	}
	for _, value := range []string{"X-Real-IP", "both", "X-Forwarded-For,Forwarded"} {
		t.Setenv("KURSAPP_PROXY_HEADER", value)
		_, err := config.Parse([]string{"serve"}, io.Discard, io.Discard)
		if !config.IsUsage(err) || !strings.Contains(err.Error(), "KURSAPP_PROXY_HEADER") || !strings.Contains(err.Error(), value) {
			t.Errorf("%s: error %v, want a usage error that names the variable and the value", value, err)
		}
	}
}
