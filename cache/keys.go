package cache

import (
	"reflect"
	"strconv"

	"github.com/speedlayer/speedlayer/internal/redisx"
)

// Key is what the keys of a cache may be. Other types (a UUID, several columns)
// are turned into a string by the caller, once and visibly, so that a change of a
// String method somewhere does not move every key.
type Key interface {
	~string |
		~int | ~int8 | ~int16 | ~int32 | ~int64 |
		~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64
}

// Key returns the key in Redis: the prefix, a colon and the key. In a string,
// white space, control characters, braces and percent signs are percent-encoded,
// so that different keys never meet; one longer than 256 bytes ends in a hash.
func (c *Cache[K, V]) Key(key K) string { return c.name(key) }

// appendName appends what Key returns. For the usual types of keys it does not
// allocate.
func (c *Cache[K, V]) appendName(b []byte, key K) []byte {
	switch k := any(key).(type) {
	case int64:
		return strconv.AppendInt(append(b, c.prefix...), k, 10)
	case int:
		return strconv.AppendInt(append(b, c.prefix...), int64(k), 10)
	case string:
		return append(append(b, c.prefix...), redisx.Escape(k)...)
	}
	return append(b, c.name(key)...)
}

// leaseKey is where the token of a load under way lies. It begins with a brace,
// which no value's key does: the two never meet, whatever the keys are.
func leaseKey(name string) string { return redisx.Companion(name, "lease") }

// namer returns the function that turns keys of type K into keys in Redis, which
// begin with prefix. The
// type is looked at once, not with each key.
func namer[K Key](prefix string) func(K) string {
	switch reflect.TypeFor[K]() {
	case reflect.TypeFor[int64]():
		return func(k K) string { return prefix + strconv.FormatInt(any(k).(int64), 10) }
	case reflect.TypeFor[int]():
		return func(k K) string { return prefix + strconv.Itoa(any(k).(int)) }
	case reflect.TypeFor[string]():
		return func(k K) string { return prefix + redisx.Escape(any(k).(string)) }
	}
	switch kind := reflect.TypeFor[K]().Kind(); {
	case kind == reflect.String:
		return func(k K) string { return prefix + redisx.Escape(reflect.ValueOf(k).String()) }
	case reflect.Int <= kind && kind <= reflect.Int64:
		return func(k K) string { return prefix + strconv.FormatInt(reflect.ValueOf(k).Int(), 10) }
	default: // the constraint leaves the unsigned ones
		return func(k K) string { return prefix + strconv.FormatUint(reflect.ValueOf(k).Uint(), 10) }
	}
}
