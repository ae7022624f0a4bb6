package cli

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/api/client"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

func (o *occasions) people() *cobra.Command {
	return o.orServer(&cobra.Command{
		Use: "people " + o.word, Short: "List who takes part, and who they are at other systems", Args: exactly("an ID or name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.on(o.read, cmd, args[0], func(ctx context.Context, w *workspace.Workspace, b store.Book, found store.Occasion) error {
				all, err := desk.Attendees(ctx, w, b, found)
				if err != nil {
					return err
				}
				return many(o.app, each(all), attendeeShape())
			})
		},
	}, o.peopleThere)
}

func attendeeShape() shape[desk.AttendeeReport] {
	return shape[desk.AttendeeReport]{columns: []string{"contact", "name", "status", "added", "records", "sync status", "last sync"}, row: func(r desk.AttendeeReport) []string {
		records, states, last := make([]string, len(r.Links)), make([]string, len(r.Links)), make([]string, len(r.Links))
		for i, l := range r.Links {
			records[i] = strings.Join(strings.Fields(l.Connection+" "+l.Object+" "+l.RemoteID), " ")
			states[i], last[i] = syncStatus(l), lastSync(l)
		}
		if r.Waiting != nil {
			states = append(states, waitingText(*r.Waiting))
		}
		name := r.Name
		if r.Trashed {
			name = strings.TrimSpace(name + " (in the trash)")
		}
		return []string{fmt.Sprint(r.Contact), name, r.Status, clock(r.Added), strings.Join(records, ", "), strings.Join(states, ", "), strings.Join(last, ", ")}
	}}
}

// syncStatus says how far a contact and its record at another system are in step (E14).
func syncStatus(l desk.ContactLink) string {
	if l.Gone {
		return l.State
	}
	return "synced"
}

func lastSync(l desk.ContactLink) string {
	if l.Last == nil {
		return "never"
	}
	return clock(l.Last)
}

// waitingText says why a contact has no record at a connection (E24).
func waitingText(w desk.Waiting) string {
	if len(w.Missing) > 0 {
		return "waiting: missing " + w.Fields()
	}
	return "waiting: " + string(w.Reason)
}

func (o *occasions) attend() *cobra.Command {
	var said desk.Attending
	var search, filter string
	cmd := &cobra.Command{
		Use: "attend " + o.word + " [WHO...]", Short: "Have contacts take part in " + o.a,
		Long: "Have contacts take part in " + o.a + ": each by ID, unique identifier, e-mail or telephone, those that --search or\n" +
			"--filter finds, or with --run everybody in the file that a run has imported, whether it created, updated\n" +
			"or found them as they are. Who takes part already gets the new --status, where one is said.",
		Example: fmt.Sprintf("  kith %[1]ss attend 1 ada@example.com bo@example.org --status attended\n  kith %[1]ss attend 1 --run 7 --status registered", o.kind),
		Args:    atLeast(1, "an ID or name of "+o.a),
	}
	flags := cmd.Flags()
	flags.StringVar(&said.Status, "status", "", "such as registered or attended")
	flags.StringVar(&search, "search", "", "all contacts with this text in some value")
	flags.StringVar(&filter, "filter", "", "all contacts that a saved filter chooses")
	flags.Int64Var(&said.Run, "run", 0, "everybody in what this run has read")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return o.on(o.write, cmd, args[0], func(ctx context.Context, w *workspace.Workspace, b store.Book, found store.Occasion) error {
			said.Who = args[1:]
			if filter != "" {
				c, err := desk.SavedChoice(ctx, w, b, filter)
				if err != nil {
					return err
				}
				said.Choice = &c
			}
			if search != "" {
				if said.Choice != nil && said.Choice.Search != "" {
					return usage("The filter %q looks for a text already. Leave --search out", filter)
				}
				if said.Choice == nil {
					said.Choice = new(desk.Choice)
				}
				said.Choice.Search = search
			}
			done, err := desk.AttendAll(ctx, w, b, found, said)
			if err != nil {
				return err
			}
			return o.printAttended(found.Name, done)
		})
	}
	return o.orServer(cmd, func(ctx context.Context, c *client.Client, args []string) error {
		if filter != "" {
			return usage("--filter works on a data folder only, and KITH_URL names a server. Nothing was done. Name them, or use --search or --run")
		}
		said.Who = args[1:]
		if search != "" {
			said.Choice = &desk.Choice{Search: search}
		}
		return o.attendThere(ctx, c, args[0], said)
	})
}

