package kurs_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

// cheap is fast enough to be derived thousands of times.
var cheap = kurs.Params{MemoryKiB: 64, Time: 1}

func newHasher(tb testing.TB, o kurs.HasherOptions) *kurs.Hasher {
	tb.Helper()
	h, err := kurs.NewHasher(o)
	if err != nil {
		tb.Fatal(err)
	}
	return h
}

// The vectors come from the test suite of the reference implementation
// (phc-winner-argon2, src/test.c, version 19, argon2id).
func TestVerifyKnowsTheReferenceVectors(t *testing.T) {
	t.Parallel()
	h := newHasher(t, kurs.HasherOptions{})
	for name, c := range map[string]struct{ hash, password string }{
		"64 MiB": {
			"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "password",
		},
		"256 KiB": {
			"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", "password",
		},
		"two lanes": {
			"$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc", "password",
		},
		"other password": {
			"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$C4TWUs9rDEvq7w3+J4umqA32aWKB1+DSiRuBfYxFj94", "differentpassword",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ok, rehash, err := h.Verify(t.Context(), c.hash, c.password)
			if err != nil || !ok || !rehash {
				t.Errorf("right password: got ok %v, needsRehash %v, %v; want true, true", ok, rehash, err)
			}
			ok, _, err = h.Verify(t.Context(), c.hash, c.password+"x")
			if err != nil || ok {
				t.Errorf("wrong password: got ok %v, %v; want false", ok, err)
			}
		})
	}
}

func TestHashHasTheParametersOfTheDesign(t *testing.T) {
	t.Parallel()
	h := newHasher(t, kurs.HasherOptions{})
	password := "correct horse battery staple"
	hash, err := h.Hash(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") || len(hash) != len("$argon2id$v=19$m=19456,t=2,p=1$")+22+1+43 {
		t.Errorf("hash %q", hash)
	}
	again, err := h.Hash(t.Context(), password)
	if err != nil || again == hash {
		t.Errorf("two hashes of one password: %q and %q, %v; want different salts", hash, again, err)
	}
	ok, rehash, err := h.Verify(t.Context(), hash, password)
	if err != nil || !ok || rehash {
		t.Errorf("verify: got ok %v, needsRehash %v, %v; want true, false", ok, rehash, err)
	}
}

func TestLongPasswordIsNotCut(t *testing.T) {
	t.Parallel()
	h := newHasher(t, kurs.HasherOptions{Params: cheap})
	long := strings.Repeat("😀", 127)
	hash, err := h.Hash(t.Context(), long+"a")
	if err != nil {
		t.Fatal(err)
	}
	if ok, _, err := h.Verify(t.Context(), hash, long+"b"); err != nil || ok {
		t.Errorf("a password that differs in its 128th character: got ok %v, %v; want false", ok, err)
	}
	if ok, _, err := h.Verify(t.Context(), hash, long+"a"); err != nil || !ok {
		t.Errorf("the password: got ok %v, %v; want true", ok, err)
	}
}

func TestHashOfOtherParametersNeedsRehash(t *testing.T) {
	t.Parallel()
	base := kurs.Params{MemoryKiB: 64, Time: 1, Threads: 1, SaltLength: 16, KeyLength: 32}
	for name, change := range map[string]func(*kurs.Params){
		"memory":  func(p *kurs.Params) { p.MemoryKiB = 128 },
		"time":    func(p *kurs.Params) { p.Time = 2 },
		"threads": func(p *kurs.Params) { p.Threads = 2 },
		"salt":    func(p *kurs.Params) { p.SaltLength = 8 },
		"key":     func(p *kurs.Params) { p.KeyLength = 16 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			other := base
			change(&other)
			hash, err := newHasher(t, kurs.HasherOptions{Params: other}).Hash(t.Context(), "test1234")
			if err != nil {
				t.Fatal(err)
			}
			ok, rehash, err := newHasher(t, kurs.HasherOptions{Params: base}).Verify(t.Context(), hash, "test1234")
			if err != nil || !ok || !rehash {
				t.Errorf("got ok %v, needsRehash %v, %v; want true, true", ok, rehash, err)
			}
		})
	}
}

