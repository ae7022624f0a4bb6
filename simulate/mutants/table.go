package main

// A mutant is a protocol bug, planted by replacing one stretch of the source.
type mutant struct {
	name     string
	file     string
	old, new string
}

// mutants are the bugs that the simulator must find. They measure it: seeds that
// find nothing in a faultless engine say little.
var mutants = []mutant{
	{"the base is what was sent, not what the remote returned", "link/send.go", "a.Theirs = seen[there[at]]\n", "a.Theirs = i.Payload[there[at]]\n"},
	{"the guard never objects", "link/plan.go", "if w.removed == [2]int64{} {", "if len(w.removed) == 2 {"},
	{"the guard looks at the day only", "link/plan.go", "if stop := g.Check(totals, base); stop != nil {", "if stop := g.Check(totals, base); stop != nil && base < 0 {"},
	{"the guard forgets the day", "link/plan.go", "w.removed[i], before, base", "w.removed[i], 0*before, base"},
	{"the guard is not asked when a plan is applied", "link/apply.go", "if r.Stop != nil && !r.Approved {", "if r.Stop != nil && r.Approved {"},
	{"a write does not name the version it was decided on", "link/send.go", "writes[i].Version = people[i].out.Version", "writes[i].Version = \"\""},
	{"nobody looks again before an unconditional write", "link/send.go", "if p.can.Conditional || len(ids) == 0 {", "if p.can.Conditional || len(ids) >= 0 {"},
	{"an intent is not durable before the attempt", "link/send.go", "if err := p.Memory.Intend(ctx, p.pair.ID, p.epoch, intents); err != nil {\n\t\treturn err\n\t}\n\toutcomes, err := p.attempt(ctx, intents, people)", "outcomes, err := p.attempt(ctx, intents, people)\n\tif err == nil {\n\t\terr = p.Memory.Intend(ctx, p.pair.ID, p.epoch, intents)\n\t}"},
	{"a later answer covers the first attempt's silence", "link/send.go", "if o.Fault == nil { // whatever else", "if true { // whatever else"},
	{"a create without an answer is forgotten", "link/send.go", "return p.park(b, x, i, f)", "b.Done = append(b.Done, i.ID)\n\t\treturn p.park(b, x, i, f)"},
	{"a create in the balance is planned once more", "link/judge.go", "if i.Op == int(connector.OpCreate) {", "if i.Op < 0 {"},
	{"Tier B: a create is repeated at once, without waiting for the search", "link/recover.go", "\tif p.mayHide(i) {\n", "\tif false {\n"},
	{"Tier B: what the search finds is not adopted", "link/recover.go", "\tcase len(found) == 1:\n", "\tcase len(found) < 0:\n"},
	{"Tier A: a create is sent again under a new key", "link/recover.go", "{Op: connector.OpCreate, Key: i.Key, Set: i.Payload}", "{Op: connector.OpCreate, Key: p.NewKey(), Set: i.Payload}"},
	{"an unanswered update is taken for carried out", "link/recover.go", "if p.pairing.SameThere(field, sent, now) {\n\t\t\tif a, agreed := i.Base", "if true {\n\t\t\tif a, agreed := i.Base"},
	{"an update that a person took back is sent once more", "link/recover.go", "agreed && !untouched &&", "agreed && untouched && !untouched &&"},
	{"an edit made before we had our answer is taken for our own", "link/recover.go", "\tp.notOurs(&m, i)\n", ""},
	{"intents are not looked at after a crash", "link/plan.go", "if err := p.recover(ctx); err != nil {\n\t\treturn err\n\t}\n", ""},
	{"the cursor is stored before a complete listing is dealt with", "link/pull.go", "page.Cursor = \"\"\n", "_ = 0\n"},
	{"a page's records are lost, its cursor is not", "link/pull.go", "Items: news, Cursor: cursor})", "Items: news[:len(news)/2], Cursor: cursor})"},
	// This one removes nobody, because of what the next one takes away. But what is
	// edited here is not sent to a record that is taken for gone, for a week at worst.
	{"what a listing leaves out is gone, and nobody asks", "link/pull.go", "\titems, err := p.fetch(ctx, absent)\n\tif err != nil {\n\t\treturn err\n\t}\n", "\tvar items []connector.Item\n\tfor _, id := range absent {\n\t\titems = append(items, connector.Item{Record: contact.Record{ID: id}, Gone: true})\n\t}\n"},
	{"nobody asks again before a contact is removed", "link/apply.go", "if err := p.stillGone(ctx, group); err != nil {\n\t\treturn err\n\t}\n", ""},
	{"an unfinished listing counts as complete", "link/pull.go", "if err != nil {\n\t\t\treturn p.unreachable(p.remote, err)\n\t\t}\n\t\tcomplete", "if err != nil {\n\t\t\tbreak\n\t\t}\n\t\tcomplete"},
	{"an expired cursor is the end of the listing", "link/pull.go", "err = p.list(ctx, \"\")", "err = nil"},
	{"a write that the remote stores its own way is sent for ever", "plan/threeway.go", "return d.known && n > 0 &&", "return d.known && n > 1000 &&"},
	{"a blank erases", "plan/threeway.go", "case d.offersOut == \"\" && (!d.f.mayClear ||", "case d.offersOut == \"\" && (false ||"},
	{"a blank there wins over a value here", "plan/threeway.go", "case d.offersIn == \"\" && (!d.f.mayClear ||", "case d.offersIn == \"\" && (false ||"},
	{"fill blanks overwrites", "plan/threeway.go", "d.f.out == WriteIfExistingBlank && !theirsBlank", "d.f.out == WriteIfExistingBlank && theirsBlank"},
	{"first contact overwrites", "plan/threeway.go", "\t\td.e.In = append(d.e.In, FieldChange{Name: d.f.name, Old: d.ours, New: d.ours, Rule: \"first_contact\", Kept: d.offersIn})\n\t\td.settle(d.ours, d.theirs)\n", "\t\td.takeIn(\"first_contact\")\n"},
	{"the loser of a conflict is not logged", "plan/threeway.go", "\td.conflict(winner, false)\n\tif winner", "\tif winner"},
	{"where both changed, ours is sent without a conflict", "plan/threeway.go", "\tdefault:\n\t\td.resolve()", "\tdefault:\n\t\td.sendOut(\"two_way\")"},
	{"the base moves although nothing was written", "plan/threeway.go", "case !oursMoved && !theirsMoved:\n\t\td.keepBase()", "case !oursMoved && !theirsMoved || d.m.Now.UnixMilli()%5 == 0:\n\t\td.settle(d.ours, d.theirs)"},
	{"the base moves before the remote has answered", "link/apply.go", "\tfor name := range x.j.outgoing {\n", "\tfor name := range map[string]bool{} {\n"},
	{"one sync forgets the base of another's fields", "link/apply.go", "\tif x.m != nil {\n\t\tmaps.Copy(base, x.m.Base)\n\t}\n", ""},
	{"a delete creates again", "link/judge.go", "\tcase it.m.State != store.There:\n\t\treturn p.goneThere(it, k)", "\tcase it.m.State != store.There:\n\t\treturn p.onlyHere(item{ours: it.ours, ref: it.ref}, k)"},
	{"who was thrown away here is brought back", "link/judge.go", "case it.ours == nil && it.ref != 0:\n\t\treturn p.goneHere(it), nil", "case it.ours == nil && it.ref != 0:\n\t\treturn p.onlyThere(it, k)"},
	{"nobody looks before creating", "link/send.go", "people, err := p.lookBeforeCreating(ctx, people)", "_, err := p.lookBeforeCreating(ctx, nil)"},
	{"a record that may be our own create is taken for somebody new", "link/judge.go", "if p.awaited(it.m, k) {", "if p.awaited(it.m, k) && it.ref < 0 {"},
	{"a record that may be our own create follows somebody else's merge", "link/judge.go", "if of != ref &&", "if of < 0 &&"},
	{"a late create is linked beside a record that is gone", "link/merge.go", "tombs[i].Ref, tombs[i].Base = 0, nil", "tombs[i].Base = nil"},
	{"what an undo brought back is linked with the trash", "link/recover.go", "if undo && len(ours) == 0 {", "if undo && len(ours) < 0 {"},
	{"a value that is cut off as before is an edit", "link/recover.go", " a.Ours != i.Base[name].Ours &&", ""},
	{"who has no value is made", "link/judge.go", "if t.Reject == \"\" && !p.pairing.Out.HasOwn(t) {", "if t.Reject == \"\" && !p.pairing.Out.HasOwn(t) && len(t.Values) < 0 {"},
	{"two records are given to the contact that two were merged into", "link/match.go", "candidates[hash][i].Taken = k.Taken || w.taken[k.Ref]", "candidates[hash][i].Taken = k.Taken"},
	{"who has a linked contact merged into it is created there as well", "link/merge.go", "w.taken[survivor] = true", "w.taken[survivor] = false"},
	{"an undo settles what was edited here since", "link/undo.go", "a.Theirs = x.out.Fields[i].New // what", "if a.Theirs = x.out.Fields[i].New; x.ours != nil {\n\t\t\t\t\ta.Ours = x.ours.Value(p.here.Index(name))\n\t\t\t\t} // what"},
	{"an undo takes the link that its contact has got since", "link/apply.go", "x.m == nil || x.elsewhere() ||", "x.m == nil ||"},
	{"an undo sends a create again after a crash", "link/undo.go", "if _, sent := pending[x.ref()]; sent && !x.done", "if _, sent := pending[-1]; sent && !x.done"},
	{"a record with the key is no rival", "link/plan.go", "case there[h]:", "case there[h] && h == 1:"},
	{"the list of those to look at again is not saved", "link/apply.go", "if err := p.Memory.SaveProgress(ctx, progress, retry); err != nil {", "if err := p.Memory.SaveProgress(ctx, progress, retry[:0]); err != nil {"},
	{"the marks are saved before the run has ended", "link/apply.go", "\treturn p.failed(ctx, *p.run, cause)\n}\n\n// settleUnanswered", "\tm, _ := marksOf(p.run)\n\t_ = p.Memory.SaveProgress(ctx, store.Progress{SyncID: p.sync.ID, PairID: p.pair.ID, MirrorSeq: m.MirrorSeq, BookRun: m.BookRun, Fingerprint: p.run.Fingerprint}, nil)\n\treturn p.failed(ctx, *p.run, cause)\n}\n\n// settleUnanswered"},
	{"an intent stays after its write is settled", "link/send.go", "\tb.Done = append(b.Done, i.ID)\n\tp.answered", "\tp.answered"},
	{"a plan is applied although the book has moved", "link/apply.go", "if state != r.TargetState || made != r.Fingerprint {", "if state == \"\" || made != r.Fingerprint {"},
	{"people are not judged again before they are written", "link/apply.go", "if news || !x.halfDone && !same(x.in, j.in) || !same(x.out, j.out) {", "if news && x.in == nil {"},
	{"what changed after the book's part was written is settled all the same", "link/apply.go", "if news || !x.halfDone", "if news && x.ref() < 0 || !x.halfDone"},
	{"what a stopped run had not written counts as written", "link/apply.go", "\tfor i := range undone {\n", "\tfor i := range undone[:0] {\n"},
	{"a run that is resumed counts by memory", "link/apply.go", "\tif !p.resumed {\n\t\treturn nil\n\t}\n\ttotals", "\tif true {\n\t\treturn nil\n\t}\n\ttotals"},
	{"batches are larger than the remote takes", "link/send.go", "part := people[:min(len(people), max(1, p.can.WriteBatch))]", "part := people[:min(len(people), max(1, p.can.WriteBatch+1))]"},
	{"the values of a record that took a deleted one's place are edits", "link/merge.go", "now != \"\" && p.pairing.SameThere(at, a.Theirs, now)", "now != \"\""},
	{"a plan that is applied late is hidden from the other syncs", "store/run.go", "\tif r.Status == Applying {\n\t\tif err := lookAgain", "\tif r.Status == \"\" {\n\t\tif err := lookAgain"},
	{"a write that is found later stays unknown in the journal", "link/recover.go", "c.Run == i.Run && c.Remote && (died ||", "c.Run == i.Run && !c.Remote && (died ||"},
	{"a remote that tells what is gone is never listed whole again", "link/pull.go", "!p.can.Incremental || age >= p.sweepEvery() || age < 0", "!p.can.Incremental || !p.can.TellsGone && age >= p.sweepEvery()"},
	{"the breaker never trips", "plan/threeway.go", "return day >= flipsPerDay || all >= flipsPerMonth", "return false"},
}
