package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/api/client"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// showConnection tells how a connection is: its settings, its limits, and what its syncs'
// latest runs had to say.
func (a *app) showConnection() *cobra.Command {
	cmd := &cobra.Command{
		Use: "show NAME", Short: "Show a connection: settings, who uses it, its limits and what is worth knowing", Args: exactly("a NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.read(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				c, err := desk.ConnectionNamed(ctx, w, args[0])
				if err != nil {
					return err
				}
				states, err := desk.ConnectionStates(ctx, w, []store.Connection{c}, a.Now())
				if err != nil {
					return err
				}
				return a.printConnection(states[0])
			})
		},
	}
	return a.orServer(cmd, func(ctx context.Context, c *client.Client, args []string) error {
		var state desk.ConnectionState
		if err := c.Do(ctx, http.MethodGet, serverRoot+"/connections/"+url.PathEscape(args[0]), nil, &state); err != nil {
			return err
		}
		return a.printConnection(state)
	})
}

func (a *app) printConnection(c desk.ConnectionState) error {
	s := shape[desk.ConnectionState]{columns: []string{"name", "type", "links", "calls_today", "used_by"}, row: func(c desk.ConnectionState) []string {
		return []string{c.Name, c.Type, fmt.Sprint(c.Links), fmt.Sprint(c.CallsToday), strings.Join(c.UsedBy, ", ")}
	}}
	return one(a, c, s, func(out io.Writer) {
		fmt.Fprintf(out, "%s  %s\n", desk.Cell(c.Name), c.Title)
		t := newTable(out, nil)
		line := func(name, value string) {
			if value != "" {
				_ = t.add([]string{"  " + name, value}) // a terminal that is gone needs no error
			}
		}
		for _, name := range slices.Sorted(maps.Keys(c.Settings)) {
			line(name, c.Settings[name])
		}
		line("secret", map[bool]string{true: "set, sealed", false: "none"}[c.Secret])
		line("used by", strings.Join(c.UsedBy, ", "))
		line("links", several(c.Links, "contact"))
		if c.CallsPerDay > 0 {
			line("calls today", fmt.Sprintf("%d of %d", c.CallsToday, c.CallsPerDay))
		}
		if c.Account != nil {
			line("account", fmt.Sprintf("%d of %d calls, as the system last said", c.Account.Used, c.Account.Most))
		}
		if c.Test != nil {
			line("last test", c.Test.Said)
		}
		_ = t.flush()
		for _, note := range c.Notes {
			fmt.Fprintf(out, "  worth knowing: %s\n", desk.Cell(note))
		}
	})
}
