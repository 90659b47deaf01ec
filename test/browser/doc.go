// Package browser runs the dashboard's tests in a real browser, against the real binary
// on real Redis and PostgreSQL. The tests themselves are kursapp/web/e2e/*.test.mjs; this
// package starts what they need and reports each of their files as a subtest:
//
//	go test -run TestDashboard/cache ./test/browser
package browser
