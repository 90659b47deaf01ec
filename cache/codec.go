package cache

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
)

// null is how "there is no such thing" is stored.
const null = "null"

// errUndecodable is in the error of an entry that is no valid value.
var errUndecodable = errors.New("undecodable entry")

// codec turns values of type V into the bytes in Redis and back.
type codec[V any] struct {
	negative bool            // null means ErrNotFound
	required []string        // members, quoted as they stand in JSON, that an object must have
	valid    func(any) error // nil: all are
}

func newCodec[V any](o Options) codec[V] {
	return codec[V]{negative: o.NegativeTTL > 0, required: requiredMembers[V](), valid: o.Valid}
}

// decode returns ErrNotFound for a stored absence and errUndecodable for whatever
// is no valid value.
func (c codec[V]) decode(raw []byte) (V, error) {
	var v, zero V
	if string(bytes.TrimSpace(raw)) == null {
		if c.negative {
			return zero, ErrNotFound
		}
		return zero, fmt.Errorf("%w: null", errUndecodable)
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		return zero, fmt.Errorf("%w: %w", errUndecodable, err)
	}
	if name, ok := missing(raw, c.required); !ok {
		return zero, fmt.Errorf("%w: no member %s", errUndecodable, name)
	}
	if c.valid != nil {
		if err := c.valid(v); err != nil {
			return zero, fmt.Errorf("%w: %w", errUndecodable, err)
		}
	}
	return v, nil
}

// requiredMembers returns the members that encoding/json writes whatever the value
// of a struct V is: an entry without one of them was written by another version of
// the type. It asks encoding/json itself, with a zero value, so that embedding,
// tags and omitempty count as they do there. A type that encodes itself decides
// for itself (Options.Valid).
func requiredMembers[V any]() []string {
	t := reflect.TypeFor[V]()
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	p := reflect.New(t)
	if t.Kind() != reflect.Struct || encodesItself(p.Interface()) {
		return nil
	}
	raw, err := json.Marshal(p.Interface())
	if err != nil {
		return nil // the first fill will say why
	}
	var names []string
	for name := range members(raw) {
		names = append(names, string(name))
	}
	return names
}

func encodesItself(p any) bool {
	switch p.(type) {
	case json.Marshaler, json.Unmarshaler, encoding.TextMarshaler, encoding.TextUnmarshaler:
		return true
	}
	return false
}

// missing returns the first of names that the object raw, which is valid JSON,
// does not have.
func missing(raw []byte, names []string) (name string, ok bool) {
	if len(names) == 0 {
		return "", true
	}
	var few [16]bool
	seen := few[:]
	if len(names) > len(few) {
		seen = make([]bool, len(names))
	}
	next := 0 // where members come in the order of the struct, as usual, each is found at once
	for member := range members(raw) {
		for i := range names {
			if at := (next + i) % len(names); names[at] == string(member) {
				seen[at] = true
				next = at + 1
				break
			}
		}
	}
	for i, name := range names {
		if !seen[i] {
			return name, false
		}
	}
	return "", true
}
