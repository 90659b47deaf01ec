package session

// DecodeData decodes fields as a session's data of type D, and encodes them again.
func DecodeData[D any](fields map[string]string) (D, map[string]string, error) {
	c := newCodec[D]()
	d, err := c.data(fields)
	if err != nil {
		return d, nil, err
	}
	again, err := c.fields(d)
	return d, again, err
}
