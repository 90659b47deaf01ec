package kurs

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Params are the costs of one argon2id derivation (RFC 9106).
type Params struct {
	// MemoryKiB is the memory in KiB; default 19456 (19 MiB).
	MemoryKiB uint32
	// Time is the number of passes over the memory; default 2.
	Time uint32
	// Threads is the degree of parallelism; default 1.
	Threads uint8
	// SaltLength and KeyLength are in bytes; default 16 and 32.
	SaltLength, KeyLength uint32
}

// withDefaults fills the fields that are zero with OWASP's recommendation of
// 2025 for argon2id, the cheapest in memory that is not below 19 MiB.
func (p Params) withDefaults() Params {
	if p.MemoryKiB == 0 {
		p.MemoryKiB = 19 * 1024
	}
	if p.Time == 0 {
		p.Time = 2
	}
	if p.Threads == 0 {
		p.Threads = 1
	}
	if p.SaltLength == 0 {
		p.SaltLength = 16
	}
	if p.KeyLength == 0 {
		p.KeyLength = 32
	}
	return p
}

// The bounds of what a stored hash may ask for. Whoever can write into the
// users table must not be able to make a login allocate gigabytes or compute
// for minutes.
const (
	maxMemoryKiB  = 256 * 1024
	maxWork       = 1024 * 1024 // MemoryKiB × Time
	maxThreads    = 16
	minSaltLength = 8
	minKeyLength  = 16
	maxFieldBytes = 64 // salt and key
)

// check refuses parameters outside the bounds above or below the minimum of
// RFC 9106 section 3.1 (8 KiB a lane).
func (p Params) check() error {
	switch {
	case p.Time < 1, p.Threads < 1, p.Threads > maxThreads,
		p.MemoryKiB < 8*uint32(p.Threads), p.MemoryKiB > maxMemoryKiB,
		uint64(p.MemoryKiB)*uint64(p.Time) > maxWork,
		p.SaltLength < minSaltLength, p.SaltLength > maxFieldBytes,
		p.KeyLength < minKeyLength, p.KeyLength > maxFieldBytes:
		return errParams
	}
	return nil
}

// errParams and errMalformedHash never carry the hash: it would end up in a
// log.
var (
	errParams        = errors.New("argon2id parameters out of bounds")
	errMalformedHash = errors.New("not an argon2id hash in PHC format")
)

// phcHash is a password hash taken apart.
type phcHash struct {
	params    Params
	salt, key []byte
}

// String is the PHC form: $argon2id$v=19$m=19456,t=2,p=1$<salt>$<key>, with
// unpadded standard base64.
func (h phcHash) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		h.params.MemoryKiB, h.params.Time, h.params.Threads,
		base64.RawStdEncoding.EncodeToString(h.salt), base64.RawStdEncoding.EncodeToString(h.key))
}

// parsePHC takes s apart. It accepts the one canonical spelling that String
// produces, argon2 version 19 and parameters within the bounds.
func parsePHC(s string) (phcHash, error) {
	parts := strings.Split(s, "$") // "", argon2id, v=19, m=…,t=…,p=…, salt, key
	if len(parts) != 6 {
		return phcHash{}, errMalformedHash
	}
	var h phcHash
	var err error
	if h.salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return phcHash{}, errMalformedHash
	}
	if h.key, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil {
		return phcHash{}, errMalformedHash
	}
	if h.params, err = parseCosts(parts[3]); err != nil {
		return phcHash{}, err
	}
	if len(h.salt) > maxFieldBytes || len(h.key) > maxFieldBytes {
		return phcHash{}, errParams
	}
	//nolint:gosec // bounded by the lines above
	h.params.SaltLength, h.params.KeyLength = uint32(len(h.salt)), uint32(len(h.key))
	// The comparison settles the algorithm, the version, the order, leading
	// zeros and loose base64 all at once.
	if h.String() != s {
		return phcHash{}, errMalformedHash
	}
	return h, h.params.check()
}

// parseCosts reads "m=19456,t=2,p=1".
func parseCosts(s string) (Params, error) {
	var numbers [3]uint64
	fields := strings.Split(s, ",")
	if len(fields) != len(numbers) {
		return Params{}, errMalformedHash
	}
	for i, bits := range [...]int{32, 32, 8} {
		_, value, _ := strings.Cut(fields[i], "=")
		n, err := strconv.ParseUint(value, 10, bits)
		if err != nil {
			return Params{}, errMalformedHash
		}
		numbers[i] = n
	}
	//nolint:gosec // ParseUint bounded each number by the size of its type
	return Params{MemoryKiB: uint32(numbers[0]), Time: uint32(numbers[1]), Threads: uint8(numbers[2])}, nil
}
