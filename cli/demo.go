package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/demo"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/server"
	"github.com/kith-sync/kith/workspace"
)

func (a *app) demoCommand() *cobra.Command {
	var keep string
	var alone bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See what Kith does, in one minute, on 500 invented people",
		Long: `Demo imports a file of 500 invented people into a temporary data folder: the plan,
the run, the rejects, one contact explained, one run undone, one stopped by the
guard. Then it serves what came of it to your browser, joined to a Salesforce and a
Mailchimp that it plays itself, until you interrupt it; where nobody is at the terminal,
and with --no-serve, it ends there. Your own data are not touched.`,
		Example: "  kith demo\n  kith demo --keep kith-demo --no-serve",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.folder != "" {
				return usage("%s keeps to a folder of its own. To have it afterwards use --keep DIR", cmd.CommandPath())
			}
			folder, err := demoFolder(keep)
			if err != nil {
				return err
			}
			if keep == "" {
				defer os.RemoveAll(folder)
			}
			if err := a.tellDemo(cmd.Context(), folder); err != nil {
				return err
			}
			serves := !alone && a.terminal(a.Stdin)
			a.yourTurn(keep, serves)
			if !serves {
				return nil
			}
			return a.serveDemo(cmd.Context(), folder)
		},
	}
	cmd.Flags().StringVar(&keep, "keep", "", "do it in this new folder and leave everything there")
	cmd.Flags().BoolVar(&alone, "no-serve", false, "only print; open no page")
	return cmd
}

// demoAddress is where the demo is served, unless something is there already.
const demoAddress = "127.0.0.1:8080"

// serveDemo serves what the story has left, an import with rejects and one that the
// guard stopped, and the systems that it is joined to.
func (a *app) serveDemo(ctx context.Context, folder string) error {
	ctx, stop := context.WithCancel(ctx)
	var playing sync.WaitGroup
	defer playing.Wait()
	defer stop()
	fmt.Fprintln(a.Stdout, "\nIn your browser (Ctrl-C stops it)")
	if err := a.joinDemo(ctx, folder, &playing); err != nil {
		return err
	}
	a.folder = filepath.Join(folder, demoData)
	a.Getenv = func(string) string { return "" } // KITH_DATABASE has the caller's own people
	return a.write(ctx, func(ctx context.Context, w *workspace.Workspace) error {
		o := serving{Options: server.Options{Address: demoAddress}, demo: true}
		err := a.serve(ctx, w, o)
		if f, is := errors.AsType[*fault](err); is && f.code == codeAddress {
			o.Address = "127.0.0.1:0"
			err = a.serve(ctx, w, o)
		}
		return err
	})
}

// demoFolder makes the folder that is to be kept, or one for the time being.
func demoFolder(keep string) (string, error) {
	if keep == "" {
		return os.MkdirTemp("", "kith-demo-")
	}
	entries, err := os.ReadDir(keep)
	if len(entries) > 0 {
		return "", refuse("demo.folder", "%s is not empty. Nothing was changed. Name a folder that is not there yet", keep)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	return keep, os.MkdirAll(keep, 0o700)
}

// tellDemo tells the story.
func (a *app) tellDemo(ctx context.Context, folder string) error {
	stage := a.demoStage(folder, nil)
	if a.colours() {
		stage.Strong = func(text string) string { return "\x1b[1m" + text + "\x1b[0m" }
	}
	return stopped(ctx, demo.Tell(ctx, stage))
}

// demoStage runs the commands of the demo as this program would be run: with no one
// to be asked, and seeing none of the caller's own data.
func (a *app) demoStage(folder string, environment map[string]string) demo.Stage {
	stage := demo.Stage{Folder: folder, Out: a.Stdout}
	stage.Kith = func(ctx context.Context, out io.Writer, args ...string) int {
		world := a.World
		world.Args = append([]string{"--data", filepath.Join(folder, demoData)}, args...)
		world.Stdout, world.Stderr = out, out
		world.Getenv = func(name string) string { return environment[name] }
		world.Terminal = func(any) bool { return false }
		return Run(ctx, world)
	}
	return stage
}

// stopped is what the program says when a command of the demo did not end as it should.
func stopped(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil {
		return err
	}
	return refuse("demo.stopped", "%v", err)
}

// demoData is the data folder, beside the files.
const demoData = "data"

// colours reports whether stdout may be coloured.
func (a *app) colours() bool {
	return a.terminal(a.Stdout) && a.Getenv("NO_COLOR") == "" && a.Getenv("TERM") != "dumb"
}

// yourTurn says how to go on. Whoever has only the source types go run instead.
func (a *app) yourTurn(keep string, serves bool) {
	say := func(command, what string) { fmt.Fprintf(a.Stdout, "  %-28s  %s\n", command, what) }
	fmt.Fprintln(a.Stdout, "\nYour turn")
	say("kith import your.csv --plan", "look first (without kith on the path: go run ./cmd/kith ...)")
	switch {
	case keep == "" && serves:
		say("kith demo --keep kith-demo", "the same, in a folder that stays; the one of this demo goes when you stop it")
	case keep == "":
		say("kith demo --keep kith-demo", "the same, in a folder that stays; the one of this demo is gone")
	default:
		say(fmt.Sprintf("kith --data %s runs list", desk.Quoted(filepath.Join(keep, demoData))), "what was done here")
	}
	say("kith --help, docs/cli.md", "all commands")
	if folder := dataFolder(a.Getenv, runtime.GOOS); folder != "" {
		fmt.Fprintf(a.Stdout, "  Your own data will lie in %s; --data names another folder.\n", desk.Cell(folder))
	}
}
