package run_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
)

// Worlds that once broke a law, each with what should have happened. Records are
// written "field=value, field=value"; a run is the file it reads, or a deed.
func TestOnceBroken(t *testing.T) {
	b := newBench(t)
	for _, c := range []struct {
		what string
		sync plan.Sync
		book []string   // contacts at first, numbered from 1
		runs [][]string // the files; or one of "everything again", "undo"
		want []string   // what came of each
		left string     // contacts in the end
	}{
		{
			what: "taking an identifier on keeps every contact findable", sync: plan.Sync{Target: plan.Endpoint{Key: "generated"}},
			book: []string{"email=bob@example.org", "email=ann@example.com", "email=cyd@example.net"},
			runs: [][]string{{"email=dee@example.com"}, {"email=ann@example.com", "email=bob@example.org", "email=cyd@example.net", "email=dee@example.com"}},
			want: []string{"create 1", "unchanged 4"}, left: "1 2 3 4",
		},
		{
			what: "a contact found by telephone is not created again by its identifier",
			sync: plan.Sync{Target: plan.Endpoint{Key: "uid"}, Match: []plan.Rule{plan.ByPhone, plan.ByEmail, plan.ByKey}},
			book: []string{"uid=k1, phone=020 7946 0001"},
			runs: [][]string{{"phone=020 7946 0001, last_name=Lee", "uid=k1"}},
			want: []string{"update 1, hold 1"}, left: "1",
		},
		{
			what: "an identifier stays unique, though the sync matches by e-mail only",
			sync: plan.Sync{Target: plan.Endpoint{Key: "uid"}, Match: []plan.Rule{plan.ByEmail}},
			book: []string{"uid=k1, email=ann@example.com"},
			runs: [][]string{{"uid=k1, email=bob@example.org", "uid=k2, email=cyd@example.net", "uid=k2, email=dee@example.com"}},
			want: []string{"create 1, hold 2"}, left: "1 2",
		},
		{
			what: "an update does not take the identifier of another contact",
			sync: plan.Sync{Target: plan.Endpoint{Key: "uid"}, Match: []plan.Rule{plan.ByEmail}},
			book: []string{"uid=k1, email=ann@example.com", "uid=k2, email=bob@example.org"},
			runs: [][]string{{"uid=k2, email=ann@example.com"}},
			want: []string{"hold 1"}, left: "1 2",
		},
		{
			what: "an identifier out of scope is an identifier all the same (C28 before K5)",
			sync: plan.Sync{Target: plan.Endpoint{Key: "uid"}, Match: []plan.Rule{plan.ByKey}, Scope: `company == "Acme"`, OutOfScope: plan.OutOfScopeContinue},
			book: []string{"uid=k2"},
			runs: [][]string{{"uid=k2, company=Acme"}},
			want: []string{"hold 1"}, left: "1",
		},
		{
			what: "who was known by a telephone that another record takes is there for others again",
			sync: plan.Sync{Match: []plan.Rule{plan.ByPhone, plan.ByEmail}, OnSeveral: plan.SeveralReview, Duplicates: plan.LastWins},
			book: []string{"email=ann@example.com", "email=ann@example.com, phone=+44 20 7946 0001, last_name=LEE", "email=bob@example.org, phone=(020) 79460001, last_name=Day"},
			runs: [][]string{
				{"email=ann@example.com, last_name=Lee", "phone=(020) 79460001, first_name=Ann, last_name=Lee"},
				{"email=ann@example.com, last_name=Lee", "phone=(020) 79460001, first_name=Ann, last_name=Lee"},
				{"email=ann@example.com, last_name=Lee", "phone=(020) 79460001, first_name=Ann, last_name=Lee", "email=cyd@example.net, phone=020 7946 0001"},
			},
			want: []string{"update 2", "unchanged 2", "skip 1, hold 2"}, left: "1 2 3",
		},
		{
			what: "a skipped duplicate stands for nobody",
			sync: plan.Sync{Target: plan.Endpoint{Key: "uid"}, Match: []plan.Rule{plan.ByKey, plan.ByEmail}},
			runs: [][]string{{"uid=k1, email=bob@example.org", "uid=k1, email=ann@example.com", "uid=k9, email=ann@example.com"}},
			want: []string{"create 2, skip 1"}, left: "1 2",
		},
		{
			what: "nobody is created outside the scope, run after run (settled question 2)",
			sync: plan.Sync{Scope: `company == "Acme"`, OutOfScope: plan.OutOfScopeContinue},
			runs: [][]string{{"email=ann@example.com"}, {"everything again"}},
			want: []string{"hold 1", "hold 1"},
		},
		{
			what: "an update does not carry a contact out of the scope, and the next one after it",
			sync: plan.Sync{Scope: `company == "Acme"`, Match: []plan.Rule{plan.ByPhone}, OnSeveral: plan.SeveralFirst, Policy: plan.Policy{Update: plan.WriteAlways}},
			book: []string{"phone=020 7946 0001, company=Acme", "phone=020 7946 0001, company=Acme"},
			runs: [][]string{{"phone=020 7946 0001, company=Umbra"}, {"everything again"}},
			want: []string{"hold 1", "hold 1"}, left: "1 2",
		},
		{
			what: "nobody out of scope is removed (I12)",
			sync: plan.Sync{Scope: `company == "Acme"`, Policy: trash(plan.WholeBook)},
			book: []string{"email=ann@example.com, company=Acme", "email=bob@example.org, company=Umbra"},
			runs: [][]string{{"email=cyd@example.net, company=Acme"}},
			want: []string{"create 1, delete 1"}, left: "2 3",
		},
		{
			what: "add only: what we created ourselves is skipped as any match (K7)",
			sync: plan.Sync{Policy: plan.Policy{Update: plan.WriteNever}},
			runs: [][]string{{"email=ann@example.com"}, {"email=ann@example.com"}, {"everything again"}},
			want: []string{"create 1", "skip 1", "skip 1"}, left: "1",
		},
		{
			what: "a file seen again does not show its deletes again",
			sync: plan.Sync{Policy: trash(plan.WholeBook)},
			book: []string{"email=ann@example.com"},
			runs: [][]string{{"email=bob@example.org"}, {"email=bob@example.org"}},
			want: []string{"create 1, delete 1", "unchanged 1"}, left: "2",
		},
		{
			what: "several contacts share the e-mail, the first is taken, the others stay",
			sync: plan.Sync{OnSeveral: plan.SeveralFirst, Policy: trash(plan.WholeBook)},
			book: []string{"email=ann@example.com", "email=ann@example.com"},
			runs: [][]string{{"email=ann@example.com"}, {"email=ann@example.com", "email=bob@example.org"}, {"everything again"}},
			want: []string{"unchanged 1", "create 1, unchanged 1", "unchanged 2"}, left: "1 2 3",
		},
		{
			what: "who leaves the file leaves a contact behind that another record may be as well",
			sync: plan.Sync{Match: []plan.Rule{plan.ByEmail, plan.ByPhone}, PhoneMatch: plan.PhoneAlone},
			book: []string{"phone=020 7946 0001", "email=bob@example.org, phone=020 7946 0001"},
			runs: [][]string{{"phone=020 7946 0001", "email=bob@example.org"}, {"phone=020 7946 0001"}},
			want: []string{"unchanged 2", "hold 1"}, left: "1 2",
		},
		{
			what: "who shares an e-mail with a record stays, by whatever rule that record was found",
			sync: plan.Sync{OnSeveral: plan.SeveralFirst, Policy: trash(plan.WholeBook), Match: []plan.Rule{plan.ByPhone, plan.ByEmail}},
			book: []string{"email=bob@example.org", "email=bob@example.org"},
			runs: [][]string{{"email=bob@example.org, phone=020 7946 0001"}, {"everything again"}},
			want: []string{"update 1", "unchanged 1"}, left: "1 2",
		},
		{
			what: "a contact found by telephone is not taken before the e-mails are through",
			sync: plan.Sync{Target: plan.Endpoint{Key: "uid"}},
			book: []string{"uid=k1, email=bob@example.org, phone=020 7946 0001", "email=bob@example.org"},
			runs: [][]string{{"uid=k1, email=bob@example.org, last_name=Lee", "phone=020 7946 0001"}, {"uid=k1, email=bob@example.org, last_name=Lee", "phone=020 7946 0001"}},
			want: []string{"unchanged 1, hold 1", "unchanged 1, hold 1"}, left: "1 2",
		},
		{
			what: "a record held because of another goes on when that one has moved",
			sync: plan.Sync{Target: plan.Endpoint{Key: "uid"}, Match: []plan.Rule{plan.ByKey}},
			book: []string{"uid=k1, email=ann@example.com", "uid=k2, email=bob@example.org"},
			runs: [][]string{{"uid=k1, email=bob@example.org", "uid=k2, email=cyd@example.net"}, {"uid=k1, email=bob@example.org", "uid=k2, email=cyd@example.net"}},
			want: []string{"update 2", "unchanged 2"}, left: "1 2",
		},
		{
			what: "undo gives a removed contact back, though the run created one with its e-mail",
			sync: plan.Sync{Target: plan.Endpoint{Key: "uid"}, Match: []plan.Rule{plan.ByKey}, Policy: trash(plan.WholeBook)},
			book: []string{"email=ann@example.com"},
			runs: [][]string{{"uid=k1, email=ann@example.com"}, {"undo"}},
			want: []string{"create 1, delete 1", "create 1, delete 1"}, left: "1",
		},
		{
			what: "undo of an undo gives back who shared an e-mail from the start",
			sync: plan.Sync{Match: []plan.Rule{plan.ByPhone}},
			book: []string{"email=bob@example.org, phone=020 7946 0001"},
			runs: [][]string{{"email=bob@example.org, phone=020 7946 0002, last_name=Day"}, {"undo"}, {"undo"}},
			want: []string{"create 1", "delete 1", "create 1"}, left: "1 2",
		},
		{
			what: "the second import does not let the duplicate overwrite the contact",
			sync: plan.Sync{Match: []plan.Rule{plan.ByEmail}},
			runs: [][]string{
				{"email=tom@example.com, company=Baker Bros", "email=sara@example.com, company=Lee Ltd", "email=Tom@example.com, company=Baker Bros."},
				{"email=tom@example.com, company=Baker Bros", "email=sara@example.com, company=Lee Co", "email=Tom@example.com, company=Baker Bros."},
				{"email=tom@example.com, company=Baker Bros", "email=Tom@example.com, company=Baker Bros."},
				{"email=tom@example.com, company=Baker Bros", "email=Tom@example.com, company=Baker Bros.", "email=new@example.com"},
			},
			want: []string{"create 2, skip 1", "update 1, unchanged 1, skip 1", "unchanged 1, skip 1", "create 1, unchanged 1, skip 1"}, left: "1 2 3",
		},
		{
			what: "who has lost a mark is as before to a sync that only adds",
			sync: plan.Sync{Policy: plan.Policy{Update: plan.WriteNever, Delete: plan.Delete{NotFound: plan.Mark}}},
			runs: [][]string{{"email=ann@example.com"}, {"email=bob@example.org"}, {"email=ann@example.com"}, {"email=ann@example.com"}},
			want: []string{"create 1", "create 1", "update 1", "skip 1"}, left: "1 2",
		},
		{
			what: "a blank does not clear the second address by which a contact is found",
			sync: plan.Sync{Secondary: true, Policy: plan.Policy{Update: plan.WriteAlways}},
			book: []string{"email=ann@example.com, email.2=dee@example.com"},
			runs: [][]string{{"email=dee@example.com"}, {"everything again"}},
			want: []string{"unchanged 1", "unchanged 1"}, left: "1",
		},
		{
			what: "two of one telephone and two names are two, and stay two",
			sync: plan.Sync{Match: []plan.Rule{plan.ByPhone}},
			runs: [][]string{{"phone=020 7946 0001, last_name=Lee", "phone=020 7946 0001, last_name=Day"},
				{"phone=020 7946 0001, last_name=Day, company=Acme", "phone=020 7946 0001, last_name=Lee"}, {"everything again"}},
			want: []string{"create 2", "update 1, unchanged 1", "unchanged 2"}, left: "1 2",
		},
	} {
		t.Run(c.what, func(t *testing.T) {
			defer b.clear(t)
			w := &world{bench: b, Sync: c.sync}
			w.Sync.Region, w.Sync.Guard.Explicit, w.Sync.Source.EveryTime = "GB", true, true
			if len(w.Sync.Match) == 0 {
				w.Sync.Match = []plan.Rule{plan.ByEmail, plan.ByPhone}
			}
			for _, f := range fields {
				w.Sync.Map = append(w.Sync.Map, plan.Mapping{From: f.Name, To: f.Name, MayClear: c.sync.Secondary})
			}
			for _, text := range c.book {
				w.Seed = append(w.Seed, parsed(text))
			}
			w.open(t, "once")
			var last store.Run
			for i, file := range c.runs {
				last = w.step(t, file, last)
				if got := summary(last.Totals); got != c.want[i] {
					t.Errorf("run %d: got %q, want %q%v", i+1, got, c.want[i], w.changes(t, last))
				}
			}
			if got := numbers(w.shelf(t)); got != c.left {
				t.Errorf("left: got contacts %s, want %s%v", got, c.left, w.shelf(t))
			}
		})
	}
}

