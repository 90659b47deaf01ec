package jobs_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/speedlayer/speedlayer/kursapp/internal/jobs"
)

func TestParseSMTPURL(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"smtp://localhost":                       "smtp://localhost:25",
		"smtp://localhost:1025/":                 "smtp://localhost:1025",
		"smtp://max:secret@mail.example.com:587": "smtp://mail.example.com:587",
		"smtps://max:secret@mail.example.com":    "smtps://mail.example.com:465",
		"smtps://max%40example.com:a%2Fb@[::1]":  "smtps://[::1]:465",
		"SMTP://127.0.0.1:1":                     "smtp://127.0.0.1:1",
	} {
		s, err := jobs.ParseSMTPURL(url)
		if err != nil || s.String() != want {
			t.Errorf("ParseSMTPURL(%q) = %v, %v, want %s", url, s, err, want)
		}
	}
}

func TestParseSMTPURLErrorsShowTheFormAndNoSecret(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"", "localhost:25", "secret", "http://max:secret@host", "smtp:max:secret@host", "smtp://", "smtp://max:secret@",
		"smtp://max:secret@:25", "smtp://max:secret@host:port", "smtp://max:secret@host:0", "smtp://max:secret@host:65536",
		"smtp://max:secret@host/path", "smtp://max:secret@host?tls=no", "smtp://max:secret@host#x", "smtp://max:sec#secret@host",
		"smtp://max:secret%zz@host", "smtp://max:a/secret@host", "smtp://max:se cret@ho st", "smtp://secret@host", "smtp://:secret@host",
		"smtps://max:secret@host\n", "smtps://max:secret@ho\x00st", "smtp://max:secret@host?", "smtp://a:secret@b@c:d",
	} {
		s, err := jobs.ParseSMTPURL(url)
		if err == nil {
			t.Errorf("ParseSMTPURL(%q) = %v, want an error", url, s)
			continue
		}
		if text := err.Error(); strings.Contains(text, "secret") || !strings.Contains(text, "SMTP_URL") ||
			!strings.Contains(text, "smtp://host:25") || !strings.Contains(text, "smtps://user:password@host") {
			t.Errorf("ParseSMTPURL(%q): %s", url, text)
		}
	}
}

func TestServerPrintsWithoutItsPassword(t *testing.T) {
	t.Parallel()
	s, err := jobs.ParseSMTPURL("smtps://max:secret@host")
	if err != nil {
		t.Fatal(err)
	}
	var log buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "server", s)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "server", s)
	if text := fmt.Sprintf("%v %+v %#v %s %s", s, s, s, s, log.String()); strings.Contains(text, "secret") {
		t.Errorf("printed as %s", text)
	}
}

func FuzzParseSMTPURL(f *testing.F) {
	for _, seed := range []string{"smtp://host:25", "smtps://max:hunter2hunter2@host", "smtp://max:hunter2hunter2@[::1]:x", "smtp://hunter2hunter2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, url string) {
		s, err := jobs.ParseSMTPURL(url)
		if err == nil {
			again, err := jobs.ParseSMTPURL(s.String())
			if err != nil || again.String() != s.String() {
				t.Errorf("%q prints as %q, which parses as %v, %v", url, s, again, err)
			}
			return
		}
		// Long enough to stand in no error text by chance.
		for part := range strings.FieldsFuncSeq(url, func(r rune) bool { return strings.ContainsRune(":/?#@%", r) }) {
			if len(part) >= 12 && strings.Contains(err.Error(), part) && !strings.Contains("smtps://user:password@host", part) {
				t.Errorf("the error for %q quotes %q: %v", url, part, err)
			}
		}
	})
}
