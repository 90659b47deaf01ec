package httpapi

import (
	"net/http"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/speedlayer/speedlayer/cache"
)

// entryHeaders are the headers of an answer that come from its cache entry. They
// share one string and one slice, into which nothing may write.
type entryHeaders struct {
	raw    []byte // what they are about
	ttl    int64  // in whole seconds
	values []string
	// profile is the answer of GET /profile, once somebody asked for it.
	profile atomic.Pointer[[]byte]
}

func newEntryHeaders[V any](e *cache.Entry[V]) *entryHeaders {
	var buf [160]byte
	b := appendETag(buf[:0], e.Raw)
	endOfTag := len(b)
	b = appendCacheStatus(b, e)
	endOfStatus := len(b)
	all := string(appendServerTiming(b, e.CacheTime, e.LoadTime))
	return &entryHeaders{
		raw: e.Raw, ttl: int64(e.TTL / time.Second),
		values: []string{all[:endOfTag], all[endOfTag:endOfStatus], all[endOfStatus:]},
	}
}

func (e *entryHeaders) etag() string { return e.values[0] }

func (e *entryHeaders) set(h http.Header) {
	h["Etag"] = e.values[0:1:1]
	h["Cache-Status"] = e.values[1:2:2]
	h["Server-Timing"] = e.values[2:3:3]
}

// entryMemory remembers the headers of entries in memory, which are the same for a
// whole second. An entry is known by where its bytes are; the memory holds on to
// them, so nothing else can come to lie there. Two entries of one slot push each
// other out.
type entryMemory struct {
	slots [512]atomic.Pointer[entryHeaders]
}

func (m *entryMemory) slot(raw []byte) *atomic.Pointer[entryHeaders] {
	at := uint64(uintptr(unsafe.Pointer(&raw[0]))) //nolint:gosec // only a number is made of it
	return &m.slots[at*0x9E3779B97F4A7C15>>55]
}

func headersOf[V any](m *entryMemory, e *cache.Entry[V]) *entryHeaders {
	if e.Source != cache.SourceLocal || e.CacheTime != 0 || len(e.Raw) == 0 {
		return newEntryHeaders(e)
	}
	slot := m.slot(e.Raw)
	known := slot.Load()
	if known == nil || len(known.raw) != len(e.Raw) || &known.raw[0] != &e.Raw[0] ||
		known.ttl != int64(e.TTL/time.Second) {
		known = newEntryHeaders(e)
		slot.Store(known)
	}
	return known
}

// writeEntry answers with the bytes of a cache entry.
func writeEntry[V any](m *entryMemory, w http.ResponseWriter, r *http.Request, e *cache.Entry[V]) {
	headersOf(m, e).write(w, r, e.Raw)
}

// write answers with body, which is the same where the entry is.
func (e *entryHeaders) write(w http.ResponseWriter, r *http.Request, body []byte) {
	h := w.Header()
	e.set(h)
	h["Cache-Control"] = privateNoCache
	if matches(r.Header["If-None-Match"], e.etag()) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h["Content-Type"] = contentJSON
	// A client that is gone is nobody's error.
	_, _ = w.Write(body)
}
