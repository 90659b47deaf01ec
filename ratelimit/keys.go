package ratelimit

import (
	"strings"

	"github.com/speedlayer/speedlayer/internal/redisx"
)

// keys are the counters of a charge, one per rule. They share a Cluster slot: the
// hash tag is the subject, or the prefix's own.
func (c Charge) keys(prefix string) []string {
	tag := ":{" + redisx.Escape(c.Subject) + "}"
	keys := make([]string, len(c.Rules))
	for i, r := range c.Rules {
		keys[i] = prefix + r.Name + tag
	}
	return keys
}

// ownPrefix begins the keys of the limiters themselves, as "ratelimit:" beside "rate:".
// It never begins with the counters' prefix, so that whoever looks through those finds
// clients only. A hash tag of the prefix stays one.
func ownPrefix(prefix string) string {
	if base, ok := strings.CutSuffix(prefix, "rate:"); ok {
		return base + "ratelimit:"
	}
	if own := "ratelimit:" + prefix; !strings.HasPrefix(own, prefix) {
		return own
	}
	return "limits:" + prefix
}

// instancesKey holds the limiters in use.
func instancesKey(prefix string) string { return ownPrefix(prefix) + "instances" }

// liftKey is the key that is written when denials of a subject, escaped, are lifted. It
// lies in the slot of the subject's counters.
func liftKey(prefix, subject string) string { return ownPrefix(prefix) + "resets:{" + subject + "}" }

// slotSafe returns a prefix whose braces, if it has any, are a whole hash tag.
// Otherwise they would pair with those around the subject, or switch hash tags off,
// and the rules of a subject would lie in different slots.
func slotSafe(prefix string) string {
	_, after, found := strings.Cut(prefix, "{")
	if !found || strings.Index(after, "}") > 0 {
		return prefix
	}
	return redisx.Escape(prefix)
}
