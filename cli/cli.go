// Package cli is the kith command line: it reads flags, asks questions, prints
// results and chooses exit codes. It decides nothing about a contact and keeps
// nothing itself: a command opens a workspace, has it do the work and says what
// came of it. What programs may rely on stands in contract.go and docs/cli.md.
package cli

import (
	"bufio"
	"context"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/notify"
	"github.com/kith-sync/kith/schedule"
	"github.com/kith-sync/kith/store"
)

// A World is all that a command sees of its surroundings.
type World struct {
	Args    []string // without the program's name
	Getenv  func(string) string
	Stdin   io.Reader
	Stdout  io.Writer // data
	Stderr  io.Writer // messages and progress
	Now     func() time.Time
	Version string
	// Terminal reports whether a stream is a person's terminal; nil looks itself.
	Terminal func(stream any) bool
}

// Run carries one command out and returns its exit code.
func Run(ctx context.Context, w World) int {
	a := &app{World: w, answers: bufio.NewReader(w.Stdin)}
	root := a.root()
	root.SetArgs(w.Args)
	root.SetIn(w.Stdin)
	root.SetOut(w.Stdout)
	root.SetErr(w.Stderr)
	if err := root.ExecuteContext(ctx); err != nil {
		return a.fail(ctx, err)
	}
	return a.exit
}

// app is one command being carried out.
type app struct {
	World
	folder    string // --data
	format    string // --output
	quiet     bool
	yes       bool
	exit      int // of a command that ended without an error
	answers   *bufio.Reader
	bar       *progress
	hint      string                        // what to type after an interruption
	replaced  map[string]store.Sync         // by name: what stood where a sync is kept that is not planned yet
	schedules map[string]*schedule.Schedule // by name: those of the file that is kept, until its syncs are settled
	paused    map[string]*bool              // likewise: whether these wait
	notified  map[string][]notify.Rule      // likewise: who is told about their runs
	flags     bool                          // the sync was described by flags: advice speaks of these
	told      []string                      // notes that were printed already
	reported  bool                          // the error stands in what was printed on stdout already
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "kith",
		Short:         "Keep contacts in step: see the plan, apply exactly that, know why, take it back",
		Long:          rootHelp,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.checkFormat(); err != nil {
				return err
			}
			return a.hereOnly(cmd)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return cmd.Help()
		},
	}
	flags := root.PersistentFlags()
	flags.StringVar(&a.folder, "data", "", "data folder (default $KITH_DATA, else a folder of your own)")
	flags.StringVarP(&a.format, "output", "o", "table", "table, json, jsonl, csv or yaml")
	flags.BoolVarP(&a.quiet, "quiet", "q", false, "no progress and no messages that are not errors")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		if format := formatIn(a.Args); format != "" {
			a.format = format // it stands behind the mistake, and counts all the same
		}
		return usage("%s See %s --help", flagFault(cmd, err), cmd.CommandPath())
	})
	root.AddGroup(&cobra.Group{ID: "sync", Title: "Bring contacts in and keep them in step:"},
		&cobra.Group{ID: "know", Title: "Know what happened, and take it back:"},
		&cobra.Group{ID: "book", Title: "Address books:"},
		&cobra.Group{ID: "keep", Title: "The installation:"})
	add(root, "sync", a.demoCommand(), a.importCommand(), a.planCommand(), a.runCommand(), a.applyCommand(), a.approveCommand(),
		a.syncsCommand(), a.setupsCommand(), a.connectionsCommand(), a.notificationsCommand(), a.conflictsCommand(), a.linksCommand(), a.presetsCommand(), a.validateCommand())
	add(root, "know", a.runsCommand(), a.rejectsCommand(), a.explainCommand(), a.undoCommand())
	add(root, "book", a.booksCommand(), a.fieldsCommand(), a.contactsCommand(), a.duplicatesCommand(), a.companiesCommand(), a.eventsCommand(), a.meetingsCommand(), a.leadsCommand(), a.trashCommand(), a.suppressionsCommand())
	add(root, "keep", a.serveCommand(), a.doctorCommand(), a.backupCommand(), a.restoreCommand(), a.sandboxCommand(), a.selftestCommand(), a.versionCommand())
	add(root, "keep", a.configCommand(), a.userCommand(), a.signinCommand(), a.tokenCommand(), a.auditCommand())
	root.AddCommand(a.manCommand(root))
	root.SetHelpCommandGroupID("keep")
	root.SetCompletionCommandGroupID("keep")
	a.addCompletion(root)
	return root
}

// formatIn finds --output in arguments that could not be read to their end.
func formatIn(args []string) (format string) {
	for i, arg := range args {
		value, found := strings.CutPrefix(arg, "--output=")
		switch {
		case found:
		case arg == "-o" || arg == "--output":
			if i+1 < len(args) {
				value = args[i+1]
			}
		case strings.HasPrefix(arg, "-o"):
			value = strings.TrimPrefix(arg[2:], "=")
		}
		if slices.Contains(formats[:], value) {
			format = value
		}
	}
	return format
}

func add(root *cobra.Command, group string, commands ...*cobra.Command) {
	for _, c := range commands {
		c.GroupID = group
		root.AddCommand(c)
	}
}

const rootHelp = `Kith reads contacts from a source, decides what each should become in a target,
shows the decision as a plan, applies exactly that plan, and remembers why.

  kith import attendees.csv        a file into an address book, shown first
  kith undo 1                      take that back
  kith explain ada@example.com     why a contact is what it is`

// terminal reports whether a stream is a person's terminal.
func (a *app) terminal(stream any) bool {
	if a.Terminal != nil {
		return a.Terminal(stream)
	}
	file, ok := stream.(*os.File)
	return ok && (isatty.IsTerminal(file.Fd()) || isatty.IsCygwinTerminal(file.Fd()))
}

// interactive reports whether somebody is there to be asked.
func (a *app) interactive() bool { return a.terminal(a.Stdin) && a.terminal(a.Stderr) }
