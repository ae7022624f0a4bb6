package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// planHash is what a plan is named by: the argument itself, or what the file of
// that name says.
func planHash(arg string) (string, error) {
	if isHash(arg) {
		return strings.ToLower(arg), nil
	}
	path, err := existing(arg)
	if err != nil {
		return "", refuse(run.CodePlanUnknown, "%q is neither the file of a plan nor a plan's hash. Make one with kith plan --out plan.json", arg)
	}
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	var head struct {
		Version int
		Plan    string
	}
	if err := readHead(file, &head.Version, &head.Plan); err != nil || head.Plan == "" {
		return "", refuse(run.CodePlanUnknown, "%s is not a plan. Make one with kith plan --out plan.json", arg)
	}
	if head.Version != FormatVersion {
		return "", refuse(run.CodePlanUnknown, "%s is a plan of format %d; this program reads format %d. Make a new plan", arg, head.Version, FormatVersion)
	}
	return head.Plan, nil
}

// readHead reads the beginning of a plan's JSON: its changes may be many.
func readHead(r io.Reader, version *int, hash *string) error {
	d := json.NewDecoder(r)
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return fmt.Errorf("not a JSON object")
	}
	for d.More() && (*version == 0 || *hash == "") {
		key, err := d.Token()
		if err != nil {
			return err
		}
		var into any = new(json.RawMessage)
		switch key {
		case "format_version":
			into = version
		case "plan":
			into = hash
		}
		if err := d.Decode(into); err != nil {
			return err
		}
	}
	return nil
}

const shortestHash = 4

func isHash(s string) bool {
	return len(s) >= shortestHash && len(s) <= 64 && strings.Trim(strings.ToLower(s), "0123456789abcdef") == ""
}

// storedPlan finds a plan by the beginning of its hash, with its sync.
func storedPlan(ctx context.Context, w *workspace.Workspace, hash string) (store.Sync, store.Run, error) {
	if !isHash(hash) {
		return store.Sync{}, store.Run{}, usage("%q is not a plan's hash: at least %d of its letters and digits are needed", hash, shortestHash)
	}
	r, err := w.Store.RunByPlan(ctx, hash)
	if errors.Is(err, store.ErrNotFound) {
		return store.Sync{}, r, refuse(run.CodePlanUnknown, "There is no plan %s in this data folder. Nothing was written. Make a new one with kith plan", short(hash))
	}
	if errors.Is(err, store.ErrAmbiguous) {
		return store.Sync{}, r, refuse("plan.ambiguous", "Several plans begin with %s. Nothing was written. Give more of the hash: kith plan and runs show print it whole with -o json", hash)
	}
	if err != nil {
		return store.Sync{}, r, err
	}
	s, err := syncOf(ctx, w, r)
	return s, r, err
}

// syncOf returns the sync of a run. Of one that has been deleted, and of edits by
// hand, it knows only where they wrote.
func syncOf(ctx context.Context, w *workspace.Workspace, r store.Run) (store.Sync, error) {
	s, err := w.Store.Sync(ctx, r.Name)
	if err == nil && s.ID == r.SyncID || !errors.Is(err, store.ErrNotFound) && err != nil {
		return s, err
	}
	s = store.Sync{ID: r.SyncID, Name: r.Name, Definition: boundOf(r).Sync}
	if s.Definition.Target == (plan.Endpoint{}) {
		b, err := bookOf(ctx, w, r.BookID)
		if err != nil {
			return s, err
		}
		s.Definition.Target.Book = b.Name
	}
	return s, nil
}

func bookOf(ctx context.Context, w *workspace.Workspace, id int64) (store.Book, error) {
	books, err := w.Store.Books(ctx)
	if err != nil {
		return store.Book{}, err
	}
	for _, b := range books {
		if b.ID == id {
			return b, nil
		}
	}
	return store.Book{}, refuse("not_found", "The address book of this run has been deleted")
}
