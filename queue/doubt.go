package queue

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"
)

// doubt is whether this worker may hold tasks that it does not know of, because the
// answer to a fetch was lost: the call may have been carried out, or may yet be. A
// frozen Redis carries out what it finds in its buffers when it thaws. A script that
// stopped half-way, at a key that is missing or of a wrong type, may have claimed some
// before.
type doubt struct {
	mu    sync.Mutex
	on    bool
	until time.Time // zero until Redis has answered again
	next  time.Time // when to look next
}

// begin begins a doubt.
func (d *doubt) begin() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.on, d.until, d.next = true, time.Time{}, time.Time{}
}

func (d *doubt) due() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.on && !time.Now().Before(d.next)
}

// looked ends the doubt two leases after Redis has answered first. Whatever comes
// later is left to the reaper, once this worker has gone.
func (d *doubt) looked(lease time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	if d.until.IsZero() {
		d.until = now.Add(2 * lease)
	}
	d.next = now.Add(min(time.Second, lease/6))
	d.on = now.Before(d.until)
}

// disown hands back what this worker holds and does not know of. It is called
// between two fetches, when nothing that was claimed is on its way but what nobody
// waits for any more.
func (s *shift) disown(ctx context.Context, m *member) error {
	if !s.doubt.due() {
		return nil
	}
	q := s.w.q
	// More than this worker knows of, or what it does not know could stay out of sight.
	most := max(maxSettled, 4*s.w.o.Concurrency)
	reply, err := q.exec(ctx, heldScript, m.name, strconv.Itoa(most)).ToArray()
	if groupIsMissing(err) {
		return s.mendGroups(ctx, m) // the next round looks again
	}
	if err != nil {
		return fmt.Errorf("queue: look for tasks whose answer was lost: %w", err)
	}
	known := s.known()
	var unknown []result
	f := fields{values: reply}
	for i := 0; i+1 < len(reply); i += 2 {
		p := place{int(f.number(i)), f.text(i + 1)}
		if !known[p] {
			unknown = append(unknown, result{
				r: &run{claimed: claimed{place: p}, member: m}, v: verdict{kind: EventHandedBack},
			})
		}
	}
	if f.err != nil {
		return fmt.Errorf("queue: look for tasks whose answer was lost: %w", f.err)
	}
	for len(unknown) > 0 {
		n := min(len(unknown), maxSettled)
		if _, err := q.settle(ctx, m, unknown[:n]); err != nil {
			return err
		}
		unknown = unknown[n:]
	}
	s.doubt.looked(q.o.Lease)
	return nil
}

// known is everything that runs, waits for its run or for its result to be stored.
func (s *shift) known() map[place]bool {
	known := map[place]bool{}
	for _, c := range s.early {
		known[c.place] = true
	}
	s.mu.Lock()
	for r := range s.runs {
		known[r.place] = true
	}
	s.mu.Unlock()
	// After the runs: a result is added before its run goes.
	s.results.places(known)
	return known
}
