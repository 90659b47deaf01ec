package jobs

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/speedlayer/speedlayer/queue"
)

// maxMessageID bounds the first part of a Message-ID, which cannot be folded: it has
// to share a line with the sender's domain.
const maxMessageID = 64

// digestPrefix marks ids that are digests of others.
const digestPrefix = "sha256-"

// messageID is the first part of a mail's Message-ID: the same in all runs of a task,
// and another one for each task and queue.
//
// The ids that the queue and the outbox make stay readable. A program that adds tasks
// may choose any bytes, of which a Message-ID takes few; of those ids the digest
// stands for the id, and it also stands for an id that looks like a digest.
func messageID(queueName string, t queue.Task) string {
	id := t.ID + "." + queueName
	if isMessageID(id) && !strings.HasPrefix(id, digestPrefix) {
		return id
	}
	sum := sha256.Sum256([]byte(t.ID))
	return digestPrefix + hex.EncodeToString(sum[:16]) + "." + queueName
}

// isMessageID reports whether id is a dot-atom (RFC 5322 section 3.2.3), which is what
// may stand before the @ of a Message-ID, and not too long.
func isMessageID(id string) bool {
	if len(id) > maxMessageID {
		return false
	}
	for atom := range strings.SplitSeq(id, ".") {
		if atom == "" || strings.ContainsFunc(atom, func(r rune) bool { return !isAtext(r) }) {
			return false
		}
	}
	return true
}

func isAtext(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' ||
		r <= '~' && strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r)
}