func attendText(r desk.AttendReport) string {
	text := several(int64(r.Added), "contact") + " added"
	if r.Changed > 0 {
		text += fmt.Sprintf(", %d got another status", r.Changed)
	}
	if r.Same > 0 {
		text += fmt.Sprintf(", %d took part already", r.Same)
	}
	return text
}

func (o *occasions) leave() *cobra.Command {
	return o.orServer(&cobra.Command{
		Use: "leave " + o.word + " WHO...", Short: "Take contacts out of " + o.a, Args: atLeast(2, "an ID or name of "+o.a+", and WHO"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.on(o.write, cmd, args[0], func(ctx context.Context, w *workspace.Workspace, b store.Book, found store.Occasion) error {
				left, err := desk.LeaveAll(ctx, w, b, found, args[1:])
				if err != nil {
					return err
				}
				o.say("%s no longer in %s.", were(left), found.Name)
				return nil
			})
		},
	}, o.leaveThere)
}

func were(n int) string {
	if n == 1 {
		return "1 contact is"
	}
	return several(int64(n), "contact") + " are"
}

func (o *occasions) connect() *cobra.Command {
	none := false
	cmd := &cobra.Command{
		Use: "connect EVENT CONNECTION CAMPAIGN", Short: "Connect an event with a campaign, whose members its contacts become",
		Long: "Connect an event with a campaign of a connection, named by its ID or its whole name: the contacts of the\n" +
			"event become members of the campaign with the next run of the sync that sends campaign_members there.",
		Example: "  kith events connect \"Spring Expo\" crm \"Spring Expo 2026\"\n  kith events connect \"Spring Expo\" --none",
		Args: func(cmd *cobra.Command, args []string) error {
			if none {
				return exactly("an EVENT")(cmd, args)
			}
			return exactly("an EVENT", "a CONNECTION", "a CAMPAIGN")(cmd, args)
		},
	}
	cmd.Flags().BoolVar(&none, "none", false, "connect it with no campaign any more")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return o.on(o.write, cmd, args[0], func(ctx context.Context, w *workspace.Workspace, b store.Book, found store.Occasion) error {
			args = append(args, "", "")
			found, err := desk.ConnectCampaign(ctx, w, found, args[1], args[2])
			if err != nil {
				return err
			}
			if none {
				o.say("%s is connected with no campaign any more.", found.Name)
			}
			return o.print(ctx, w, b, found)
		})
	}
	return o.orServer(cmd, o.connectThere)
}

// connectionChoices lists what people choose by its name at a connection.
func (a *app) connectionChoices() *cobra.Command {
	return a.orServer(&cobra.Command{
		Use: "choices CONNECTION OBJECT [TEXT]", Short: "List records that are chosen by name, such as campaigns",
		Example: "  kith connections choices crm Campaign expo",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 3 {
				return nil
			}
			return exactly("a CONNECTION", "an OBJECT")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.read(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				all, err := desk.NamedRecords(ctx, w, args[0], args[1], append(args, "")[2])
				if err != nil {
					return err
				}
				return many(a, each(all), choiceShape())
			})
		},
	}, func(ctx context.Context, c *client.Client, args []string) error {
		query := url.Values{"object": {args[1]}, "q": {append(args, "")[2]}}
		return many(a, client.List[desk.NamedRecord](ctx, c, serverRoot+"/connections/"+url.PathEscape(args[0])+"/choices?"+query.Encode()), choiceShape())
	})
}

func choiceShape() shape[desk.NamedRecord] {
	return shape[desk.NamedRecord]{columns: []string{"id", "name", "detail"}, row: func(c desk.NamedRecord) []string {
		return []string{c.ID, c.Name, c.Detail}
	}}
}
