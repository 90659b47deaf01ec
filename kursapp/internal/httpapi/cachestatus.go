package httpapi

import (
	"strconv"
	"time"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

// cacheStatus writes the Cache-Status member (RFC 9211) of an answer:
//
//	kursapp; hit; ttl=57; detail=redis
//	kursapp; fwd=miss; stored; detail=database
//	kursapp; fwd=miss; stored; collapsed; detail=database
//	kursapp; fwd=bypass; detail=database
//
// fwd=bypass stands for both ways around the cache: the client asked for it,
// or Redis cannot be asked. stored says that the answer lies in Redis now,
// collapsed that another request's load answered this one too. ttl is in whole
// seconds, rounded down.
func cacheStatus(e cache.Entry[kurs.User]) string {
	b := make([]byte, 0, 64)
	b = append(b, "kursapp; "...)
	if e.Source != cache.SourceLoader {
		b = append(b, "hit"...)
		if e.TTL > 0 {
			b = append(b, "; ttl="...)
			b = strconv.AppendInt(b, int64(e.TTL/time.Second), 10)
		}
		b = append(b, "; detail="...)
		return string(append(b, e.Source.String()...))
	}
	switch e.Reason {
	case cache.ReasonBypass, cache.ReasonUnavailable:
		b = append(b, "fwd=bypass"...)
	default:
		b = append(b, "fwd=miss"...)
	}
	if e.TTL > 0 {
		b = append(b, "; stored"...)
	}
	if e.Collapsed {
		b = append(b, "; collapsed"...)
	}
	return string(append(b, "; detail=database"...))
}

// notFoundStatus is the Cache-Status of an answer about a user that does not
// exist.
func notFoundStatus(bypass bool) string {
	if bypass {
		return "kursapp; fwd=bypass; detail=database"
	}
	return "kursapp; fwd=miss; detail=database"
}

// serverTiming writes how long the cache and the database took, in
// milliseconds. A database that was not asked is left out.
func serverTiming(inCache, inDatabase time.Duration) string {
	b := make([]byte, 0, 40)
	b = append(b, "cache;dur="...)
	b = appendMillis(b, inCache)
	if inDatabase > 0 {
		b = append(b, ", db;dur="...)
		b = appendMillis(b, inDatabase)
	}
	return string(b)
}

func appendMillis(b []byte, d time.Duration) []byte {
	return strconv.AppendFloat(b, float64(d.Microseconds())/1000, 'f', -1, 64)
}
