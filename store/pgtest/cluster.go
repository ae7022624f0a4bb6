package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

const superuser = "kith"

// A cluster is one running server that listens on a socket in its own folder
// and nowhere else, so no port can be taken and no other user can reach it.
type cluster struct {
	folder    string
	lifeline  io.Closer // kept open by this process; its end is the server's end
	databases atomic.Int64
}

func (c *cluster) dsn(database string) string {
	query := url.Values{"host": {c.folder}, "user": {superuser}, "sslmode": {"disable"}}
	return "postgres:///" + database + "?" + query.Encode()
}

func start() (*cluster, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	owner, err := serverAccount()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "kith-pg-")
	if err != nil {
		return nil, err
	}
	c := &cluster{folder: folder}
	if err := c.boot(bin, owner); err != nil {
		return nil, errors.Join(err, c.stop())
	}
	return c, nil
}

func (c *cluster) boot(bin string, owner account) error {
	if err := owner.adopt(c.folder); err != nil {
		return err
	}
	if err := c.create(bin, owner); err != nil {
		return err
	}
	if err := c.serve(bin, owner); err != nil {
		return err
	}
	return c.await(30 * time.Second)
}

// create makes the cluster's files. Locale C, so that text sorts by bytes as it
// does in SQLite and the store's suite can ask both for the same order.
func (c *cluster) create(bin string, owner account) error {
	cmd := c.command(owner, filepath.Join(bin, "initdb"), "--pgdata", c.data(),
		"--username", superuser, "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

// watch runs the server until its standard input ends, which happens when the
// test process closes it, exits, panics or is killed. Nothing is left behind.
const watch = `
folder=$1; shift
"$@" >"$folder/log" 2>&1 & server=$!
cat
kill -QUIT $server
wait $server
rm -rf "$folder"`

// serve starts the server. Nothing here must survive a power cut, so it is told
// not to wait for the disk.
func (c *cluster) serve(bin string, owner account) error {
	args := []string{"-c", watch, "kith-pg", c.folder, filepath.Join(bin, "postgres"), "-D", c.data()}
	for _, setting := range []string{
		"listen_addresses=", "unix_socket_directories=" + c.folder,
		"fsync=off", "synchronous_commit=off", "full_page_writes=off",
		"max_connections=50", "max_wal_size=4GB", "autovacuum_naptime=1h",
	} {
		args = append(args, "-c", setting)
	}
	cmd := c.command(owner, "sh", args...)
	lifeline, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	c.lifeline = lifeline
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start postgres: %w", err)
	}
	go cmd.Wait() //nolint:errcheck // reaps the watcher; a server that failed is reported by await
	return nil
}

// await returns when the server answers.
func (c *cluster) await(limit time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, c.dsn("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ctx.Done():
			log, _ := os.ReadFile(filepath.Join(c.folder, "log"))
			return fmt.Errorf("postgres did not answer within %s: %w\n%s", limit, err, bytes.TrimSpace(log))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// stop ends the server, which takes the folder with it, or removes the folder
// of a server that never began.
func (c *cluster) stop() error {
	if c.lifeline == nil {
		return os.RemoveAll(c.folder)
	}
	return c.lifeline.Close()
}

func (c *cluster) data() string { return filepath.Join(c.folder, "data") }

// command prepares a program that runs as owner, in the cluster's folder, deaf
// to the caller's PGDATA, PGPORT and their like.
func (c *cluster) command(owner account, program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir = c.folder
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "PG") && !strings.HasPrefix(v, "LC_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	owner.run(cmd)
	return cmd
}