func trash(s plan.Scope) plan.Policy {
	return plan.Policy{Delete: plan.Delete{NotFound: plan.Trash, Scope: s}}
}

// step runs a file, the last file with nothing taken on trust, or an undo.
func (w *world) step(t tb, file []string, last store.Run) store.Run {
	switch file[0] {
	case "undo":
		return w.undo(t, last)
	case "everything again":
		w.anew()
		return w.run(t, 0)
	}
	var lines []line
	for _, text := range file {
		lines = append(lines, line{values: parsed(text)})
	}
	w.Files = []string{render(lines)}
	return w.run(t, 0)
}

// parsed reads "field=value, field=value".
func parsed(text string) []string {
	values := make([]string, len(fields))
	for _, part := range strings.Split(text, ", ") {
		name, value, _ := strings.Cut(part, "=")
		for i, f := range fields {
			if f.Name == name {
				values[i] = value
			}
		}
	}
	return values
}

// summary tells totals in words, leaving out what did not happen.
func summary(t plan.Totals) string {
	var out []string
	for _, c := range []struct {
		action plan.Action
		n      int64
	}{{plan.Create, t.Created}, {plan.Update, t.Updated}, {plan.Unchanged, t.Unchanged}, {plan.Skip, t.Skipped}, {plan.Hold, t.Held},
		{plan.Reject, t.Rejected}, {plan.Fail, t.Failed}, {plan.Remove, t.Deleted}} {
		if c.n > 0 {
			out = append(out, fmt.Sprintf("%s %d", c.action, c.n))
		}
	}
	return strings.Join(out, ", ")
}

