package postgres_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/speedlayer/speedlayer/kursapp/internal/postgres"
)

func TestMalformedURLIsExplainedWithoutItsPassword(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"",
		"s3cret",
		"host=localhost password=s3cret dbname=kursapp",
		"mysql://max:s3cret@localhost/kursapp",
		"postgres:/max:s3cret@localhost/kursapp",
		"postgres://max:s3cret@localhost",
		"postgres://max:s3cret@localhost/",
		"postgres://max:s3cret@localhost:port/kursapp",
		"postgres://max:s3cret@localhost:123456/kursapp",
		"postgres://max:s3cret@localhost:0/kursapp",
		"postgres://max:s3cret@local host/kursapp",
		"postgres://max:s3cret%zz@localhost/kursapp",
		"postgres://max:s3cret#1@localhost/kursapp",
		"postgres://max:s3cret/1@localhost/kursapp",
		"postgres://max:12/s3cret@localhost/kursapp",
		"postgres://max:12#s3cret@localhost/kursapp",
		"postgres://max:s3cret?1@localhost/kursapp",
		"postgres://max:12?s3cret@localhost/kursapp",
		"postgres://max:s3cret@localhost/kursapp?sslmode=s3cret",
		"postgres://max:s3cret@localhost/kursapp?pool_max_conns=s3cret",
		"postgres://max:s3cret@localhost/kursapp?sslmode=verify-full&sslrootcert=/nonexistent",
		"postgres://[::1:s3cret@localhost/kursapp",
	} {
		s, err := postgres.Open(postgres.Config{URL: url})
		if err == nil {
			s.Close()
			t.Errorf("%q was accepted", url)
			continue
		}
		if !errors.Is(err, postgres.ErrURL) {
			t.Errorf("%q: error %v is not ErrURL", url, err)
		}
		for e := err; e != nil; e = errors.Unwrap(e) {
			if strings.Contains(e.Error(), "s3cret") {
				t.Errorf("%q: the error shows the password: %v", url, e)
			}
		}
		if !strings.Contains(err.Error(), "postgres://user:password@host:5432/database") {
			t.Errorf("%q: the error does not show the right form: %v", url, err)
		}
	}
}

func TestWellFormedURLIsAcceptedWithoutAServer(t *testing.T) {
	t.Parallel()
	for url, address := range map[string]string{
		"postgres://max:s3cret@127.0.0.1:1/kursapp":                        "127.0.0.1:1/kursapp",
		"postgresql://max:s%2Fc%23r%40t@localhost/kursapp?sslmode=disable": "localhost:5432/kursapp",
		"postgres://max@[::1]:5433/kursapp":                                "[::1]:5433/kursapp",
		"postgres:///kursapp?host=/run/postgresql&user=max":                "/run/postgresql/kursapp",
	} {
		s, err := postgres.Open(postgres.Config{URL: url})
		if err != nil {
			t.Errorf("%q: %v", url, err)
			continue
		}
		if got := s.Address(); got != address {
			t.Errorf("Address of %q = %q, want %q", url, got, address)
		}
		s.Close()
	}
}
