package cli

import (
	"context"
	"fmt"
	"io"
	"path"
	"time"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/fetch"
	"github.com/kith-sync/kith/workspace"
)

// trustConnection accepts the key of an SFTP server. A person compares it, or
// whoever types --host-key has got it from the server's operator.
func (a *app) trustConnection() *cobra.Command {
	var key string
	cmd := &cobra.Command{
		Use: "trust NAME", Short: "Accept the key of an SFTP server, once it was compared",
		Long: `Trust asks an SFTP server for its key, shows it, and keeps it with the connection
once you say that it is the right one. Compare it with what the server's operator
tells you. From then on a server that shows another key is not signed in to.`,
		Example: "  kith connections trust hr-sftp\n  kith connections trust hr-sftp --host-key \"ssh-ed25519 SHA256:gRJIaD6EDE3CTTGHzR3hPNGdFMnbFyZFeX4XIyfGB34\"",
		Args:    exactly("a NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.write(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				if _, err := desk.ConnectionNamed(ctx, w, args[0]); err != nil {
					return err
				}
				return a.trust(ctx, w, args[0], key)
			})
		},
	}
	cmd.Flags().StringVar(&key, "host-key", "", "the key as the server's operator tells it: it is accepted when the server shows this one")
	return cmd
}

func (a *app) trust(ctx context.Context, w *workspace.Workspace, name, said string) error {
	shown, err := w.HostKeyNow(ctx, name)
	if err != nil {
		return err
	}
	if said == "" {
		if !a.interactive() {
			return &fault{exit: exitApproval, code: "confirm", message: fmt.Sprintf(
				"The server shows the key %s, and a person has to compare it. Nothing was changed. If it is the one that the server's operator tells, type:  kith connections trust %s --host-key %q", shown, desk.Quoted(name), shown)}
		}
		a.say("The server of %s shows this key:\n  %s", name, shown)
		if !a.agreed("Is that the key which the server's operator tells?") {
			return &fault{exit: exitApproval, code: "confirm", message: "Nothing was changed"}
		}
	} else if err := desk.SameKey(said, shown); err != nil {
		return err
	}
	if err := w.Trust(ctx, name, shown); err != nil {
		return err
	}
	a.say("Accepted. Try it:  kith connections test %s", desk.Quoted(name))
	return nil
}

// testFiles signs in to a connection with files and lists those that a sync with
// that path would see.
func (a *app) testFiles(ctx context.Context, w *workspace.Workspace, name, pattern string) error {
	files, err := w.Look(ctx, name, pattern)
	if err != nil {
		return err
	}
	if a.human() {
		testFilesText(a.Stdout, name, pattern, files)
		return nil
	}
	reports := desk.ReportFiles(files)
	return many(a, each(reports), shape[desk.FileReport]{columns: []string{"path", "size", "modified"}, row: func(f desk.FileReport) []string {
		at := ""
		if f.Modified != nil {
			at = f.Modified.Format(time.RFC3339)
		}
		return []string{f.Path, fmt.Sprint(f.Size), at}
	}})
}

const filesShown = 20

func testFilesText(out io.Writer, name, pattern string, files []fetch.Entry) {
	if pattern == "" {
		fmt.Fprintf(out, "%s answers. See its files with --path, as in --path \"/out/*.csv\"\n", desk.Cell(name))
		return
	}
	many := "files"
	if len(files) == 1 {
		many = "file"
	}
	fmt.Fprintf(out, "%s answers: %d %s for %s, the newest last\n", desk.Cell(name), len(files), many, desk.Cell(pattern))
	if left := len(files) - filesShown; left > 0 {
		fmt.Fprintf(out, "  and %d older\n", left)
		files = files[left:]
	}
	for _, f := range files {
		at := "time not told      "
		if !f.Modified.IsZero() {
			at = f.Modified.UTC().Format(time.DateTime)
		}
		size := fmt.Sprintf("%d bytes", f.Size)
		if f.Size < 0 {
			size = "size not told"
		}
		fmt.Fprintf(out, "  %s  %s  %s\n", at, desk.Cell(path.Base(f.Path)), size)
	}
}