func numbers(s shelf) string {
	var all []int64
	for number := range s {
		all = append(all, number)
	}
	slices.Sort(all)
	return strings.Trim(fmt.Sprint(all), "[]")
}

// A deleted book, sync or run never gives its number to a new one: old runs and
// what they brought would be taken for the new one's.
func TestNumbersAreNotUsedTwice(t *testing.T) {
	b := newBench(t)
	w := &world{bench: b, Sync: plan.Sync{Match: []plan.Rule{plan.ByEmail}, Map: []plan.Mapping{{From: "email", To: "email"}}}}
	w.Sync.Name, w.Sync.Target.Book, w.Sync.Source.File = "old", "old", "old.csv"
	w.book = must[store.Book](t, "book")(b.Store.CreateBook(ctx, store.Book{Name: "old", Fields: fields}))
	old := w.saved(t)
	r := w.runText(t, "email\nann@example.com\n")
	if err := errors.Join(b.Store.DeleteRun(ctx, r.ID), b.Store.DeleteSync(ctx, "old"), b.Store.DeleteBook(ctx, w.book.ID)); err != nil {
		t.Fatal(err)
	}
	book := must[store.Book](t, "book")(b.Store.CreateBook(ctx, store.Book{Name: "new", Fields: fields}))
	w.Sync.Name, w.Sync.Target.Book = "new", "new"
	sync := w.saved(t)
	again := must[store.Run](t, "plan")(b.Engine.Plan(ctx, sync))
	if book.ID == w.book.ID || sync.ID == old.ID || again.ID == r.ID {
		t.Errorf("book %d then %d, sync %d then %d, run %d then %d: want new numbers", w.book.ID, book.ID, old.ID, sync.ID, r.ID, again.ID)
	}
}

