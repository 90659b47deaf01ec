package supervise

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

const lockName = ".owner"

// TempDir makes a directory below [os.TempDir] whose name begins with prefix,
// with mode 0711, and returns a function that removes it. A process that is
// killed cannot remove its directories; the next call with the same prefix, by
// any process, does so. The owner holds a file lock as long as it lives: unlike
// a pid in the name, that is right also for processes that share a temporary
// directory but not their process ids, as containers do.
func TempDir(prefix string) (dir string, remove func(), err error) {
	removeStale(prefix)
	dir, err = os.MkdirTemp("", prefix+"-")
	if err != nil {
		return "", nil, fmt.Errorf("supervise: %w", err)
	}
	// Other users, such as the one a server runs as, must be able to pass.
	if err = os.Chmod(dir, 0o711); err != nil {
		os.RemoveAll(dir)
		return "", nil, fmt.Errorf("supervise: %w", err)
	}
	lock, err := lockFile(filepath.Join(dir, lockName), os.O_CREATE|os.O_RDWR)
	if err != nil {
		os.RemoveAll(dir)
		return "", nil, fmt.Errorf("supervise: %w", err)
	}
	held.Store(dir, lock)
	return dir, func() {
		os.RemoveAll(dir)
		held.Delete(dir)
		lock.Close()
	}, nil
}

// held keeps the lock files reachable. A caller may drop the function that
// removes its directory and rely on a later process; the garbage collector
// would then close the file, and with it give up the lock of a directory that
// is in use.
var held sync.Map // directory → *os.File

func removeStale(prefix string) {
	locks, _ := filepath.Glob(filepath.Join(os.TempDir(), prefix+"-*", lockName))
	for _, path := range locks {
		// A lock that was made a moment ago may not be taken yet.
		if info, err := os.Stat(path); err != nil || time.Since(info.ModTime()) < time.Minute {
			continue
		}
		lock, err := lockFile(path, os.O_RDWR)
		if err != nil {
			continue // its owner lives, or it belongs to another user
		}
		os.RemoveAll(filepath.Dir(path))
		lock.Close()
	}
}

func lockFile(path string, flags int) (*os.File, error) {
	f, err := os.OpenFile(path, flags, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
