package queue

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// ErrPayload is in the errors of payloads that no worker would accept: no JSON, or
// larger than Options.MaxPayload.
var ErrPayload = errors.New("payload cannot be a task")

// encode returns the JSON document of a payload. A []byte or json.RawMessage is
// taken as the document that it holds; everything else is encoded.
func (q *Queue) encode(payload any) ([]byte, error) {
	var raw []byte
	switch p := payload.(type) {
	case json.RawMessage:
		raw = p
	case []byte:
		raw = p
	default:
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false) // people read it with redis-cli
		if err := e.Encode(payload); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrPayload, err)
		}
		raw = bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	}
	return raw, q.check(raw)
}

// check reports what keeps raw from being a task.
func (q *Queue) check(raw []byte) error {
	if len(raw) > q.o.MaxPayload {
		return fmt.Errorf("%w: %s", ErrPayload, q.tooLarge())
	}
	if !json.Valid(raw) {
		return fmt.Errorf("%w: it is not JSON", ErrPayload)
	}
	return nil
}

func (q *Queue) tooLarge() string {
	return fmt.Sprintf("it is larger than %d bytes", q.o.MaxPayload)
}
