package redisserver

import (
	"testing"

	"github.com/redis/rueidis"
)

func TestReadsCountsKeys(t *testing.T) {
	t.Parallel()
	s, err := Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{s.Addr()}, ForceSingleClient: true})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	before, err := s.Reads(t.Context())
	if err != nil || before != 0 {
		t.Fatalf("a new server was asked %d times (%v)", before, err)
	}
	client.Do(t.Context(), client.B().Set().Key("a").Value("1").Build())
	client.Do(t.Context(), client.B().Get().Key("a").Build())
	client.Do(t.Context(), client.B().Get().Key("b").Build())
	client.Do(t.Context(), client.B().Mget().Key("a", "b").Build())
	if after, err := s.Reads(t.Context()); err != nil || after != 4 {
		t.Errorf("two GET and one MGET of two keys count as %d reads (%v)", after, err)
	}
	if v, err := s.Version(t.Context()); err != nil || v == "" {
		t.Errorf("Version = %q, %v", v, err)
	}
}

func TestStartFailsWhereTheServerDoes(t *testing.T) {
	t.Parallel()
	if s, err := Start(t.Context(), "--no-such-option", "1"); err == nil {
		s.Stop()
		t.Error("a server with an unknown option started")
	}
}