// TestHostileHashCostsNothing puts into the database what must not make a
// login allocate gigabytes, compute for minutes or panic.
func TestHostileHashCostsNothing(t *testing.T) {
	t.Parallel()
	const salt, key = "c29tZXNhbHQ", "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
	h := newHasher(t, kurs.HasherOptions{})
	kurs.OnDerive(h, func(memory, time uint32) { t.Errorf("derived with m=%d, t=%d", memory, time) })
	for name, hash := range map[string]string{
		"empty":                        "",
		"text":                         "geheim",
		"argon2i":                      "$argon2i$v=19$m=256,t=2,p=1$" + salt + "$" + key,
		"old version":                  "$argon2id$v=16$m=256,t=2,p=1$" + salt + "$" + key,
		"4 TiB":                        "$argon2id$v=19$m=4294967295,t=1,p=1$" + salt + "$" + key,
		"257 MiB":                      "$argon2id$v=19$m=263168,t=1,p=1$" + salt + "$" + key,
		"four thousand million passes": "$argon2id$v=19$m=256,t=4294967295,p=1$" + salt + "$" + key,
		"more than 32 bits":            "$argon2id$v=19$m=4294967552,t=2,p=1$" + salt + "$" + key,
		"no pass":                      "$argon2id$v=19$m=256,t=0,p=1$" + salt + "$" + key,
		"no thread":                    "$argon2id$v=19$m=256,t=2,p=0$" + salt + "$" + key,
		"255 threads":                  "$argon2id$v=19$m=19456,t=2,p=255$" + salt + "$" + key,
		"7 KiB":                        "$argon2id$v=19$m=7,t=2,p=1$" + salt + "$" + key,
		"empty key":                    "$argon2id$v=19$m=256,t=2,p=1$" + salt + "$",
		"short key":                    "$argon2id$v=19$m=256,t=2,p=1$" + salt + "$AAAA",
		"empty salt":                   "$argon2id$v=19$m=256,t=2,p=1$$" + key,
		"long salt":                    "$argon2id$v=19$m=256,t=2,p=1$" + strings.Repeat("AAAA", 22) + "$" + key,
		"long key":                     "$argon2id$v=19$m=256,t=2,p=1$" + salt + "$" + strings.Repeat("AAAA", 1000),
		"leading zero":                 "$argon2id$v=19$m=0256,t=2,p=1$" + salt + "$" + key,
		"sign":                         "$argon2id$v=19$m=+256,t=2,p=1$" + salt + "$" + key,
		"other order":                  "$argon2id$v=19$t=2,m=256,p=1$" + salt + "$" + key,
		"further parameter":            "$argon2id$v=19$m=256,t=2,p=1,keyid=x$" + salt + "$" + key,
		"padded":                       "$argon2id$v=19$m=256,t=2,p=1$" + salt + "=$" + key,
		"further part":                 "$argon2id$v=19$m=256,t=2,p=1$" + salt + "$" + key + "$",
		"line break in the salt":       "$argon2id$v=19$m=256,t=2,p=1$" + salt[:4] + "\n" + salt[4:] + "$" + key,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ok, _, err := h.Verify(t.Context(), hash, "password")
			if ok || err == nil {
				t.Fatalf("got ok %v, %v; want an error", ok, err)
			}
			if len(hash) > 10 && strings.Contains(err.Error(), hash) {
				t.Errorf("the error carries the hash: %v", err)
			}
		})
	}
}

