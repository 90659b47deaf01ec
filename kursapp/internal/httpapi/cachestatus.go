package httpapi

import (
	"strconv"
	"time"

	"github.com/speedlayer/speedlayer/cache"
)

// appendCacheStatus appends the Cache-Status member (RFC 9211) of an answer:
//
//	kursapp; hit; ttl=57; detail=redis
//	kursapp; fwd=miss; stored; detail=database
//	kursapp; fwd=miss; stored; collapsed; detail=database
//	kursapp; fwd=bypass; detail=database
//	kursapp; fwd=stale; stored; detail=database
//	kursapp; fwd=stale; detail=redis
//
// fwd=bypass stands for all ways around the cache: the client asked for it, Redis
// cannot be asked, or the answer is of a kind that is not cached. The last one is an
// entry whose time is over, because the database failed. stored says that the answer lies in Redis now,
// collapsed that another request's load answered this one too. ttl is in whole
// seconds, rounded down.
func appendCacheStatus[V any](b []byte, e *cache.Entry[V]) []byte {
	b = append(b, "kursapp; "...)
	if e.Source != cache.SourceLoader {
		if e.Reason == cache.ReasonStale {
			return append(append(b, "fwd=stale; detail="...), e.Source.String()...)
		}
		b = append(b, "hit"...)
		if e.TTL > 0 {
			b = append(b, "; ttl="...)
			b = strconv.AppendInt(b, int64(e.TTL/time.Second), 10)
		}
		b = append(b, "; detail="...)
		return append(b, e.Source.String()...)
	}
	switch e.Reason {
	case cache.ReasonBypass, cache.ReasonUnavailable:
		b = append(b, "fwd=bypass"...)
	case cache.ReasonStale:
		b = append(b, "fwd=stale"...)
	default:
		b = append(b, "fwd=miss"...)
	}
	if e.TTL > 0 {
		b = append(b, "; stored"...)
	}
	if e.Collapsed {
		b = append(b, "; collapsed"...)
	}
	return append(b, "; detail=database"...)
}

// appendServerTiming appends how long the cache and the database took, in
// milliseconds. A database that was not asked is left out.
func appendServerTiming(b []byte, inCache, inDatabase time.Duration) []byte {
	b = append(b, "cache;dur="...)
	b = appendMillis(b, inCache)
	if inDatabase > 0 {
		b = append(b, ", db;dur="...)
		b = appendMillis(b, inDatabase)
	}
	return b
}

// appendMillis appends milliseconds with the microseconds behind the point, and
// nothing there that is not needed. It is an answer's third header, so it does
// without floating point.
func appendMillis(b []byte, d time.Duration) []byte {
	micros := d.Microseconds()
	b = strconv.AppendInt(b, micros/1000, 10)
	rest := micros % 1000
	if rest == 0 {
		return b
	}
	b = append(b, '.', byte('0'+rest/100), byte('0'+rest/10%10), byte('0'+rest%10))
	for b[len(b)-1] == '0' {
		b = b[:len(b)-1]
	}
	return b
}
