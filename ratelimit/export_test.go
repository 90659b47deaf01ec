package ratelimit

// Windows returns the identifiers of the windows that a result was charged to.
func Windows(r Result) []string {
	var ids []string
	if r.charge != nil {
		for _, p := range r.charge.parts {
			ids = append(ids, p.windows...)
		}
	}
	return ids
}
