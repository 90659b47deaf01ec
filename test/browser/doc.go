// Package browser runs the dashboard's tests in a real browser, against the real binary
// on real Redis and PostgreSQL. The tests themselves are kursapp/web/e2e/*.test.mjs; this
// package starts what they need and reports each of their files as a subtest:
//
//	go test -run TestDashboard/cache ./test/browser
//
// For whoever writes tests, E2E_HOLD=file keeps everything running until the file, which
// gets the environment, is removed. E2E_RUN=pictures.mjs runs another script instead.
package browser
