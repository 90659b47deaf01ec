package queue

import (
	"fmt"

	"github.com/redis/rueidis"
)

// fields reads an array that a script returned. After a first error, which err
// keeps, everything is zero.
type fields struct {
	values []rueidis.RedisMessage
	err    error
}

func (f *fields) read(m rueidis.RedisMessage, atLeast int) {
	f.values, f.err = m.ToArray()
	if f.err == nil && len(f.values) < atLeast {
		f.err = fmt.Errorf("script returned %d fields, expected %d", len(f.values), atLeast)
	}
}

func (f *fields) text(i int) string {
	if f.err != nil {
		return ""
	}
	s, err := f.values[i].ToString()
	f.err = err
	return s
}

// number reads an integer or the text of one.
func (f *fields) number(i int) int64 {
	if f.err != nil {
		return 0
	}
	n, err := f.values[i].AsInt64()
	f.err = err
	return n
}
