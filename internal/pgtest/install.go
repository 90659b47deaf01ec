package pgtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// installation is where PostgreSQL's programs are and as whom they run.
type installation struct {
	initdb, postgres string
	credential       *syscall.Credential // nil: as this process
}

func findInstallation() (installation, error) {
	dir, err := binDir()
	if err != nil {
		return installation{}, err
	}
	in := installation{initdb: filepath.Join(dir, "initdb"), postgres: filepath.Join(dir, "postgres")}
	if os.Geteuid() == 0 { // PostgreSQL refuses to run as root
		in.credential, err = unprivileged()
	}
	return in, err
}

// binDir returns the directory with initdb and postgres: that on PATH, else
// Debian's, of the newest version.
func binDir() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil && complete(filepath.Dir(path)) {
			return filepath.Dir(path), nil
		}
	}
	dirs, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	newest, best := 0, ""
	for _, dir := range dirs {
		version, err := strconv.Atoi(filepath.Base(filepath.Dir(dir)))
		if err == nil && version > newest && complete(dir) {
			newest, best = version, dir
		}
	}
	if best == "" {
		return "", errors.New("these tests need a real PostgreSQL: apt-get install postgresql (or make deps)")
	}
	return best, nil
}

func complete(dir string) bool {
	for _, name := range []string{"initdb", "postgres"} {
		if _, err := exec.LookPath(filepath.Join(dir, name)); err != nil {
			return false
		}
	}
	return true
}

func unprivileged() (*syscall.Credential, error) {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			continue
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			continue
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("PostgreSQL does not run as root, and there is no user postgres or nobody")
}

// environment keeps the caller's PG variables away from the server.
func environment(dir string) []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "LC_ALL=C", "TZ=UTC"}
}

// ownedDir makes a directory that belongs to the server's user.
func (in installation) ownedDir(path string) error {
	if err := os.Mkdir(path, 0o700); err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	if in.credential == nil {
		return nil
	}
	if err := os.Chown(path, int(in.credential.Uid), int(in.credential.Gid)); err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	return nil
}
