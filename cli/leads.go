package cli

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// leads are the commands of the Leads Inbox (E20).
type leads struct {
	*app
	book  string // --book
	event string // --event
}

func (a *app) leadsCommand() *cobra.Command {
	l := &leads{app: a}
	cmd := group(&cobra.Command{
		Use: "leads", Short: "The Leads Inbox: who was captured at an event, until somebody has looked",
		Long: `People captured at an event by a form, a file or the API wait in an inbox. Somebody
looks through them, corrects them, and takes them into the address book: whoever is
known by the e-mail gets what was blank, others become contacts. The company is set
from other contacts at the same e-mail domain, or from the domain's name, and can be
changed any time. Taking is a run: kith undo takes it back.`,
		Example: "  kith leads import badges.csv --event 1\n  kith leads\n  kith leads take 1 2 3 --status attended",
	}, l.list(), l.add(), l.edit(), l.take(), l.dismiss(), l.restoreLeads(), l.importFile(), l.form())
	cmd.PersistentFlags().StringVar(&l.book, "book", "contacts", "address book")
	return cmd
}

// in opens the workspace with the book and the event that flags name.
func (l *leads) in(open func(context.Context, func(context.Context, *workspace.Workspace) error) error, cmd *cobra.Command, do func(ctx context.Context, w *workspace.Workspace, b store.Book, event int64) error) error {
	return open(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
		b, err := desk.Book(ctx, w, l.book)
		if err != nil {
			return err
		}
		if l.event == "" || l.event == "0" {
			return do(ctx, w, b, 0)
		}
		o, err := desk.OccasionNamed(ctx, w, b, store.KindEvent, l.event)
		if err != nil {
			return err
		}
		return do(ctx, w, b, o.ID)
	})
}

// atEvent gives a command the flag that names an event.
func (l *leads) atEvent(cmd *cobra.Command, help string) *cobra.Command {
	cmd.Flags().StringVar(&l.event, "event", "", help)
	return cmd
}

func (l *leads) list() *cobra.Command {
	var state string
	cmd := &cobra.Command{
		Use: "list", Short: "List who waits, the latest first", Args: exactly(),
		Example: "  kith leads\n  kith leads list --state dismissed -o csv",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return l.in(l.read, cmd, func(ctx context.Context, w *workspace.Workspace, b store.Book, event int64) error {
				var all []desk.LeadReport
				for before := int64(0); ; {
					some, next, err := desk.Leads(ctx, w, b, desk.LeadsQuery{State: state, Event: event, Before: before, Limit: 1000})
					if err != nil {
						return err
					}
					if all = append(all, some...); next == 0 {
						break
					}
					before = next
				}
				if l.human() && len(all) == 0 {
					l.say("Nobody waits in the inbox of %s.", b.Name)
					return nil
				}
				return many(l.app, each(all), leadShape(b, all))
			})
		},
	}
	cmd.Flags().StringVar(&state, "state", store.LeadNew, "new, taken or dismissed")
	return l.atEvent(cmd, "only those of this event: its ID or name")
}

// leadShape shows the fields that some lead has, with the company that is set by itself.
func leadShape(b store.Book, leads []desk.LeadReport) shape[desk.LeadReport] {
	company := desk.CompanyField(b)
	var fields []contact.Field
	for _, f := range b.Fields {
		if f.Name == company || slices.ContainsFunc(leads, func(r desk.LeadReport) bool { return r.Fields[f.Name] != "" }) {
			fields = append(fields, f)
		}
	}
	s := shape[desk.LeadReport]{columns: []string{"lead", "came"}}
	for _, f := range fields {
		s.columns = append(s.columns, f.Name)
	}
	s.columns = append(s.columns, "note", "remarks")
	s.row = func(r desk.LeadReport) []string {
		row := []string{fmt.Sprint(r.Lead), r.Came}
		for _, f := range fields {
			value := r.Fields[f.Name]
			if f.Name == company && r.Company != nil {
				value = r.Company.Value
			}
			row = append(row, value)
		}
		return append(row, r.Note, remarks(r))
	}
	return s
}

// remarks say what is worth knowing of a lead besides its values.
func remarks(r desk.LeadReport) string {
	var all []string
	if r.Company != nil {
		all = append(all, "company "+r.Company.Why)
	}
	for _, id := range r.Known {
		all = append(all, fmt.Sprintf("is contact %d already", id))
	}
	if text := r.Waiting(); text != "" {
		all = append(all, text)
	}
	if r.Contact != 0 {
		all = append(all, fmt.Sprintf("contact %d", r.Contact))
	}
	return strings.Join(all, "; ")
}