// Settled question 15, requirements 3.11: what is not built is refused, not
// taken for something else.
func TestNotBuiltIsRefused(t *testing.T) {
	b := newBench(t)
	for _, c := range []struct {
		what   string
		change func(*plan.Sync)
	}{
		{"unlinking contacts not found", func(s *plan.Sync) { s.Policy.Delete.NotFound = plan.Unlink }},
	} {
		def := plan.Sync{Name: "refused", Source: plan.Endpoint{File: "refused.csv"}, Target: plan.Endpoint{Book: "refused"}}
		c.change(&def)
		b.files.put("refused.csv", "email\nann@example.com\n")
		s := must[store.Sync](t, "save")(b.Store.SaveSync(ctx, def.Defaults(), ""))
		_, err := b.Engine.Plan(ctx, s)
		var known *run.Error
		if !errors.As(err, &known) || known.Code != run.CodeConfig {
			t.Errorf("%s: error %v, want %s", c.what, err, run.CodeConfig)
		}
	}
}

// C29: a generated key is drawn once and kept, also by one who was removed for
// good and comes back.
func TestUndoKeepsGeneratedKeys(t *testing.T) {
	b := newBench(t)
	w := &world{bench: b, Sync: plan.Sync{Match: []plan.Rule{plan.ByEmail}, Map: []plan.Mapping{{From: "email", To: "email"}},
		Target: plan.Endpoint{Key: plan.KeyGenerated}}}
	w.Sync.Policy.Delete = plan.Delete{NotFound: plan.DeleteGone, Scope: plan.WholeBook}
	w.Sync.Guard.Explicit = true
	w.open(t, "codes")
	w.runText(t, "email\nann@example.com\nbob@example.org\n")
	before := contents(w.shelf(t))
	w.undo(t, w.runText(t, "email\nbob@example.org\n"))
	if got := contents(w.shelf(t)); got != before || !strings.Contains(got, "unique_key:") {
		t.Errorf("after the undo: got %swant %s", got, before)
	}
}

