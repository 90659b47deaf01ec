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

// OwnPrefix begins the keys of limiters whose counters begin with prefix.
func OwnPrefix(prefix string) string { return ownPrefix(slotSafe(prefix)) }

// LiftKey is written when denials of a subject are lifted.
func LiftKey(prefix, subject string) string { return liftKey(slotSafe(prefix), subject) }

// Sign does at once what a limiter in use does each ten seconds.
func (l *Limiter) Sign() error { return l.sign() }
