package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/api/client"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/workspace"
)

// setupsCommand shows the numbered steps of a set-up (S1).
func (a *app) setupsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "setups", Short: "Show set-ups step by step: what is done, and what is next", Args: exactly(),
		Long: "Show the numbered steps of a CRM with a mailing list, and of events to Salesforce. Which steps are done\n" +
			"follows from the connections, syncs and runs that there are. kith serve has a button for each.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.read(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				all, err := desk.Setups(ctx, w)
				if err != nil {
					return err
				}
				return a.printSetups(all)
			})
		},
	}
	return a.orServer(cmd, func(ctx context.Context, c *client.Client, _ []string) error {
		var all []desk.Setup
		for s, err := range client.List[desk.Setup](ctx, c, serverRoot+"/setups") {
			if err != nil {
				return err
			}
			all = append(all, s)
		}
		return a.printSetups(all)
	})
}

func (a *app) printSetups(all []desk.Setup) error {
	if !a.human() {
		return many(a, each(all), shape[desk.Setup]{columns: []string{"name", "book", "done", "steps", "next"}, row: func(s desk.Setup) []string {
			next := ""
			for _, step := range s.Steps {
				if step.Next {
					next = step.Title
				}
			}
			return []string{s.Name, s.Book, fmt.Sprint(s.Done), fmt.Sprint(len(s.Steps)), next}
		}})
	}
	for _, s := range all {
		setupText(a.Stdout, s)
	}
	return nil
}

func setupText(out io.Writer, s desk.Setup) {
	fmt.Fprintf(out, "%s  %d of %d steps done\n", s.Title, s.Done, len(s.Steps))
	for i, step := range s.Steps {
		sign, more := " ", step.Is
		switch {
		case step.Done:
			sign = "x"
		case step.Next:
			sign = ">"
		case step.Optional && more == "":
			more = "if you want it"
		}
		fmt.Fprintf(out, "  %s %2d  %s", sign, i+1, step.Title)
		if more != "" {
			fmt.Fprintf(out, "  (%s)", desk.Cell(more))
		}
		fmt.Fprintln(out)
	}
}
