package desk

import (
	"context"
	"strconv"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// Explanations are what is known of a person in one book, or in any.
func Explanations(ctx context.Context, w *workspace.Workspace, name, who string) (found []Explanation, err error) {
	books, err := w.Store.Books(ctx)
	if err != nil {
		return nil, err
	}
	if name != "" {
		b, err := Book(ctx, w, name)
		if err != nil {
			return nil, err
		}
		books = []store.Book{b}
	}
	for _, b := range books {
		x, err := w.Engine.Explain(ctx, w.Store, b, who)
		if err != nil {
			return nil, err
		}
		if linked := ""; !x.Found && !x.Trashed {
			if linked, err = linkedAs(ctx, w, b, who); err == nil && linked != "" {
				x, err = w.Engine.Explain(ctx, w.Store, b, linked)
			}
			if err != nil {
				return nil, err
			}
		}
		if x.Found || x.Trashed || len(x.History) > 0 {
			hidePasswords(&x, b)
			links, err := linksOf(ctx, w, b, x.ID)
			if err != nil {
				return nil, err
			}
			found = append(found, Explanation{x, nameNow(x, b), links, who})
		}
	}
	return found, nil
}

// linkedAs is the ID of the contact whose record at another system has that ID, or "".
func linkedAs(ctx context.Context, w *workspace.Workspace, b store.Book, record string) (string, error) {
	pairs, err := w.Store.PairsOf(ctx, b.ID)
	if err != nil {
		return "", err
	}
	for _, p := range pairs {
		known, err := w.Store.MirrorByRemote(ctx, p.ID, []string{record})
		if err != nil {
			return "", err
		}
		for _, m := range known {
			if m.Ref != 0 {
				return strconv.FormatInt(store.Number(m.Ref), 10), nil
			}
		}
	}
	return "", nil
}

// An Explanation comes with its contact's name.
type Explanation struct {
	run.Explanation
	Name  string       `json:"name,omitempty"`
	Links []LinkReport `json:"links,omitempty"`
	Who   string       // was asked for
}

func linksOf(ctx context.Context, w *workspace.Workspace, b store.Book, id string) (links []LinkReport, err error) {
	number, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return nil, nil // nobody has this contact
	}
	return LinksOf(ctx, w, store.Ref(b.ID, number))
}

// nameNow is the name of an explained contact, from the values it has now.
func nameNow(x run.Explanation, b store.Book) string {
	values := make([]string, len(b.Fields))
	for _, f := range x.Fields {
		if at := b.Schema().Index(f.Name); at >= 0 {
			values[at] = f.Value
		}
	}
	return NameOf(Naming(b), values)
}

func hidePasswords(x *run.Explanation, b store.Book) {
	secret := SecretFields(b.Fields)
	for i := range x.Fields {
		if secret[x.Fields[i].Name] {
			x.Fields[i].Value = contact.Mask
		}
	}
	for _, h := range x.History {
		Mask(h.Fields, secret)
	}
	if x.History == nil {
		x.History = []run.HistoryEntry{}
	}
}
