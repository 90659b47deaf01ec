package kurs

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/crypto/argon2"
)

// Hasher hashes and verifies passwords with argon2id. One derivation takes
// tens of milliseconds of CPU and its full memory, so at most MaxConcurrent
// run at once in a process; the rest wait their turn for a bounded time. Safe
// for concurrent use.
//
// After Params were changed, a login to an account that still has a hash with
// the old ones takes another time than one to an unknown address, for which
// VerifyUnknown uses the new ones. So the time tells older accounts from
// addresses without one, each until its owner's next successful login, which
// replaces the hash. The limits on logins bound how many can be tried.
type Hasher struct {
	params  Params
	slots   chan struct{}
	maxWait time.Duration
	dummy   phcHash // what VerifyUnknown compares with; nobody knows its password
	derive  func(password, salt []byte, time, memory uint32, threads uint8, keyLen uint32) []byte
}

// HasherOptions configures a Hasher. The zero value works.
type HasherOptions struct {
	// Params are the costs of new hashes. A stored hash with others still
	// verifies, and is reported as in need of a rehash. Default 19 MiB, two
	// passes, one thread.
	Params Params
	// MaxConcurrent bounds the derivations that run at the same time, and
	// with them the memory: MaxConcurrent × Params.MemoryKiB. Default
	// GOMAXPROCS, at least 2.
	MaxConcurrent int
	// MaxWait bounds the time that a call waits for its turn; after it the
	// call fails with CodeUnavailable. Default 2 s.
	MaxWait time.Duration
}

// NewHasher returns a Hasher. It fails where Params ask for more than a
// stored hash may ask for (256 MiB, 1 GiB in all passes together, 16 threads)
// or for less than argon2 allows.
func NewHasher(o HasherOptions) (*Hasher, error) {
	params := o.Params.withDefaults()
	if err := params.check(); err != nil {
		return nil, fmt.Errorf("kurs: new hasher: %w", err)
	}
	if o.MaxConcurrent <= 0 {
		o.MaxConcurrent = max(2, runtime.GOMAXPROCS(0))
	}
	if o.MaxWait <= 0 {
		o.MaxWait = 2 * time.Second
	}
	return &Hasher{
		params:  params,
		slots:   make(chan struct{}, o.MaxConcurrent),
		maxWait: o.MaxWait,
		dummy:   phcHash{params: params, salt: randomBytes(params.SaltLength), key: randomBytes(params.KeyLength)},
		derive:  argon2.IDKey,
	}, nil
}

// Hash returns the hash of password in PHC format, with a fresh random salt.
// It fails with CodeUnavailable when its turn did not come within MaxWait,
// and with the context's error when ctx ended first.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	salt := randomBytes(h.params.SaltLength)
	key, err := h.run(ctx, password, salt, h.params)
	if err != nil {
		return "", fmt.Errorf("kurs: hash password: %w", err)
	}
	return phcHash{params: h.params, salt: salt, key: key}.String(), nil
}

// Verify reports whether password belongs to hash, and whether the hash was
// made with other parameters than the Hasher's and should be replaced. The
// comparison takes constant time.
//
// It fails with CodeUnavailable when its turn did not come within MaxWait,
// with the context's error when ctx ended first, and at once, without a
// derivation, when hash is malformed or asks for more than is sane. In each
// of these cases the password was not looked at.
func (h *Hasher) Verify(ctx context.Context, hash, password string) (ok, needsRehash bool, err error) {
	parsed, err := parsePHC(hash)
	if err != nil {
		return false, false, fmt.Errorf("kurs: verify password: %w", err)
	}
	ok, err = h.matches(ctx, parsed, password)
	if err != nil {
		return false, false, fmt.Errorf("kurs: verify password: %w", err)
	}
	return ok, parsed.params != h.params, nil
}

// VerifyUnknown does the work of a Verify that fails. It is called where
// there is no hash to verify, so that the time of a login does not tell
// whether an account exists. It fails as Verify does.
func (h *Hasher) VerifyUnknown(ctx context.Context, password string) error {
	if _, err := h.matches(ctx, h.dummy, password); err != nil {
		return fmt.Errorf("kurs: verify password: %w", err)
	}
	return nil
}

func (h *Hasher) matches(ctx context.Context, hash phcHash, password string) (bool, error) {
	key, err := h.run(ctx, password, hash.salt, hash.params)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(key, hash.key) == 1, nil
}

// run derives a key in one of the slots. A derivation cannot be interrupted:
// once it has begun, its result is returned even if ctx ends meanwhile.
func (h *Hasher) run(ctx context.Context, password string, salt []byte, p Params) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case h.slots <- struct{}{}:
	default:
		if err := h.await(ctx); err != nil {
			return nil, err
		}
	}
	defer func() { <-h.slots }()
	return h.derive([]byte(password), salt, p.Time, p.MemoryKiB, p.Threads, p.KeyLength), nil
}

// await takes a slot, for at most maxWait.
func (h *Hasher) await(ctx context.Context) error {
	timer := time.NewTimer(h.maxWait)
	defer timer.Stop()
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return &Error{Code: CodeUnavailable, RetryAfter: retryAfter, Err: errHasherBusy}
	}
}

// randomBytes never fails: crypto/rand ends the process where the system has
// no randomness.
func randomBytes(n uint32) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}
