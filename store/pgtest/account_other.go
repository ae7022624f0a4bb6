//go:build !unix

package pgtest

import "os/exec"

// An account is who the server runs as: here always whoever runs the test.
type account struct{}

// serverAccount reports PostgreSQL as missing: the private cluster needs a shell
// and a Unix socket.
func serverAccount() (account, error) { return account{}, errMissing }

func (account) adopt(string) error { return nil }
func (account) run(*exec.Cmd)      {}
