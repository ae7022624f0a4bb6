package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/api/client"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// occasions are the commands of events or of meetings, which differ in few words.
type occasions struct {
	*app
	kind string // store.KindEvent, store.KindMeeting
	word string // EVENT, MEETING
	a    string // an event, a meeting
	name string // NAME, SUBJECT
	book string // --book
}

func (a *app) eventsCommand() *cobra.Command {
	o := &occasions{app: a, kind: store.KindEvent, word: "EVENT", a: "an event", name: "NAME"}
	return o.commands("Events, who takes part, and the campaigns they belong to", o.connect())
}

func (a *app) meetingsCommand() *cobra.Command {
	o := &occasions{app: a, kind: store.KindMeeting, word: "MEETING", a: "a meeting", name: "SUBJECT"}
	return o.commands("Meetings, and whom they are with")
}

func (o *occasions) commands(short string, more ...*cobra.Command) *cobra.Command {
	list := &cobra.Command{
		Use: "list", Short: "List the " + o.kind + "s, the latest first", Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.read(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				b, err := desk.Book(ctx, w, o.book)
				if err != nil {
					return err
				}
				all, err := desk.Occasions(ctx, w, b, o.kind)
				if err != nil {
					return err
				}
				return many(o.app, each(all), o.shape())
			})
		},
	}
	o.orServer(list, o.listThere)
	all := append([]*cobra.Command{o.show(), o.add(), o.edit(), o.remove(), o.people(), o.attend(), o.leave()}, more...)
	cmd := group(&cobra.Command{Use: o.kind + "s", Short: short}, list, all...)
	cmd.PersistentFlags().StringVar(&o.book, "book", "contacts", "address book")
	return cmd
}

func (o *occasions) shape() shape[desk.OccasionReport] {
	if o.kind == store.KindMeeting {
		return shape[desk.OccasionReport]{columns: []string{"id", "starts", "subject", "place", "people", "event"}, row: func(r desk.OccasionReport) []string {
			return []string{fmt.Sprint(r.ID), moment(r.Starts), r.Name, r.Place, fmt.Sprint(r.People), number(r.Event)}
		}}
	}
	return shape[desk.OccasionReport]{columns: []string{"id", "starts", "name", "place", "people", "campaign"}, row: func(r desk.OccasionReport) []string {
		return []string{fmt.Sprint(r.ID), moment(r.Starts), r.Name, r.Place, fmt.Sprint(r.People), r.CampaignName}
	}}
}

// moment is a time of an occasion: a day, where nobody has said the minute.
func moment(t *time.Time) string {
	if t == nil {
		return ""
	}
	if at := t.UTC(); at.Hour()+at.Minute() > 0 {
		return at.Format("2006-01-02 15:04Z")
	}
	return t.UTC().Format(time.DateOnly)
}

// on opens the workspace for a command about one occasion, which an argument names.
func (o *occasions) on(open func(context.Context, func(context.Context, *workspace.Workspace) error) error, cmd *cobra.Command, who string, do func(context.Context, *workspace.Workspace, store.Book, store.Occasion) error) error {
	return open(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
		b, err := desk.Book(ctx, w, o.book)
		if err != nil {
			return err
		}
		found, err := desk.OccasionNamed(ctx, w, b, o.kind, who)
		if err != nil {
			return err
		}
		return do(ctx, w, b, found)
	})
}

func (o *occasions) show() *cobra.Command {
	return o.orServer(&cobra.Command{
		Use: "show " + o.word, Short: "Show " + o.a + " with what is known of it", Args: exactly("an ID or name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.on(o.read, cmd, args[0], o.print)
		},
	}, o.showThere)
}

func (o *occasions) print(ctx context.Context, w *workspace.Workspace, b store.Book, found store.Occasion) error {
	r, err := desk.ReportOccasion(ctx, w, found)
	if err != nil {
		return err
	}
	syncs, err := desk.OccasionSyncs(ctx, w, b, found)
	if err != nil {
		return err
	}
	return o.printReport(r, syncs, b.Name)
}

func (o *occasions) printReport(r desk.OccasionReport, syncs []desk.OccasionSync, book string) error {
	return one(o.app, r, o.shape(), func(out io.Writer) {
		fmt.Fprintf(out, "%s  %s %d of %s, %s\n", desk.Cell(r.Name), o.kind, r.ID, desk.Cell(book), several(int64(r.People), "contact"))
		t := newTable(out, nil)
		for _, row := range [][2]string{{"starts", moment(r.Starts)}, {"ends", moment(r.Ends)}, {"place", r.Place}, {"note", r.Note}, {"event", number(r.Event)}, {"campaign", campaignText(r)}, {"sent by", sentBy(syncs)}} {
			if row[1] != "" {
				_ = t.add([]string{"  " + row[0], row[1]}) // a terminal that is gone needs no error
			}
		}
		_ = t.flush()
		if r.Connection != "" && len(syncs) == 0 {
			fmt.Fprintf(out, "  no sync sends its people to %s yet: docs/linked-syncs.md shows one\n", desk.Cell(r.Connection))
		}
	})
}

func campaignText(r desk.OccasionReport) string {
	if r.Connection == "" {
		return ""
	}
	return fmt.Sprintf("%s (%s) at %s", r.CampaignName, r.Campaign, r.Connection)
}

