package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strings"
)

// dataField is where data is that has no fields of its own.
const dataField = "data"

// errNames says that the members of a struct cannot be fields of a session.
var errNames = errors.New("bad names")

// codec turns the caller's data into fields of a hash and back.
type codec[D any] struct {
	encode func(D) (map[string]string, error)
	// decode ignores fields that it does not know.
	decode func(map[string]string) (D, error)
}

// newCodec panics for a struct whose members have names that are reserved.
func newCodec[D any]() codec[D] {
	t := reflect.TypeFor[D]()
	texts := reflect.TypeFor[map[string]string]()
	switch {
	case t.Kind() == reflect.Map && t.ConvertibleTo(texts):
		return codec[D]{
			encode: func(d D) (map[string]string, error) {
				return reflect.ValueOf(d).Convert(texts).Interface().(map[string]string), nil
			},
			decode: func(fields map[string]string) (D, error) {
				return reflect.ValueOf(maps.Clone(fields)).Convert(t).Interface().(D), nil
			},
		}
	case t.Kind() == reflect.Struct && !marshals(t):
		c, err := newMembers(t)
		if err != nil {
			panic(fmt.Sprintf("session.New: data of type %v: %v", t, err))
		}
		return codec[D]{
			encode: func(d D) (map[string]string, error) { return c.encode(reflect.ValueOf(&d).Elem()) },
			decode: func(fields map[string]string) (D, error) {
				var d D
				err := c.decode(reflect.ValueOf(&d).Elem(), fields)
				return d, err
			},
		}
	default:
		return codec[D]{encode: encodeWhole[D], decode: decodeWhole[D]}
	}
}

func encodeWhole[D any](d D) (map[string]string, error) {
	text, err := json.Marshal(d)
	return map[string]string{dataField: string(text)}, err
}

func decodeWhole[D any](fields map[string]string) (D, error) {
	var d D
	err := json.Unmarshal([]byte(fields[dataField]), &d)
	return d, err
}

// fields returns data as it stands in Redis, or ErrInvalid.
func (c codec[D]) fields(d D) (map[string]string, error) {
	fields, err := c.encode(d)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return fields, checkFields(fields)
}

// data is the inverse of fields, which may hold more.
func (c codec[D]) data(fields map[string]string) (D, error) {
	d, err := c.decode(fields)
	if err != nil {
		err = fmt.Errorf("%w: data: %w", errDamaged, err)
	}
	return d, err
}

// Bounds of what a session may carry. A session is read with every request; what is
// bigger belongs elsewhere.
const (
	maxUserID    = 1 << 10
	maxFields    = 64
	maxFieldName = 64
	maxDataBytes = 16 << 10
)

func checkFields(fields map[string]string) error {
	if len(fields) > maxFields {
		return fmt.Errorf("%w: %d fields, at most %d are allowed", ErrInvalid, len(fields), maxFields)
	}
	size := 0
	for name, value := range fields {
		if err := checkName(name); err != nil {
			return fmt.Errorf("%w: %w", ErrInvalid, err)
		}
		size += len(name) + len(value)
	}
	if size > maxDataBytes {
		return fmt.Errorf("%w: %d bytes, at most %d are allowed", ErrInvalid, size, maxDataBytes)
	}
	return nil
}

func checkName(name string) error {
	if name == "" || len(name) > maxFieldName || isReserved(name) {
		return fmt.Errorf("%w: the field name %.80q is reserved, empty or longer than %d bytes", errNames, name, maxFieldName)
	}
	return nil
}

func isReserved(name string) bool { return name == fieldUser || strings.HasPrefix(name, reserved) }
