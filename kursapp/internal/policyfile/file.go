package policyfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

// maxBytes bounds a file. Ten rules need one KiB.
const maxBytes = 1 << 20

// lookInterval is how often the file is read. A change counts at the second look that
// finds it, so within a second: the first one may have met somebody writing.
const lookInterval = 400 * time.Millisecond

// File is a file of rate limits that is followed. Its content is read again and again
// instead of waiting for the system to tell of changes: that works wherever the file
// lies, and however it is replaced (an editor's rename, a symbolic link that is turned
// to another folder, a network's file system).
type File struct {
	path     string
	log      *slog.Logger
	policies *kurs.Policies

	inForce []byte // the content whose policy is in force
	last    look
	settled bool // last was found twice, and judged
	refused bool // what was judged last
}

// look is what one look at the file found.
type look struct {
	content string
	err     string
}

// Read reads a file once. The error is an *InvalidError, or says why it cannot be read.
func Read(path string) (Content, error) {
	content, err := read(path)
	if err != nil {
		return Content{}, err
	}
	return Parse(content)
}

// Open reads a file that is to be followed, and puts its policy into force. The error
// is that of Read.
func Open(path string, log *slog.Logger) (*File, error) {
	content, err := read(path)
	if err != nil {
		return nil, err
	}
	c, err := Parse(content)
	if err != nil {
		return nil, err
	}
	f := &File{path: path, log: log, policies: kurs.NewPolicies(c.Policy), inForce: content, last: look{content: string(content)}, settled: true}
	defaults := kurs.DefaultPolicy()
	log.Info("the rate limits come from a file", "file", path, "other_than_default", defaults.Changes(&c.Policy))
	return f, nil
}

// Policies is where the policy in force is.
func (f *File) Policies() *kurs.Policies { return f.policies }

// Run puts changes of the file into force until ctx ends: soon after they were made,
// and at once for each value of reload. A file that is invalid or cannot be read
// changes nothing; the log says why. It returns nil. It must be called once.
func (f *File) Run(ctx context.Context, reload <-chan os.Signal) error {
	tick := time.NewTicker(lookInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			f.look()
		case <-reload:
			f.reload()
		}
	}
}

// look judges a change once two looks in a row have found the same.
func (f *File) look() {
	content, err := read(f.path)
	switch now := newLook(content, err); {
	case now != f.last:
		f.last, f.settled = now, false
	case !f.settled:
		f.settled = true
		f.judge(content, err, false)
	}
}

// reload judges what there is.
func (f *File) reload() {
	content, err := read(f.path)
	f.last, f.settled = newLook(content, err), true
	f.judge(content, err, true)
}

func newLook(content []byte, err error) look {
	if err != nil {
		return look{err: err.Error()}
	}
	return look{content: string(content)}
}

// judge puts a content into force, or says why not.
func (f *File) judge(content []byte, err error, asked bool) {
	if err != nil {
		f.refused = true
		f.log.Error("the file of the rate limits cannot be read: the limits stay as they were", "file", f.path, "reason", err.Error())
		return
	}
	if bytes.Equal(content, f.inForce) {
		if asked || f.refused {
			f.log.Info("the rate limits stay as they were: the file says nothing else", "file", f.path)
		}
		f.refused = false
		return
	}
	c, err := Parse(content)
	if err != nil {
		f.refused = true
		attrs := []any{"file", f.path, "reason", err.Error()}
		if invalid, ok := errors.AsType[*InvalidError](err); ok {
			attrs = append(attrs, "line", invalid.Problems[0].Line)
		}
		f.log.Error("the file of the rate limits is invalid: the limits stay as they were", attrs...)
		return
	}
	changes := f.policies.Current().Changes(&c.Policy)
	f.policies.Set(c.Policy)
	f.inForce, f.refused = content, false
	f.log.Info("the rate limits were read again", "file", f.path, "changes", changes)
}

// read returns the content of an ordinary file. Anything else might be waited for.
func read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no ordinary file", path)
	}
	file, err := os.Open(path) //nolint:gosec // whoever starts the server names it
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxBytes+1))
	if err != nil {
		return nil, err
	}
	if len(content) > maxBytes {
		return nil, fmt.Errorf("%s is larger than %d bytes", path, maxBytes)
	}
	return content, nil
}
