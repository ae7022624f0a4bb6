package service

import (
	"context"
	"encoding/json"
	"path/filepath"
	"slices"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/notify"
	"github.com/kith-sync/kith/plan"
)

// takeKept fills an import with what a sync says that is there, to edit it (C44).
func (s *Service) takeKept(ctx context.Context, d *ImportDraft, name string) error {
	sync, err := desk.SavedSync(ctx, s.Workspace, name)
	if err != nil {
		return err
	}
	def := sync.Definition
	d.Name, d.Edits, d.Source, d.Book = sync.Name, sync.Name, def.Source, def.Target.Book
	d.Delete, d.Update, d.Region, d.Match, d.Key, d.Map = def.Policy.Delete.NotFound == plan.Trash, def.Policy.Update, def.Region, def.Match, def.Target.Key, def.Map
	d.Mapped, d.Several = len(def.Map) > 0, def.OnSeveral
	if def.Source.File != "" {
		d.File = filepath.Base(def.Source.File)
	}
	heard, err := s.Workspace.Store.Notify(ctx, sync.ID)
	for _, rule := range heard.Rules {
		if rule.Email != "" {
			d.Email = rule.Email
		}
	}
	return err
}

// mayEdit refuses to somebody who may import, and may not change syncs, an import
// that would change one by more than its file.
func (s *Service) mayEdit(ctx context.Context, who account.Actor, d ImportDraft) error {
	if d.Edits == "" || who.May(account.Manager) {
		return nil
	}
	var kept ImportDraft
	if err := s.takeKept(ctx, &kept, d.Edits); err != nil {
		return err
	}
	was, err := kept.rules()
	if err != nil {
		return err
	}
	if now, err := d.rules(); err != nil || now != was {
		return account.ErrForbidden
	}
	return nil
}

// rules are what an import says besides its file and how far it is set up.
func (d ImportDraft) rules() (string, error) {
	d.ID, d.File, d.Source.File, d.Plan, d.Mapped = "", "", "", 0, false
	text, err := json.Marshal(d)
	return string(text), err
}

// told are the rules of who hears of an import: its errors go to an e-mail (C16,
// C37), and what was said of channels stays.
func told(was []notify.Rule, email string) (rules []notify.Rule) {
	for _, r := range was {
		if r.Email == "" || r.Email == email {
			rules = append(rules, r)
		}
	}
	if email != "" && !slices.ContainsFunc(rules, func(r notify.Rule) bool { return r.Email == email }) {
		rules = append(rules, notify.Rule{Email: email, On: []notify.Event{notify.Failed, notify.Rejects, notify.Guard, notify.Late, notify.Recovered}})
	}
	return rules
}
