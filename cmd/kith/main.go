// Command kith keeps contacts in step between files and address books. All it
// does here is hand the outside world to package cli.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"
	_ "time/tzdata" // schedules are told in time zones, also where the system has none

	"github.com/kith-sync/kith/cli"
)

// version is set by the release build (-ldflags "-X main.version=...").
var version string

func main() {
	// The first interrupt asks to stop between two batches, the second one ends
	// the process; what is half-way then is finished by the next command.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) int {
	return cli.Run(ctx, cli.World{
		Args: args, Getenv: getenv, Stdin: stdin, Stdout: stdout, Stderr: stderr,
		Now: time.Now, Version: versionName(),
	})
}

// versionName is the release's name, else what the Go tool knows of the source.
func versionName() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(development)"
}
