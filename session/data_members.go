package session

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// members makes a field of the hash of each member that a struct has in JSON. What a
// member is called and whether it is left out is decided by encoding/json alone.
// Strings are stored as they are, so that they can be read with redis-cli and have
// any bytes.
type members struct {
	names map[string]bool  // of all members
	texts map[string][]int // the strings among them: where they are in the struct
}

var errMember = errors.New("a member cannot be set")

// marshals reports whether JSON of t is made by its own methods.
func marshals(t reflect.Type) bool {
	for _, i := range []reflect.Type{
		reflect.TypeFor[json.Marshaler](), reflect.TypeFor[json.Unmarshaler](),
		reflect.TypeFor[encoding.TextMarshaler](), reflect.TypeFor[encoding.TextUnmarshaler](),
	} {
		if reflect.PointerTo(t).Implements(i) {
			return true
		}
	}
	return false
}

func newMembers(t reflect.Type) (*members, error) {
	m := &members{names: map[string]bool{}, texts: map[string][]int{}}
	depth := map[string]int{}
	for _, f := range reflect.VisibleFields(t) {
		tag, options, more := strings.Cut(f.Tag.Get("json"), ",")
		embedded := f.Anonymous && tag == "" && indirect(f.Type).Kind() == reflect.Struct
		if embedded || !f.IsExported() || tag == "-" && !more {
			continue
		}
		name := f.Name
		if tag != "" {
			name = tag
		}
		if err := checkName(name); err != nil {
			return nil, err
		}
		if d, known := depth[name]; known && d <= len(f.Index) {
			continue // encoding/json takes the one that is less deep, or none
		}
		depth[name] = len(f.Index)
		m.names[name] = true
		delete(m.texts, name)
		if f.Type.Kind() == reflect.String && !marshals(f.Type) && !strings.Contains(options, "string") {
			m.texts[name] = f.Index
		}
	}
	if len(m.names) > maxFields {
		return nil, fmt.Errorf("%w: %d members, at most %d are allowed", errNames, len(m.names), maxFields)
	}
	return m, nil
}

func indirect(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

func (m *members) encode(v reflect.Value) (map[string]string, error) {
	text, err := json.Marshal(v.Addr().Interface())
	if err != nil {
		return nil, err
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		return nil, err
	}
	fields := make(map[string]string, len(raw))
	for name, value := range raw {
		if !m.names[name] {
			return nil, fmt.Errorf("%w: %.80q", errNames, name) // it would not be found again
		}
		index, isText := m.texts[name]
		if !isText {
			fields[name] = string(value)
			continue
		}
		f, err := v.FieldByIndexErr(index)
		if err != nil {
			return nil, err
		}
		fields[name] = f.String()
	}
	return fields, nil
}

func (m *members) decode(v reflect.Value, fields map[string]string) error {
	object := map[string]json.RawMessage{}
	for name, value := range fields {
		if _, isText := m.texts[name]; m.names[name] && !isText {
			object[name] = json.RawMessage(value)
		}
	}
	text, err := json.Marshal(object) // fails where a value is no JSON
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, v.Addr().Interface()); err != nil {
		return err
	}
	for name, index := range m.texts {
		value, found := fields[name]
		if !found {
			continue
		}
		f, err := settable(v, index)
		if err != nil {
			return fmt.Errorf("%w: %s", err, name)
		}
		f.SetString(value)
	}
	return nil
}

// settable returns a member, in an embedded struct that is made where it is nil.
func settable(v reflect.Value, index []int) (reflect.Value, error) {
	for _, i := range index {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				if !v.CanSet() {
					return v, errMember
				}
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(i)
	}
	if !v.CanSet() {
		return v, errMember
	}
	return v, nil
}