func TestNewHasherRefusesSenselessParameters(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]kurs.Params{
		"memory":        {MemoryKiB: 1 << 30},
		"work":          {MemoryKiB: 256 * 1024, Time: 5},
		"little memory": {MemoryKiB: 7},
		"salt":          {SaltLength: 4},
		"key":           {KeyLength: 8},
	} {
		if _, err := kurs.NewHasher(kurs.HasherOptions{Params: p}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestUnknownAccountCostsTheSame compares the work, not the time.
func TestUnknownAccountCostsTheSame(t *testing.T) {
	t.Parallel()
	h := newHasher(t, kurs.HasherOptions{})
	hash, err := h.Hash(t.Context(), "test1234")
	if err != nil {
		t.Fatal(err)
	}
	type work struct{ memory, time uint32 }
	var done []work
	kurs.OnDerive(h, func(memory, time uint32) { done = append(done, work{memory, time}) })
	if _, _, err := h.Verify(t.Context(), hash, "wrong"); err != nil {
		t.Fatal(err)
	}
	if err := h.VerifyUnknown(t.Context(), "wrong"); err != nil {
		t.Fatal(err)
	}
	if len(done) != 2 || done[0] != done[1] || done[0] != (work{19456, 2}) {
		t.Errorf("derivations %v; want two with m=19456, t=2", done)
	}
}

func TestConcurrentHashesAreCapped(t *testing.T) {
	t.Parallel()
	h := newHasher(t, kurs.HasherOptions{Params: cheap, MaxConcurrent: 3, MaxWait: time.Minute})
	var running, most atomic.Int64
	kurs.OnDerive(h, func(uint32, uint32) {
		now := running.Add(1)
		defer running.Add(-1)
		for {
			seen := most.Load()
			if now <= seen || most.CompareAndSwap(seen, now) {
				return
			}
		}
	})
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			if _, err := h.Hash(t.Context(), "test1234"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := most.Load(); n > 3 {
		t.Errorf("%d derivations at once, want at most 3", n)
	}
}

func TestWaitForAHashIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHasher(t, kurs.HasherOptions{Params: cheap, MaxConcurrent: 1})
		release := make(chan struct{})
		kurs.OnDerive(h, func(uint32, uint32) { <-release })
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := h.Hash(t.Context(), "first"); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait() // it has the only slot

		began := time.Now()
		_, err := h.Hash(t.Context(), "second")
		var e *kurs.Error
		if !errors.As(err, &e) || e.Code != kurs.CodeUnavailable || e.RetryAfter < time.Second {
			t.Errorf("got %v; want CodeUnavailable with RetryAfter", err)
		}
		if waited := time.Since(began); waited != 2*time.Second {
			t.Errorf("gave up after %v, want 2s", waited)
		}

		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		began = time.Now()
		if err := h.VerifyUnknown(ctx, "third"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v; want the context's error", err)
		}
		if waited := time.Since(began); waited != 100*time.Millisecond {
			t.Errorf("gave up after %v, want 100ms", waited)
		}

		close(release)
		wg.Wait()
		if err := h.VerifyUnknown(t.Context(), "fourth"); err != nil {
			t.Errorf("the slot was not given back: %v", err)
		}
	})
}

func TestNoHashForACancelledRequest(t *testing.T) {
	t.Parallel()
	h := newHasher(t, kurs.HasherOptions{Params: cheap})
	kurs.OnDerive(h, func(uint32, uint32) { t.Error("derived") })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Hash(ctx, "test1234"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v; want context.Canceled", err)
	}
}

func FuzzParsePHC(f *testing.F) {
	for _, seed := range []string{
		"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$argon2id$v=19$m=4294967295,t=1,p=1$c29tZXNhbHQ$AAAA",
		"$argon2id$$$$", "",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, input string) {
		spelling, p, err := kurs.ParsePHC(input)
		if err != nil {
			return
		}
		if spelling != input {
			t.Fatalf("%q was read as %q", input, spelling)
		}
		if p.MemoryKiB > 262144 || uint64(p.MemoryKiB)*uint64(p.Time) > 1048576 || p.MemoryKiB < 8 ||
			p.Threads < 1 || p.Threads > 16 || p.SaltLength < 8 || p.SaltLength > 64 || p.KeyLength < 16 || p.KeyLength > 64 {
			t.Fatalf("%q was accepted with %+v", input, p)
		}
	})
}

func BenchmarkHash(b *testing.B) {
	h := newHasher(b, kurs.HasherOptions{})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.Hash(b.Context(), "correct horse battery staple"); err != nil {
			b.Fatal(err)
		}
	}
}