func sentBy(syncs []desk.OccasionSync) string {
	names := make([]string, len(syncs))
	for i, s := range syncs {
		names[i] = s.Sync
	}
	return strings.Join(names, ", ")
}

func (o *occasions) add() *cobra.Command {
	cmd := &cobra.Command{
		Use: "add " + o.name, Short: "Add " + o.a, Args: exactly("a " + o.name),
		Example: map[string]string{
			store.KindEvent:   "  kith events add \"Spring Expo\" --starts 2026-11-22 --place Leeds --book people",
			store.KindMeeting: "  kith meetings add \"A talk\" --starts \"2026-11-22 14:30\" --event \"Spring Expo\" --book people",
		}[o.kind],
	}
	changed := o.changes(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return o.write(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
			b, err := desk.Book(ctx, w, o.book)
			if err != nil {
				return err
			}
			c, err := changed(func(event string) (int64, error) { return eventIn(ctx, w, b, event) })
			if err != nil {
				return err
			}
			c.Name = &args[0]
			made, err := desk.SaveOccasion(ctx, w, b, o.kind, 0, c)
			if err != nil {
				return err
			}
			o.say("Added the %s %s as %d. Who takes part:  kith %ss attend %d WHO... --book %s", o.kind, made.Name, made.ID, o.kind, made.ID, desk.Quoted(b.Name))
			return o.print(ctx, w, b, made)
		})
	}
	return o.orServer(cmd, func(ctx context.Context, c *client.Client, args []string) error {
		return o.addThere(ctx, c, args[0], changed)
	})
}

func eventIn(ctx context.Context, w *workspace.Workspace, b store.Book, event string) (int64, error) {
	e, err := desk.OccasionNamed(ctx, w, b, store.KindEvent, event)
	return e.ID, err
}

func (o *occasions) edit() *cobra.Command {
	name := ""
	cmd := &cobra.Command{Use: "edit " + o.word, Short: "Change " + o.a + "; an empty value takes it away", Args: exactly("an ID or name")}
	changed := o.changes(cmd)
	flag := strings.ToLower(o.name)
	cmd.Flags().StringVar(&name, flag, "", "what it is called from now on")
	said := func(find func(string) (int64, error)) (desk.OccasionChange, error) {
		c, err := changed(find)
		if cmd.Flags().Changed(flag) {
			c.Name = &name
		}
		if err == nil && c == (desk.OccasionChange{}) {
			err = usage("%s needs something to change. See %s --help", cmd.CommandPath(), cmd.CommandPath())
		}
		return c, err
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return o.on(o.write, cmd, args[0], func(ctx context.Context, w *workspace.Workspace, b store.Book, found store.Occasion) error {
			c, err := said(func(event string) (int64, error) { return eventIn(ctx, w, b, event) })
			if err != nil {
				return err
			}
			if found, err = desk.SaveOccasion(ctx, w, b, o.kind, found.ID, c); err != nil {
				return err
			}
			return o.print(ctx, w, b, found)
		})
	}
	return o.orServer(cmd, func(ctx context.Context, c *client.Client, args []string) error {
		return o.editThere(ctx, c, args[0], said)
	})
}

// changes gives a command the flags that say what an occasion is, and returns what was
// said with them.
func (o *occasions) changes(cmd *cobra.Command) saidOf {
	var starts, ends, place, note, event string
	flags := cmd.Flags()
	flags.StringVar(&starts, "starts", "", "a day as 2026-11-22, or a minute of UTC as \"2026-11-22 14:30\"")
	flags.StringVar(&ends, "ends", "", "likewise")
	flags.StringVar(&place, "place", "", "where it is")
	flags.StringVar(&note, "note", "", "what else there is to say")
	if o.kind == store.KindMeeting {
		flags.StringVar(&event, "event", "", "ID or name of the event that it belongs to")
	}
	return func(find func(string) (int64, error)) (c desk.OccasionChange, err error) {
		for _, one := range []struct {
			flag string
			said *string
			to   **string
		}{{"starts", &starts, &c.Starts}, {"ends", &ends, &c.Ends}, {"place", &place, &c.Place}, {"note", &note, &c.Note}} {
			if flags.Changed(one.flag) {
				*one.to = one.said
			}
		}
		if !flags.Changed("event") {
			return c, nil
		}
		c.Event = new(int64)
		if event != "" {
			*c.Event, err = find(event)
			return c, err
		}
		return c, nil
	}
}

func (o *occasions) remove() *cobra.Command {
	cmd := &cobra.Command{
		Use: "delete " + o.word, Short: "Delete " + o.a + "; the contacts stay", Args: exactly("an ID or name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.on(o.write, cmd, args[0], func(ctx context.Context, w *workspace.Workspace, b store.Book, found store.Occasion) error {
				r, err := desk.ReportOccasion(ctx, w, found)
				if err != nil {
					return err
				}
				question := fmt.Sprintf("Delete the %s %q and who of %s took part? The contacts stay. This cannot be undone.", o.kind, found.Name, several(int64(r.People), "contact"))
				if err := o.confirm(question, fmt.Sprintf("kith %ss delete %d --book %s", o.kind, found.ID, desk.Quoted(b.Name))); err != nil {
					return err
				}
				if err := w.Store.DeleteOccasion(ctx, found.ID); err != nil {
					return err
				}
				o.say("Deleted the %s %s.", o.kind, found.Name)
				return nil
			})
		},
	}
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	return o.orServer(cmd, o.removeThere)
}
