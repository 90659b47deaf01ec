package session

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
)

// users turns user ids into text and back.
type users[U any] struct {
	format func(U) (string, error)
	parse  func(string) (U, error)
}

// newUsers panics for a type that is no id.
func newUsers[U any]() users[U] {
	var zero U
	_, marshals := any(zero).(encoding.TextMarshaler)
	_, unmarshals := any(&zero).(encoding.TextUnmarshaler)
	if marshals && unmarshals {
		return users[U]{formatText[U], parseText[U]}
	}
	switch t := reflect.TypeFor[U](); t.Kind() {
	case reflect.String:
		return users[U]{
			func(u U) (string, error) { return reflect.ValueOf(u).String(), nil },
			func(s string) (U, error) { return set[U](func(v reflect.Value) { v.SetString(s) }), nil },
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return users[U]{
			func(u U) (string, error) { return strconv.FormatInt(reflect.ValueOf(u).Int(), 10), nil },
			func(s string) (U, error) {
				n, err := strconv.ParseInt(s, 10, t.Bits())
				return set[U](func(v reflect.Value) { v.SetInt(n) }), err
			},
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return users[U]{
			func(u U) (string, error) { return strconv.FormatUint(reflect.ValueOf(u).Uint(), 10), nil },
			func(s string) (U, error) {
				n, err := strconv.ParseUint(s, 10, t.Bits())
				return set[U](func(v reflect.Value) { v.SetUint(n) }), err
			},
		}
	default:
		panic(fmt.Sprintf("session.New: a user id is a string, an integer, or both a TextMarshaler and a TextUnmarshaler; %v is not", t))
	}
}

func set[U any](assign func(reflect.Value)) U {
	var u U
	assign(reflect.ValueOf(&u).Elem())
	return u
}

func formatText[U any](u U) (string, error) {
	text, err := any(u).(encoding.TextMarshaler).MarshalText()
	return string(text), err
}

func parseText[U any](s string) (U, error) {
	var u U
	err := any(&u).(encoding.TextUnmarshaler).UnmarshalText([]byte(s))
	return u, err
}

// text returns the id as it stands in Redis, or ErrInvalid.
func (c users[U]) text(u U) (string, error) {
	s, err := c.format(u)
	if err != nil {
		return "", fmt.Errorf("%w: user id: %w", ErrInvalid, err)
	}
	if s == "" || len(s) > maxUserID {
		return "", fmt.Errorf("%w: a user id has 1 to %d bytes", ErrInvalid, maxUserID)
	}
	return s, nil
}

// id is the inverse of text. Two texts never mean one id: whoever revokes that id
// would reach the sessions of one of them only.
func (c users[U]) id(s string) (U, error) {
	u, err := c.parse(s)
	if err != nil {
		return u, fmt.Errorf("%w: user id: %w", errDamaged, err)
	}
	if again, err := c.text(u); err != nil || again != s {
		return u, fmt.Errorf("%w: user id", errDamaged)
	}
	return u, nil
}
