// Package httpapi is kursapp over HTTP: the routes of the contract, one file
// per resource, on huma and http.ServeMux. It knows HTTP and nothing else; the
// domain stays in kurs and is reached through the small interfaces of
// httpapi.go.
//
// A request passes, from the outside in:
//
//	front        request id, security headers, access log, recovery of panics
//	hostGuard    the demo answers under loopback names only
//	cors         rs/cors, where origins are configured
//	crossOrigin  refuses changes that another origin's page sends
//	bodyLimit    1 MiB
//	ServeMux     404 and 405 become problems in recorder
//	handler      a function on *api; most of them behind huma.Register
//
// Whatever goes wrong ends in problem.go: every error of the domain, of huma
// and of this package becomes an RFC 9457 problem there, in German or English,
// and nowhere else. A problem never repeats what the client sent, because that
// may be a password.
//
// Answers are Cache-Control: no-store unless a handler says otherwise.
// Strict-Transport-Security is left to the proxy that ends TLS: kursapp itself
// speaks plain HTTP, over which RFC 6797 section 7.2 forbids the header.
package httpapi
