package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/api/client"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

func (a *app) rejectsCommand() *cobra.Command {
	var file, replay string
	cmd := &cobra.Command{
		Use:   "rejects RUN",
		Short: "See, download and replay the records that did not get through",
		Long: `Rejects lists the records of a run that were rejected, held or failed, by cause.
--csv writes them with their own columns and what is wrong with each, safe to open in
a spreadsheet; correct the values there and give the file back with --replay. A replay
never deletes. Of a sync with a connection they are contacts and records, and there is
nothing to replay: its next run looks at them again.`,
		Example: `  kith rejects 12
  kith rejects 12 --csv out.csv
  kith rejects 12 --replay out.csv`,
		Args: exactly("a RUN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			open := a.read
			if replay != "" {
				open = a.write
			}
			return open(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				r, err := findLooked(ctx, w, args[0])
				if err != nil {
					return err
				}
				if replay != "" {
					return a.replay(ctx, w, r, replay)
				}
				return a.showRejects(ctx, w, r, file)
			})
		},
	}
	cmd.Flags().StringVar(&file, "csv", "", "write the records to this file, to be corrected")
	cmd.Flags().StringVar(&replay, "replay", "", "import this corrected file through the same sync")
	return a.orServer(cmd, func(ctx context.Context, c *client.Client, args []string) error {
		return a.rejectsAtServer(ctx, c, args[0], file, replay)
	})
}

func (a *app) showRejects(ctx context.Context, w *workspace.Workspace, r store.Run, path string) error {
	found, err := desk.RejectsOf(ctx, w, r)
	if err != nil {
		return err
	}
	if path != "" && len(found.Groups) == 0 {
		a.say("Run %d has no rejected, held or failed records. Nothing was written.", r.ID)
		return nil
	}
	if path != "" {
		if err := saveRejects(found, path); err != nil {
			return err
		}
		if found.Linked {
			a.say("Wrote %s. Correct the contacts or the records; the next run looks at them again.", path)
			return nil
		}
		a.say("Wrote %s. Correct the values and type:  kith rejects %d --replay %s", path, r.ID, desk.Quoted(path))
		return nil
	}
	switch a.format {
	case "csv":
		return desk.WriteRejects(a.Stdout, found)
	case "table":
		return rejectText(a.Stdout, r, found)
	}
	head := desk.RejectsReport{Run: r.ID, Sync: r.Name, Groups: desk.Spelled(found.Groups)}
	return writeLong(longValue{out: a.Stdout, format: a.format}, head, "records", desk.Reports(found))
}

const rejectsShown = 20

func rejectText(out io.Writer, r store.Run, found desk.Rejects) error {
	if len(found.Groups) == 0 {
		fmt.Fprintf(out, "Run %d has no rejected, held or failed records.\n", r.ID)
		return nil
	}
	for _, g := range found.Groups {
		fmt.Fprintf(out, "%8s  %s: the record %s. %s\n", humanize.Comma(g.Count), g.Code, g.Message, g.Fix)
	}
	shown := 0
	err := desk.ForEach(found.Records, func(c run.Rejected) error {
		if shown++; shown > rejectsShown {
			return errEnough
		}
		if found.Linked {
			fmt.Fprintf(out, "  %s %s  %s  %s\n", c.Action.Sign(), whoText(c.Fields[2], c.Change), c.Reason, strings.Join(desk.LinkedDetail(c.Change), "  "))
			return nil
		}
		fmt.Fprintf(out, "  %s line %d  %s  %s\n", c.Action.Sign(), c.Line, c.Reason, strings.Join(desk.Detail(c.Change), "  "))
		return nil
	})
	if errors.Is(err, errEnough) {
		fmt.Fprintln(out, "  and more")
	} else if err != nil {
		return err
	}
	if found.Linked {
		if slices.ContainsFunc(found.Groups, func(g desk.RejectGroup) bool { return g.Code == plan.ConflictField }) {
			fmt.Fprintln(out, "decide conflicts:  kith conflicts")
		}
		fmt.Fprintf(out, "all of them:  kith rejects %d --csv out.csv\n", r.ID)
		return nil
	}
	fmt.Fprintf(out, "correct them:  kith rejects %d --csv out.csv\n", r.ID)
	return nil
}

func saveRejects(found desk.Rejects, path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return refuse("file.exists", "%s is there already; it may hold corrections. Name another file, or remove it", path)
	}
	if err != nil {
		return unwritable(path, err)
	}
	defer file.Close()
	if err := desk.SheetRejects(file, found); err != nil {
		return err
	}
	return file.Close()
}
