package cli

import (
	"io"
	"strings"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// A setting is FIELD=VALUE of a command line.
type setting struct {
	at    int
	value string
}

// settings reads FIELD=VALUE arguments. A password comes on standard input only:
// what stands on a command line is seen by others.
func (a *app) settings(w *workspace.Workspace, b store.Book, args []string, passwordFrom bool) (list []setting, err error) {
	for _, arg := range args {
		name, value, ok := strings.Cut(arg, "=")
		if !ok {
			return nil, usage("%q is not FIELD=VALUE, as in email=ada@example.com", arg)
		}
		if err := desk.KnownField(b, name); err != nil {
			return nil, err
		}
		at := b.Schema().Index(name)
		if b.Fields[at].Kind == contact.Password && value != "" {
			return nil, usage("A password does not belong on the command line, where others can see it. Use --password-stdin")
		}
		if b.KeyMade && name == b.KeyField {
			return nil, refuse("field.key", "%s is given by kith itself and kept. Nothing was changed", name)
		}
		if value, err = desk.CheckValue(b, at, value); err != nil {
			return nil, err
		}
		list = append(list, setting{at, value})
	}
	if passwordFrom {
		return a.addPassword(w, b, list)
	}
	return list, nil
}

func (a *app) addPassword(w *workspace.Workspace, b store.Book, list []setting) ([]setting, error) {
	at := b.Schema().First(contact.Password)
	if at < 0 {
		return nil, refuse("not_found", "The book %s has no field for a password. kith fields add password --kind password makes one", b.Name)
	}
	text, err := io.ReadAll(io.LimitReader(a.answers, 4096))
	if err != nil {
		return nil, err
	}
	password := strings.TrimRight(string(text), "\r\n")
	if password == "" {
		return nil, usage("There is no password on standard input")
	}
	sealed, err := w.Engine.Vault.Seal(password)
	return append(list, setting{at, sealed}), err
}
