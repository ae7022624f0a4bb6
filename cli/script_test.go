package cli_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/kith-sync/kith/cli"
	"github.com/kith-sync/kith/store/pgtest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"kith": kith})
}

// kith is the whole program, as scripts see it.
func kith() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(cli.Run(ctx, cli.World{Args: os.Args[1:], Getenv: os.Getenv, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Now: time.Now, Version: "v0.0.0-test"}))
}

// TestScripts runs testdata/script: each is a session at a terminal, with the
// files it needs.
func TestScripts(t *testing.T) { play(t, "testdata/script", "") }

// TestScriptOnPostgres is a session whose contacts lie in PostgreSQL.
func TestScriptOnPostgres(t *testing.T) { play(t, "testdata/postgres", pgtest.DSN(t)) }

func play(t *testing.T, dir, database string) {
	testscript.Run(t, testscript.Params{
		Dir:           dir,
		UpdateScripts: os.Getenv("KITH_UPDATE") != "",
		Setup: func(env *testscript.Env) error {
			env.Setenv("KITH_DATA", env.WorkDir+"/data")
			env.Setenv("KITH_DATABASE", database)
			env.Setenv("NO_COLOR", "1")
			serve(env)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "card": card},
	})
}

// exits runs a command that must end with an exit code: exits 3 kith import x.csv
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE program [args...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var ended *exec.ExitError
		if !errors.As(err, &ended) {
			ts.Fatalf("%v", err)
		}
		got = ended.ExitCode()
	}
	if got != want {
		ts.Fatalf("%v: exit %d, want %d", args[1:], got, want)
	}
}
