package ratelimit_test

import (
	"fmt"
	"testing"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/ratelimit"
)

// In a cluster the rules of one subject share a slot; subjects do not.
func TestEverythingWorksInACluster(t *testing.T) {
	t.Parallel()
	b := newBedOn(t, redistest.StartCluster(t, 3).Client(t), ratelimit.Options{})
	two, five := rule("two", 2), rule("five", 5)
	for i := range 30 {
		subject, other := fmt.Sprint("s{", i), fmt.Sprint("o}", i)
		charges := []ratelimit.Charge{
			{Subject: subject, Rules: []ratelimit.Rule{two, five}},
			{Subject: other, Rules: []ratelimit.Rule{five, two}},
		}
		first, err := b.TakeEach(t.Context(), charges...)
		if err != nil || !first.Allowed || first.Degraded {
			t.Fatalf("%+v, %v", first, err)
		}
		b.take(t, other, two)
		if res, err := b.TakeEach(t.Context(), charges...); err != nil || res.Allowed {
			t.Fatalf("%+v, %v; want a denial", res, err)
		}
		if res := b.peek(t, subject, two); res.Remaining != 1 {
			t.Fatalf("%+v: the denial cost something", res)
		}
		b.refund(t, first)
		if res := b.peek(t, subject, two, five); res.Remaining != 2 {
			t.Fatalf("after the refund: %+v", res)
		}
		if err := b.Reset(t.Context(), other, two, five); err != nil {
			t.Fatal(err)
		}
		if res := b.peek(t, other, two); res.Remaining != 2 {
			t.Fatalf("after the reset: %+v", res)
		}
	}
}
