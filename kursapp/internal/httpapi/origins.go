package httpapi

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/rs/cors"
)

// preflightSeconds is how long a browser may remember what a preflight said.
const preflightSeconds = 600

// guardOrigins lets pages of the listed origins use the API with Bearer tokens
// (CORS without credentials), and refuses changes that any other foreign page
// makes a browser send.
func guardOrigins(next http.Handler, origins []string) (http.Handler, error) {
	protection := http.NewCrossOriginProtection()
	refused := &failure{status: http.StatusForbidden, text: textCrossOrigin}
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fail(w, r, refused)
	}))
	listed := make([]string, len(origins))
	for i, origin := range origins {
		if err := checkOrigin(origin); err != nil {
			return nil, err
		}
		// Browsers send scheme and host in lower case.
		listed[i] = strings.ToLower(origin)
		if err := protection.AddTrustedOrigin(listed[i]); err != nil {
			return nil, fmt.Errorf("trust origin: %w", err)
		}
	}
	h := protection.Handler(next)
	if len(listed) == 0 {
		return h, nil // an empty list means every origin to cors.New
	}
	return cors.New(cors.Options{
		AllowedOrigins: listed,
		AllowedMethods: []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete},
		AllowedHeaders: []string{"Accept", "Accept-Language", "Authorization", "Cache-Control", "Content-Type", "If-None-Match", requestIDHeader},
		ExposedHeaders: []string{
			"Cache-Status", "Content-Language", "Deprecation", "ETag", "Location",
			"RateLimit", "RateLimit-Policy", "Retry-After", "Server-Timing", requestIDHeader,
		},
		MaxAge: preflightSeconds,
	}).Handler(h), nil
}

// checkOrigin accepts scheme://host and scheme://host:port of the web, no
// wildcard, which rs/cors would follow, and nothing after it.
func checkOrigin(origin string) error {
	u, err := url.Parse(origin)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" ||
		strings.Contains(u.Host, "*") || !strings.EqualFold(origin, u.Scheme+"://"+u.Host) {
		return fmt.Errorf("%q is not an origin; write it like https://app.example.com", origin)
	}
	return nil
}
