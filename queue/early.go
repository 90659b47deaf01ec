package queue

import "context"

// suspectIsEarly reports whether a suspect waits for the limiter. Nothing is claimed
// beside it.
func (s *shift) suspectIsEarly() bool {
	return len(s.early) > 0 && s.early[0].stream == streamSuspects
}

// dropEarly forgets what was claimed under a membership that is no more: others have
// it by now. It never ran here, so this was no crash of it.
func (s *shift) dropEarly(ctx context.Context, m *member) {
	if s.earlyOf == m {
		return
	}
	ids := idsOf(s.early)
	s.early, s.earlyOf, s.admission.granted = nil, m, 0
	s.pardon(ctx, ids)
}

// handBackEarly returns what is claimed and not started.
func (s *shift) handBackEarly(ctx context.Context) error {
	if len(s.early) == 0 {
		return nil
	}
	m := s.earlyOf
	results := make([]result, len(s.early))
	for i, c := range s.early {
		results[i] = result{r: &run{claimed: c, member: m}, v: verdict{kind: EventHandedBack}}
	}
	if _, err := s.w.q.settle(ctx, m, results); err != nil {
		return err // they are tried again in the next round
	}
	s.early, s.admission.granted = nil, 0
	return nil
}