// fieldsOf reads FIELD=VALUE arguments.
func (l *leads) fieldsOf(w *workspace.Workspace, b store.Book, args []string) (map[string]string, error) {
	list, err := l.settings(w, b, args, false)
	fields := map[string]string{}
	for _, s := range list {
		fields[b.Fields[s.at].Name] = s.value
	}
	return fields, err
}

func (l *leads) add() *cobra.Command {
	var note string
	cmd := &cobra.Command{
		Use: "add FIELD=VALUE...", Short: "Put somebody into the inbox", Args: atLeast(1, "FIELD=VALUE"),
		Example: "  kith leads add email=ada@example.com first_name=Ada --event 1 --note \"wants a demo\"",
		RunE: func(cmd *cobra.Command, args []string) error {
			return l.in(l.write, cmd, func(ctx context.Context, w *workspace.Workspace, b store.Book, event int64) error {
				fields, err := l.fieldsOf(w, b, args)
				if err != nil {
					return err
				}
				if err := desk.AddLeads(ctx, w, b, event, store.CameByAPI, []desk.LeadEntry{{Fields: fields, Note: note}}); err != nil {
					return asUsage(err)
				}
				l.say("Received. kith leads list --book %s shows who waits.", desk.Quoted(b.Name))
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&note, "note", "", "for whoever looks through the inbox")
	return l.atEvent(cmd, "where they were met: the ID or name of an event")
}

func (l *leads) edit() *cobra.Command {
	var note string
	cmd := &cobra.Command{
		Use: "edit LEAD [FIELD=VALUE...]", Short: "Correct a lead that waits; FIELD= empties one", Args: atLeast(1, "a LEAD"),
		Example: "  kith leads edit 3 company=\"Engines Ltd\"\n  kith leads edit 3 --event 2",
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := leadNumber(args[0])
			if err != nil {
				return err
			}
			if len(args) == 1 && !cmd.Flags().Changed("note") && !cmd.Flags().Changed("event") {
				return usage("%s needs FIELD=VALUE, --note or --event. See %s --help", cmd.CommandPath(), cmd.CommandPath())
			}
			return l.in(l.write, cmd, func(ctx context.Context, w *workspace.Workspace, b store.Book, event int64) error {
				c := desk.LeadChange{}
				if c.Fields, err = l.fieldsOf(w, b, args[1:]); err != nil {
					return err
				}
				if cmd.Flags().Changed("note") {
					c.Note = &note
				}
				if cmd.Flags().Changed("event") {
					c.Event = &event
				}
				if err := desk.EditLead(ctx, w, b, id, c); err != nil {
					return asUsage(err)
				}
				l.say("Lead %d is corrected.", id)
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&note, "note", "", "for whoever looks through the inbox")
	return l.atEvent(cmd, "where they were met: the ID or name of an event, 0 for none")
}

func (l *leads) take() *cobra.Command {
	var status string
	cmd := &cobra.Command{
		Use: "take LEAD...", Short: "Make leads contacts, and add them to their event", Args: atLeast(1, "a LEAD"),
		Example: "  kith leads take 1 2 3 --event \"Spring Expo\" --status attended",
		RunE: func(cmd *cobra.Command, args []string) error {
			ids, err := leadNumbers(args)
			if err != nil {
				return err
			}
			return l.in(l.write, cmd, func(ctx context.Context, w *workspace.Workspace, b store.Book, event int64) error {
				t := desk.LeadTaking{Leads: ids, Status: status}
				if cmd.Flags().Changed("event") {
					t.Event = &event
				}
				r, err := desk.TakeLeads(ctx, w, b, t, byConsole)
				if err != nil {
					return err
				}
				return l.taken(r)
			})
		},
	}
	cmd.Flags().StringVar(&status, "status", "", "with which they take part: attended, registered, ...")
	return l.atEvent(cmd, "the event that all of them join, 0 for none (default: each its own)")
}

// byConsole is who took or dismissed a lead from a command line.
const byConsole = "console"

// taken prints what came of taking leads. Leads that go on waiting are no success.
func (l *leads) taken(r desk.TakeReport) error {
	if len(r.Left) > 0 {
		l.exit = exitRejects
	}
	s := shape[desk.TakeReport]{columns: []string{"run", "created", "updated", "same", "left"}, row: func(r desk.TakeReport) []string {
		return []string{number(r.Run), number(r.Created), number(r.Updated), number(r.Same), fmt.Sprint(len(r.Left))}
	}}
	return one(l.app, r, s, func(out io.Writer) {
		fmt.Fprintf(out, "created %d  updated %d  same %d", r.Created, r.Updated, r.Same)
		if r.Run != 0 {
			fmt.Fprintf(out, "  run %d", r.Run)
		}
		fmt.Fprintln(out)
		for _, left := range r.Left {
			fmt.Fprintf(out, "lead %d goes on waiting  %s  %s\n", left.Lead, left.Code, plain(left.Message))
		}
		if r.Run != 0 {
			l.say("To take this back:  kith undo %d", r.Run)
		}
	})
}

func (l *leads) dismiss() *cobra.Command {
	return l.settling("dismiss LEAD...", "Take leads out of the inbox without making them contacts", "dismissed", func(ctx context.Context, w *workspace.Workspace, b store.Book, ids []int64) (int64, error) {
		return desk.DismissLeads(ctx, w, b, ids, byConsole)
	})
}

func (l *leads) restoreLeads() *cobra.Command {
	return l.settling("restore LEAD...", "Put leads back into the inbox; a contact that one became stays", "put back", desk.RestoreLeads)
}

func (l *leads) settling(use, short, done string, do func(context.Context, *workspace.Workspace, store.Book, []int64) (int64, error)) *cobra.Command {
	verb, _, _ := strings.Cut(use, " ")
	return &cobra.Command{
		Use: use, Short: short, Args: atLeast(1, "a LEAD"), Example: "  kith leads " + verb + " 4 5",
		RunE: func(cmd *cobra.Command, args []string) error {
			ids, err := leadNumbers(args)
			if err != nil {
				return err
			}
			return l.in(l.write, cmd, func(ctx context.Context, w *workspace.Workspace, b store.Book, _ int64) error {
				n, err := do(ctx, w, b, ids)
				if err == nil {
					l.say("%s %s.", several(n, "lead"), done)
				}
				return err
			})
		},
	}
}

func (l *leads) importFile() *cobra.Command {
	cmd := &cobra.Command{
		Use: "import FILE", Short: "Put the people of a file into the inbox", Args: exactly("a FILE"),
		Long:    "Put the people of a CSV file, a workbook or vCards into the inbox. Columns are read as is\nsuggested for the header; those that the book has no field for are left out, and said.",
		Example: "  kith leads import badges.csv --event 1",
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := existing(args[0])
			if err == nil {
				path, err = filepath.Abs(path)
			}
			if err != nil {
				return err
			}
			return l.in(l.write, cmd, func(ctx context.Context, w *workspace.Workspace, b store.Book, event int64) error {
				r, err := desk.ImportLeads(ctx, w, b, path, event)
				if err != nil {
					return err
				}
				return l.imported(r)
			})
		},
	}
	return l.atEvent(cmd, "where they were met: the ID or name of an event")
}

func (l *leads) imported(r desk.LeadImport) error {
	if len(r.Left) > 0 {
		l.exit = exitRejects
	}
	s := shape[desk.LeadImport]{columns: []string{"lines", "came", "left"}, row: func(r desk.LeadImport) []string {
		return []string{number(r.Lines), number(r.Came), fmt.Sprint(len(r.Left))}
	}}
	return one(l.app, r, s, func(out io.Writer) {
		fmt.Fprintf(out, "%d of %s came into the inbox\n", r.Came, several(r.Lines, "line"))
		for _, m := range r.Map {
			fmt.Fprintf(out, "  %s -> %s\n", plain(m.From), m.To)
		}
		for _, name := range r.Unread {
			fmt.Fprintf(out, "  %s is not read: the book has no such field\n", plain(name))
		}
		for _, left := range r.Left {
			fmt.Fprintf(out, "line %d did not come: %s\n", left.Line, plain(left.Message))
		}
	})
}

func leadNumber(text string) (int64, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 {
		return 0, usage("%q is not the number of a lead. kith leads lists them", text)
	}
	return id, nil
}

func leadNumbers(args []string) (ids []int64, err error) {
	for _, text := range args {
		id, err := leadNumber(text)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// asUsage says mistakes of several values in one sentence.
func asUsage(err error) error {
	if wrong, ok := err.(desk.FieldErrors); ok { //nolint:errorlint // it is returned as it is
		return usage("%s", wrong.Error())
	}
	return err
}
