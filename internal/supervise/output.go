package supervise

import (
	"fmt"
	"io"
	"os"
	"sync"
)

// tailSize is how much of a child's output an ExitError can show.
const tailSize = 8 << 10

// tail keeps the last tailSize bytes that were written to it.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

func (t *tail) write(b []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, b...)
	if extra := len(t.buf) - tailSize; extra > 0 {
		t.buf = append(t.buf[:0], t.buf[extra:]...)
	}
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.buf)
}

// outputs is what the goroutines that read a child's stdout and stderr share.
type outputs struct {
	mu     sync.Mutex // held while writing to the caller's writers
	open   int        // pipes not yet read to their end
	copied chan struct{}
}

func (o *outputs) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.open--; o.open == 0 {
		close(o.copied)
	}
}

// startCopying gives the child two pipes and copies what arrives to the caller's
// writers and to the tail. os/exec would copy too, but in goroutines without a
// name of ours, which leak checks could not tell from others.
func (p *Process) startCopying(c Command) (<-chan struct{}, error) {
	outR, outW, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("output pipe: %w", err)
	}
	errR, errW, err := os.Pipe()
	if err != nil {
		outR.Close()
		outW.Close()
		return nil, fmt.Errorf("output pipe: %w", err)
	}
	p.cmd.Stdout, p.cmd.Stderr = outW, errW
	o := &outputs{open: 2, copied: make(chan struct{})}
	go p.drain(outR, c.Stdout, o)
	go p.drain(errR, c.Stderr, o)
	return o.copied, nil
}

// closeOutputs closes the parent's copies of the ends that the child writes to.
func (p *Process) closeOutputs() {
	for _, w := range []io.Writer{p.cmd.Stdout, p.cmd.Stderr} {
		if f, ok := w.(*os.File); ok {
			f.Close()
		}
	}
}

// drain copies until every writer has closed the pipe. A failing destination
// does not stop it: a child must never block on a full pipe.
func (p *Process) drain(from *os.File, to io.Writer, o *outputs) {
	defer o.end()
	defer from.Close()
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			p.tail.write(buf[:n])
			if to != nil {
				o.mu.Lock()
				_, _ = to.Write(buf[:n])
				o.mu.Unlock()
			}
		}
		if err != nil {
			return
		}
	}
}