// What a run itself wrote changes who is found next: a record that was nobody has the
// telephone that another record gave to somebody. The quick look finds him as a full one.
func TestAQuickLookFindsWhomTheLastRunGaveATelephone(t *testing.T) {
	const file = "uid,email,phone,last_name\n,cyd@example.net,020 7946 0001,Lee\nk4,ann@example.com,+44 20 7946 0001,Day\n"
	b := newBench(t)
	for _, look := range []string{"quick", "full"} {
		w := &world{bench: b, Sync: plan.Sync{Match: []plan.Rule{plan.ByEmail, plan.ByPhone, plan.ByKey}, PhoneMatch: plan.PhoneAlone, Target: plan.Endpoint{Key: "uid"},
			Policy: plan.Policy{Create: new(bool), Update: plan.WriteNever},
			Map:    []plan.Mapping{{From: "uid", To: "uid"}, {From: "email", To: "email"}, {From: "phone", To: "phone", Write: plan.WriteIfNewNotBlank}, {From: "last_name", To: "last_name"}}}}
		w.Sync.Guard.Explicit, w.Sync.Source.EveryTime = true, true
		w.Seed = [][]string{{"k4", "", "", "", "", "", "", ""}}
		w.open(t, look)
		if r := w.runText(t, file); r.Totals.Updated != 1 || r.Totals.Skipped != 1 {
			t.Fatalf("the first run: %+v, want one updated and one nobody", r.Totals)
		}
		if look == "full" {
			w.anew()
		}
		if r := w.runText(t, file); r.Totals.Unchanged != 1 || r.Totals.Held != 1 {
			t.Errorf("the %s look: %+v %v, want whose telephone it is unchanged, and the other one held", look, r.Totals, r.Reasons)
		}
	}
}

// I13: whoever is missing may stand under a mistyped key. A run that need not look at
// everybody again counts who is missing as a full look does: without those who share
// a key with somebody in the file.
func TestAQuickLookLeavesOutRemovalsAsAFullLookDoes(t *testing.T) {
	b := newBench(t)
	w := &world{bench: b, Sync: plan.Sync{Match: []plan.Rule{plan.ByEmail}, OnSeveral: plan.SeveralReview, Map: []plan.Mapping{{From: "uid", To: "uid"}, {From: "email", To: "email"}}, Target: plan.Endpoint{Key: "uid"}}}
	w.Sync.Policy = plan.Policy{Update: plan.WriteIfExistingBlank, Delete: plan.Delete{NotFound: plan.Trash, Scope: plan.WholeBook}}
	w.Sync.Guard.Explicit, w.Sync.Source.EveryTime = true, true
	w.Seed = [][]string{{"k1", "ann@example.com", "", "", "", "", "", ""}, {"k2", "", "", "", "", "", "", ""}, {"k3", "", "", "", "", "", "", ""}}
	w.open(t, "quick")
	const file = "uid,email\nk2,ann@example.com\n,n/a\n"
	w.runText(t, file)
	r := w.runText(t, file+"\n")
	if r.Totals.Deleted != 0 || r.Warnings["delete.left_out"] != 1 {
		t.Errorf("got %+v %v %v, want nobody removed: who is missing may stand in the row without an e-mail", r.Totals, r.Warnings, r.Notes)
	}
}
