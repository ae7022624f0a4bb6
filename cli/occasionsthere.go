package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/kith-sync/kith/api/client"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/store"
)

// What the commands of events and meetings do at a server.

// saidOf is what flags say of an occasion; find returns the event that one names.
type saidOf func(find func(event string) (int64, error)) (desk.OccasionChange, error)

// occasionThere is an event or a meeting as a server tells it.
type occasionThere struct {
	desk.OccasionReport
	Syncs []desk.OccasionSync `json:"syncs"`
}

func (o *occasions) listPath(b store.Book, kind string) string {
	return fmt.Sprintf("%s/books/%d/%ss", serverRoot, b.ID, kind)
}

func (o *occasions) listThere(ctx context.Context, c *client.Client, _ []string) error {
	b, err := o.bookAtServer(ctx, c, o.book)
	if err != nil {
		return err
	}
	return many(o.app, client.List[desk.OccasionReport](ctx, c, o.listPath(b, o.kind)), o.shape())
}

// at finds an occasion of a book at a server by its ID, or by its whole name where only
// one has it, and where it is.
func (o *occasions) at(ctx context.Context, c *client.Client, b store.Book, kind, who string) (found desk.OccasionReport, path string, err error) {
	var names, ids []string
	for r, err := range client.List[desk.OccasionReport](ctx, c, o.listPath(b, kind)) {
		if err != nil {
			return found, "", err
		}
		id := strconv.FormatInt(r.ID, 10)
		if id == who {
			return r, o.listPath(b, kind) + "/" + id, nil
		}
		if names = append(names, r.Name); strings.EqualFold(r.Name, strings.TrimSpace(who)) {
			found, ids = r, append(ids, id)
		}
	}
	switch len(ids) {
	case 0:
		return found, "", desk.Absent(kind, who, names, "kith "+kind+"s list --book "+desk.Quoted(b.Name))
	case 1:
		return found, o.listPath(b, kind) + "/" + ids[0], nil
	}
	return found, "", usage("Several %ss are called %q: %s. Name one by its ID", kind, who, strings.Join(ids, ", "))
}

// there finds the book and the occasion that a command is about.
func (o *occasions) there(ctx context.Context, c *client.Client, who string) (store.Book, desk.OccasionReport, string, error) {
	b, err := o.bookAtServer(ctx, c, o.book)
	if err != nil {
		return b, desk.OccasionReport{}, "", err
	}
	r, path, err := o.at(ctx, c, b, o.kind, who)
	return b, r, path, err
}

func (o *occasions) showThere(ctx context.Context, c *client.Client, args []string) error {
	b, _, path, err := o.there(ctx, c, args[0])
	if err != nil {
		return err
	}
	return o.printThere(ctx, c, b, http.MethodGet, path, nil)
}

// printThere asks a server about an occasion, or changes it, and prints it.
func (o *occasions) printThere(ctx context.Context, c *client.Client, b store.Book, method, path string, body any) error {
	var now occasionThere
	if err := c.Do(ctx, method, path, body, &now); err != nil {
		return err
	}
	return o.printReport(now.OccasionReport, now.Syncs, b.Name)
}

func (o *occasions) addThere(ctx context.Context, c *client.Client, name string, said saidOf) error {
	b, err := o.bookAtServer(ctx, c, o.book)
	if err != nil {
		return err
	}
	change, err := said(o.eventThere(ctx, c, b))
	if err != nil {
		return err
	}
	change.Name = &name
	return o.printThere(ctx, c, b, http.MethodPost, o.listPath(b, o.kind), change)
}

func (o *occasions) eventThere(ctx context.Context, c *client.Client, b store.Book) func(string) (int64, error) {
	return func(event string) (int64, error) {
		e, _, err := o.at(ctx, c, b, store.KindEvent, event)
		return e.ID, err
	}
}

func (o *occasions) editThere(ctx context.Context, c *client.Client, who string, said saidOf) error {
	b, _, path, err := o.there(ctx, c, who)
	if err != nil {
		return err
	}
	change, err := said(o.eventThere(ctx, c, b))
	if err != nil {
		return err
	}
	return o.printThere(ctx, c, b, http.MethodPatch, path, change)
}

func (o *occasions) removeThere(ctx context.Context, c *client.Client, args []string) error {
	b, r, path, err := o.there(ctx, c, args[0])
	if err != nil {
		return err
	}
	question := fmt.Sprintf("Delete the %s %q and who of %s took part? The contacts stay. This cannot be undone.", o.kind, r.Name, several(int64(r.People), "contact"))
	if err := o.confirm(question, fmt.Sprintf("kith %ss delete %d --book %s", o.kind, r.ID, desk.Quoted(b.Name))); err != nil {
		return err
	}
	if err := c.Do(ctx, http.MethodDelete, path, nil, nil); err != nil {
		return err
	}
	o.say("Deleted the %s %s.", o.kind, r.Name)
	return nil
}

func (o *occasions) peopleThere(ctx context.Context, c *client.Client, args []string) error {
	_, _, path, err := o.there(ctx, c, args[0])
	if err != nil {
		return err
	}
	return many(o.app, client.List[desk.AttendeeReport](ctx, c, path+"/people?limit=100"), attendeeShape())
}

func (o *occasions) attendThere(ctx context.Context, c *client.Client, who string, said desk.Attending) error {
	_, r, path, err := o.there(ctx, c, who)
	if err != nil {
		return err
	}
	var done desk.AttendReport
	if err := c.Do(ctx, http.MethodPost, path+"/people", said, &done); err != nil {
		return err
	}
	return o.printAttended(r.Name, done)
}

func (o *occasions) leaveThere(ctx context.Context, c *client.Client, args []string) error {
	b, r, path, err := o.there(ctx, c, args[0])
	if err != nil {
		return err
	}
	query := url.Values{}
	for _, who := range args[1:] {
		id := ""
		for found, err := range contactsAt(ctx, c, b, url.Values{"known": {who}}) {
			if err != nil {
				return err
			}
			id = strconv.FormatInt(store.Number(found.Ref), 10)
		}
		if _, err := strconv.ParseInt(who, 10, 64); id == "" && err == nil {
			id = who // also of somebody in the trash
		}
		if id == "" {
			return refuse("not_found", "There is no contact %q in %s. Nothing was changed", who, b.Name)
		}
		query.Add("contact", id)
	}
	var left struct {
		Removed int64 `json:"removed"`
	}
	if err := c.Do(ctx, http.MethodDelete, path+"/people?"+query.Encode(), nil, &left); err != nil {
		return err
	}
	o.say("%s no longer in %s.", were(int(left.Removed)), r.Name)
	return nil
}

func (o *occasions) connectThere(ctx context.Context, c *client.Client, args []string) error {
	b, _, path, err := o.there(ctx, c, args[0])
	if err != nil {
		return err
	}
	args = append(args, "", "")
	return o.printThere(ctx, c, b, http.MethodPut, path+"/campaign", map[string]string{"connection": args[1], "campaign": args[2]})
}

// printAttended says who joined an occasion.
func (o *occasions) printAttended(name string, done desk.AttendReport) error {
	return one(o.app, done, shape[desk.AttendReport]{columns: []string{"added", "changed", "same"}, row: func(r desk.AttendReport) []string {
		return []string{fmt.Sprint(r.Added), fmt.Sprint(r.Changed), fmt.Sprint(r.Same)}
	}}, func(out io.Writer) { fmt.Fprintf(out, "%s: %s\n", desk.Cell(name), attendText(done)) })
}
