package supervise_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/supervise"
)

func TestTempDirRemovesWhatDeadProcessesLeft(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	alive, removeAlive, err := supervise.TempDir("x")
	if err != nil {
		t.Fatal(err)
	}
	defer removeAlive()
	dead := filepath.Join(os.TempDir(), "x-dead")
	fresh := filepath.Join(os.TempDir(), "x-fresh")
	other := filepath.Join(os.TempDir(), "y-dead")
	for _, dir := range []string{dead, fresh, other} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, ".owner"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	longAgo := time.Now().Add(-time.Hour)
	for _, dir := range []string{dead, other, alive} {
		if err := os.Chtimes(filepath.Join(dir, ".owner"), longAgo, longAgo); err != nil {
			t.Fatal(err)
		}
	}

	_, remove, err := supervise.TempDir("x")
	if err != nil {
		t.Fatal(err)
	}
	defer remove()
	if _, err := os.Stat(dead); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory of a dead process is still there: %v", err)
	}
	for _, dir := range []string{alive, fresh, other} {
		if _, err := os.Stat(dir); err != nil {
			t.Errorf("removed although it is in use: %v", err)
		}
	}
}

func TestTempDirStaysWhereTheCallerForgetsToRemoveIt(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	dir, _, err := supervise.TempDir("x")
	if err != nil {
		t.Fatal(err)
	}
	longAgo := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(dir, ".owner"), longAgo, longAgo); err != nil {
		t.Fatal(err)
	}
	// The collector closes files that nobody holds any more; it needs one round
	// to find them and another one to run their finalizers.
	for range 3 {
		runtime.GC()
		time.Sleep(10 * time.Millisecond)
	}
	_, remove, err := supervise.TempDir("x")
	if err != nil {
		t.Fatal(err)
	}
	defer remove()
	if _, err := os.Stat(dir); err != nil {
		t.Errorf("a directory in use was taken for a dead process's: %v", err)
	}
}

func TestTempDirLetsOtherUsersPass(t *testing.T) {
	t.Parallel()
	dir, remove, err := supervise.TempDir("speedlayer-test")
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o711 {
		t.Errorf("mode %v, want 0711", info.Mode().Perm())
	}
	remove()
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("not removed: %v", err)
	}
}
