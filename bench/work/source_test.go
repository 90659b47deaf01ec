package work_test

import (
	"testing"

	"github.com/speedlayer/speedlayer/bench/work"
)

func TestUserIsTheOneOfTheCourseSheet(t *testing.T) {
	t.Parallel()
	u, err := new(work.Source).Load(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(u.JSON()), `{"id":1,"name":"Max","email":"max@example.com"}`; got != want {
		t.Errorf("user 1 is %s, want %s", got, want)
	}
}

func TestLoadsAreCountedAndRenamesSeen(t *testing.T) {
	t.Parallel()
	var s work.Source
	s.Rename(2, "Erika")
	u, err := s.Load(t.Context(), 2)
	if err != nil || u != (work.User{ID: 2, Name: "Erika", Email: "user2@example.com"}) {
		t.Errorf("Load = %+v, %v", u, err)
	}
	if s.Want(3).Name != "User 3" {
		t.Errorf("user 3 was renamed too: %+v", s.Want(3))
	}
	if s.Loads() != 1 {
		t.Errorf("%d loads, want 1: Want is none", s.Loads())
	}
}
