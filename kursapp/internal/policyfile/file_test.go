package policyfile_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/policyfile"
)

// followed is a file that is followed, in a bubble whose clock stands still unless
// somebody waits.
type followed struct {
	t      *testing.T // of the bubble
	path   string
	file   *policyfile.File
	log    lines
	reload chan os.Signal
}

// lines collects what is logged.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// take returns the lines since it was last called.
func (l *lines) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.b.Reset()
	return slices.Collect(strings.Lines(l.b.String()))
}

// follow runs a test on a file with this content.
func follow(t *testing.T, content string, test func(f *followed)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "limits.toml")
	synctest.Test(t, func(t *testing.T) {
		f := &followed{t: t, path: path, reload: make(chan os.Signal, 1)}
		f.write(content)
		var err error
		if f.file, err = policyfile.Open(path, slog.New(slog.NewJSONHandler(&f.log, nil))); err != nil {
			t.Fatal(err)
		}
		f.log.take()
		done := make(chan error)
		go func() { done <- f.file.Run(t.Context(), f.reload) }()
		// The context of the test ends before its clean-up.
		t.Cleanup(func() {
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
		test(f)
	})
}

func (f *followed) write(content string) {
	f.t.Helper()
	if err := os.WriteFile(f.path, []byte(content), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

// pass lets time go by.
func (f *followed) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (f *followed) hangUp() {
	f.reload <- syscall.SIGHUP
	synctest.Wait()
}

func (f *followed) wantData(limit int64) {
	f.t.Helper()
	if got := limitOf(f.t, *f.file.Policies().Current(), "data").Rule.Limit; got != limit {
		f.t.Errorf("the limit of data is %d, want %d", got, limit)
	}
}

// wantLog checks the lines that were logged since it was last asked. Each is to have
// all of the texts of its place.
func (f *followed) wantLog(want ...[]string) {
	f.t.Helper()
	got := f.log.take()
	if len(got) != len(want) {
		f.t.Fatalf("%d lines, want %d:\n%s", len(got), len(want), strings.Join(got, ""))
	}
	for i, texts := range want {
		for _, text := range texts {
			if !strings.Contains(got[i], text) {
				f.t.Errorf("line %d lacks %s:\n%s", i, text, got[i])
			}
		}
	}
}

const second = time.Second + time.Millisecond

func TestAChangeCountsWithinASecondAndIsLoggedOnce(t *testing.T) {
	t.Parallel()
	follow(t, "[data]\nlimit = 20\n", func(f *followed) {
		f.wantData(20)
		f.pass(time.Minute)
		f.wantLog()
		f.write("[data]\nlimit = 30\n[register]\nwindow = \"2m\"\n")
		f.pass(second)
		f.wantData(30)
		f.wantLog([]string{
			`"INFO"`, "limits.toml", "data: 20 in 1m, open without Redis -> 30 in 1m, open without Redis",
			"register: 20 in 1m, closed without Redis -> 20 in 2m, closed without Redis",
		})
		f.pass(time.Minute)
		f.wantLog()
	})
}

func TestAnInvalidFileChangesNothing(t *testing.T) {
	t.Parallel()
	follow(t, "[data]\nlimit = 20\n", func(f *followed) {
		f.write("[data]\nlimit = 30\nwindw = \"1m\"\n")
		f.pass(time.Minute)
		f.wantData(20)
		f.wantLog([]string{`"ERROR"`, "stay as they were", "limits.toml", `"line":3`, `line 3: there is no setting`, "windw"})
		// Another mistake is another line, and the right thing counts.
		f.write("[data]\nlimit = 0\n")
		f.pass(second)
		f.write("[data]\nlimit = 40\n")
		f.pass(second)
		f.wantData(40)
		f.wantLog([]string{`"line":2`, "0 requests"}, []string{`"INFO"`, "40 in 1m"})
	})
}

func TestWhatIsHalfWrittenIsNotJudged(t *testing.T) {
	t.Parallel()
	follow(t, "[data]\nlimit = 20\n", func(f *followed) {
		for _, half := range []string{"", "[data]\nli", "[data]\nlimit = 3", "[data]\nlimit = 30"} {
			f.write(half)
			f.pass(400 * time.Millisecond) // one look
			f.wantData(20)
		}
		f.wantLog()
		f.pass(second)
		f.wantData(30)
		f.wantLog([]string{"30 in 1m"})
	})
}

func TestAFileThatIsGoneChangesNothing(t *testing.T) {
	t.Parallel()
	follow(t, "[data]\nlimit = 20\n", func(f *followed) {
		if err := os.Remove(f.path); err != nil {
			f.t.Fatal(err)
		}
		f.pass(time.Minute)
		f.wantData(20)
		f.wantLog([]string{`"ERROR"`, "cannot be read", "stay as they were"})
		f.write("[data]\nlimit = 20\n")
		f.pass(second)
		f.wantLog([]string{`"INFO"`, "says nothing else"})
	})
}

// This is how a Kubernetes config map changes: the file is a link through a link to a
// folder, which is replaced as a whole.
func TestATurnedLinkIsAChange(t *testing.T) {
	t.Parallel()
	follow(t, "[data]\nlimit = 20\n", func(f *followed) {
		dir := filepath.Dir(f.path)
		turn := func(folder, content string) {
			f.t.Helper()
			if err := os.Mkdir(filepath.Join(dir, folder), 0o700); err != nil {
				f.t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, folder, "limits.toml"), []byte(content), 0o600); err != nil {
				f.t.Fatal(err)
			}
			next := filepath.Join(dir, "next")
			if err := os.Symlink(folder, next); err != nil {
				f.t.Fatal(err)
			}
			if err := os.Rename(next, filepath.Join(dir, "..data")); err != nil {
				f.t.Fatal(err)
			}
		}
		turn("one", "[data]\nlimit = 30\n")
		if err := os.Remove(f.path); err != nil {
			f.t.Fatal(err)
		}
		if err := os.Symlink("..data/limits.toml", f.path); err != nil {
			f.t.Fatal(err)
		}
		f.pass(second)
		f.wantData(30)
		turn("two", "[data]\nlimit = 40\n")
		f.pass(second)
		f.wantData(40)
	})
}

func TestAReloadCountsAtOnceAndAlwaysAnswers(t *testing.T) {
	t.Parallel()
	follow(t, "[data]\nlimit = 20\n", func(f *followed) {
		f.write("[data]\nlimit = 30\n")
		f.hangUp()
		f.wantData(30)
		f.wantLog([]string{"30 in 1m"})
		f.hangUp()
		f.wantLog([]string{"says nothing else"})
		f.write("[data]\nlimit = no\n")
		f.hangUp()
		f.hangUp()
		f.pass(time.Minute)
		f.wantData(30)
		f.wantLog([]string{`"line":2`}, []string{`"line":2`})
	})
}

func TestOpenRefusesWhatCannotBeFollowed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	large, invalid, pipe := filepath.Join(dir, "large"), filepath.Join(dir, "invalid"), filepath.Join(dir, "pipe")
	if err := os.WriteFile(large, bytes.Repeat([]byte("#\n"), 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(invalid, []byte("[data]\nlimit = x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "none"): "no such file", dir: "no ordinary file", pipe: "no ordinary file",
		large: "larger than", invalid: "line 2:",
	} {
		if _, err := policyfile.Open(path, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}

func TestOpenSaysWhatIsOtherThanDefault(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "limits.toml")
	if err := os.WriteFile(path, []byte("[global]\nenabled = true\n[data]\nlimit = 10\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	if _, err := policyfile.Open(path, slog.New(slog.NewJSONHandler(&log, nil))); err != nil {
		t.Fatal(err)
	}
	var line struct {
		File   string
		Others []string `json:"other_than_default"`
	}
	if err := json.Unmarshal(log.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	if line.File != path || len(line.Others) != 1 || line.Others[0] != "global: off -> 600 in 1m, local without Redis" {
		t.Errorf("%+v", line)
	}
}
