package redisx_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/internal/redisx"
)

func TestParseURL(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]struct {
		addrs              string
		db                 int
		user, pass, master string
	}{
		"redis://localhost":                                   {addrs: "localhost:6379"},
		"redis://localhost/":                                  {addrs: "localhost:6379"},
		"redis://localhost:7000/3":                            {addrs: "localhost:7000", db: 3},
		"redis://localhost?db=4":                              {addrs: "localhost:6379", db: 4},
		"redis://:secret@localhost":                           {addrs: "localhost:6379", pass: "secret"},
		"redis://me:s%2Fc%40t@localhost":                      {addrs: "localhost:6379", user: "me", pass: "s/c@t"},
		"redis://me:a@b@localhost":                            {addrs: "localhost:6379", user: "me", pass: "a@b"},
		"redis://a:1,b:2,c/0":                                 {addrs: "a:1 b:2 c:6379"},
		"redis://me:pw@a,b":                                   {addrs: "a:6379 b:6379", user: "me", pass: "pw"},
		"redis://a:1?addr=b:2&addr=c":                         {addrs: "a:1 b:2 c:6379"},
		"redis://[::1]:7000,[fe80::1]":                        {addrs: "[::1]:7000 [fe80::1]:6379"},
		"redis://s1:26379,s2:26379/2?master_set=mymaster":     {addrs: "s1:26379 s2:26379", db: 2, master: "mymaster"},
		"valkey://v:1":                                        {addrs: "v:1"},
		"unix:///run/redis.sock":                              {addrs: "/run/redis.sock"},
		"unix://me:pw@/run/redis.sock?db=5":                   {addrs: "/run/redis.sock", db: 5, user: "me", pass: "pw"},
		"redis://10.0.0.1:6379/0?client_name=web&protocol=3":  {addrs: "10.0.0.1:6379"},
		"redis://h?dial_timeout=2s&write_timeout=4s&db=0":     {addrs: "h:6379"},
		"redis://h:1?client_cache=0&protocol=2&max_retries=0": {addrs: "h:1"},
	} {
		opt, err := redisx.ParseURL(in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if got := strings.Join(opt.InitAddress, " "); got != want.addrs {
			t.Errorf("%s: addresses %q, want %q", in, got, want.addrs)
		}
		if opt.SelectDB != want.db || opt.Username != want.user || opt.Password != want.pass || opt.Sentinel.MasterSet != want.master {
			t.Errorf("%s: db %d, user %q, password %q, master %q", in, opt.SelectDB, opt.Username, opt.Password, opt.Sentinel.MasterSet)
		}
	}
}

func TestParseURLSetsTimeouts(t *testing.T) {
	t.Parallel()
	opt, err := redisx.ParseURL("redis://h")
	if err != nil {
		t.Fatal(err)
	}
	if opt.Dialer.Timeout != time.Second || opt.Dialer.KeepAlive != time.Second || opt.ConnWriteTimeout != 3*time.Second {
		t.Errorf("timeouts %v, %v, %v", opt.Dialer.Timeout, opt.Dialer.KeepAlive, opt.ConnWriteTimeout)
	}
	if !opt.DisableRetry || opt.PipelineMultiplex != -1 {
		t.Errorf("DisableRetry %t, PipelineMultiplex %d", opt.DisableRetry, opt.PipelineMultiplex)
	}
	opt, err = redisx.ParseURL("redis://h?dial_timeout=2s&write_timeout=4s&master_set=m")
	if err != nil {
		t.Fatal(err)
	}
	if opt.Dialer.Timeout != 2*time.Second || opt.ConnWriteTimeout != 4*time.Second || opt.Sentinel.Dialer.Timeout != 2*time.Second {
		t.Errorf("own timeouts: %v, %v, sentinel %v", opt.Dialer.Timeout, opt.ConnWriteTimeout, opt.Sentinel.Dialer.Timeout)
	}
}

func TestParseURLTLSNamesTheServer(t *testing.T) {
	t.Parallel()
	one, err := redisx.ParseURL("rediss://a:1")
	if err != nil {
		t.Fatal(err)
	}
	several, err := redisx.ParseURL("rediss://a:1,b:1?master_set=m")
	if err != nil {
		t.Fatal(err)
	}
	// The dialer fills in the name of the server that it dials. A fixed one would
	// be wrong for the nodes that a single seed of a Cluster leads to.
	if one.TLSConfig == nil || one.TLSConfig.ServerName != "" {
		t.Error("one server: no TLS, or every node is held to the seed's name")
	}
	if several.TLSConfig == nil || several.TLSConfig.ServerName != "" || several.Sentinel.TLSConfig == nil {
		t.Error("several servers: no TLS, or every node is held to the first one's name")
	}
}

func TestParseURLErrorsSayTheFormAndNotTheSecret(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                               "it has no scheme",
		"localhost:6379":                 "it has no scheme",
		"http://s3cret@h":                "its scheme is unknown",
		"redis://":                       "a host is missing",
		"redis://a,,b":                   "a host is missing",
		"redis://:s3cret@":               "a host is missing",
		"redis://:s3cret@:6379":          "a host is missing",
		"redis://h:0":                    "a port is not a number from 1 to 65535",
		"redis://h:s3cret":               "a port is not a number from 1 to 65535",
		"redis://h:65536":                "a port is not a number from 1 to 65535",
		"redis://::1:6379":               "a host is malformed",
		"redis://h/s3cret":               "the database or a parameter has an unusable value",
		"redis://h/0/1":                  "the database or a parameter has an unusable value",
		"redis://h?db=-1":                "the database is negative",
		"redis://h?s3cret=1":             "a parameter is unknown; known are db, addr",
		"redis://h?dial_timeout=s3cret":  "the database or a parameter has an unusable value",
		"redis://:s3c?s3cret@h":          "a port is not a number",
		"redis://:s3cret%zz@h":           "it cannot be parsed",
		"redis://h#s3cret":               "it cannot be parsed",
		"redis://h?a;s3cret":             "its parameters cannot be parsed",
		"unix://relative.sock":           "the socket's path is missing or not absolute",
		"unix:///a.sock?master_set=m":    "addr and master_set do not apply",
		"redis://h?addr=s3cret@elsewher": "a host has forbidden characters",
	} {
		_, err := redisx.ParseURL(in)
		if err == nil {
			t.Errorf("%s: no error", in)
			continue
		}
		if !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "want redis://") {
			t.Errorf("%s: %v, want %q and the right form", in, err, want)
		}
		if strings.Contains(err.Error(), "s3c") {
			t.Errorf("%s: the error shows the secret: %v", in, err)
		}
	}
}

func TestParseURLOfUnixSocketConnects(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	l := open(t, "unix://"+s.Socket(), redisx.LazyOptions{})
	eventually(t, "healthy", l.Healthy)
}

func FuzzParseURL(f *testing.F) {
	const secret = "Pa5sW0rd"
	for _, seed := range [][2]string{
		{"redis://user:", "@localhost:6379/0"},
		{"rediss://:", "@a:1,b:2?addr=c:3&master_set=m"},
		{"unix://:", "@/run/redis.sock?db=1"},
		{"redis://h:", "/x"},
		{"redis://[::1]:6379/?db=", ""},
		{"redis://h?", "=%zz"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		opt, err := redisx.ParseURL(before + secret + after)
		if err != nil {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the error shows the password: %v", err)
			}
			return
		}
		if len(opt.InitAddress) == 0 || slices.Contains(opt.InitAddress, "") {
			t.Errorf("no address in %q", opt.InitAddress)
		}
	})
}
