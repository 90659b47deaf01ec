package queue

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/redis/rueidis"
)

// ErrPayload is in the errors of payloads that no worker would accept: no JSON, or
// larger than Options.MaxPayload.
var ErrPayload = errors.New("payload cannot be a task")

// encode returns the JSON document of a payload. A []byte or json.RawMessage is
// taken as the document that it holds; everything else is encoded.
func (q *Queue) encode(payload any) (string, error) {
	switch p := payload.(type) {
	case json.RawMessage:
		return rueidis.BinaryString(p), q.check(p)
	case []byte:
		return rueidis.BinaryString(p), q.check(p)
	default:
		e := encoders.Get().(*encoder)
		defer e.release()
		if err := e.json.Encode(payload); err != nil {
			return "", fmt.Errorf("%w: %w", ErrPayload, err)
		}
		document := bytes.TrimSuffix(e.buffer.Bytes(), []byte("\n"))
		return string(document), q.checkSize(document) // json writes nothing that is not valid
	}
}

// encoder is kept from one payload to the next.
type encoder struct {
	buffer bytes.Buffer
	json   *json.Encoder
}

var encoders = sync.Pool{New: func() any {
	e := &encoder{}
	e.json = json.NewEncoder(&e.buffer)
	e.json.SetEscapeHTML(false) // people read it with redis-cli
	return e
}}

// keptBuffer is the largest buffer that is kept.
const keptBuffer = 64 << 10

func (e *encoder) release() {
	if e.buffer.Cap() > keptBuffer {
		return
	}
	e.buffer.Reset()
	encoders.Put(e)
}

// check reports what keeps raw from being a task.
func (q *Queue) check(raw []byte) error {
	if err := q.checkSize(raw); err != nil {
		return err
	}
	if !json.Valid(raw) {
		return fmt.Errorf("%w: it is not JSON", ErrPayload)
	}
	return nil
}

func (q *Queue) checkSize(raw []byte) error {
	if len(raw) > q.o.MaxPayload {
		return fmt.Errorf("%w: %s", ErrPayload, q.tooLarge())
	}
	return nil
}

func (q *Queue) tooLarge() string {
	return fmt.Sprintf("it is larger than %d bytes", q.o.MaxPayload)
}
