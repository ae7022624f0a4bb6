//go:build unix

package pgtest

import (
	"errors"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// An account is who the server runs as. The zero account is whoever runs the test.
type account struct{ uid, gid int }

// serverAccount returns an account that PostgreSQL accepts: it refuses to run
// as root, so in a container or on a CI machine it runs as postgres or nobody.
func serverAccount() (account, error) {
	if os.Geteuid() != 0 {
		return account{}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			uid, _ := strconv.Atoi(u.Uid)
			gid, _ := strconv.Atoi(u.Gid)
			return account{uid, gid}, nil
		}
	}
	return account{}, errors.New("PostgreSQL refuses to run as root, and there is no account postgres or nobody")
}

// adopt makes the account the owner of a folder.
func (a account) adopt(folder string) error {
	if a == (account{}) {
		return nil
	}
	return os.Chown(folder, a.uid, a.gid)
}

// run makes a command run as the account, in a process group of its own: the
// interrupt that stops a test must reach the test first, which ends the server.
func (a account) run(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if a != (account{}) {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	}
}
