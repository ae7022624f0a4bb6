package plan

import "slices"

// Matching runs in passes: the best rule for everybody before the next rule for
// anybody (settled question 9). A pass groups the records and the target's
// contacts by the value of one key; Resolve judges one such group. Whoever runs
// the passes may do so in any order of groups: within one rule they are
// independent of each other. The exception is a contact that keeps the keys of
// others merged into it: the groups of those keys come last.

// A Claim is a record that has the group's key.
type Claim struct {
	Row     int64
	Best    bool // the record has no better key: this one is its identity
	Decided bool // an earlier rule has settled the record, or an earlier run
	Out     bool // decided, and stands for nobody: skipped, held or refused
	Ghost   bool // the record is refused; it only protects contacts from removal
}

// A Candidate is a contact of the target that has the group's key.
type Candidate struct {
	Ref     int64 // handles ascend in order of creation
	Taken   bool  // a better rule gave it to another record of this run
	Outside bool  // out of the sync's target scope (K3)
	Merged  bool  // the key is not its own, but of a contact that was merged into it
	Holder  int64 // of a merged one that is taken: the record that took it; -1 unknown
}

// A Group is every claim and candidate that share one key.
type Group struct {
	Rule Rule
	// Unique groups by a key that identifies, but that the sync does not match by
	// (C28): nobody is found by it, and nobody may have it a second time.
	Unique     bool
	Claims     []Claim // ascending by row
	Candidates []Candidate
	// Other reports why a candidate is somebody else although it shares the key;
	// asked only for claims that have a better key. Nil: nobody is.
	Other func(row, ref int64) Otherness
	// Recent orders candidates for SeveralMostRecent: it returns the handle of
	// the one modified last.
	Recent func(refs []int64) int64
}

// Otherness says how certain it is that two records are different people.
type Otherness uint8

// The answers of Group.Other.
const (
	SamePersonHere  Otherness = iota
	AnotherPerson             // shares a lesser key, as families share a telephone: look on
	AnotherIdentity           // carries a different, better key: a person must look
)

// A Verdict settles one claim. NoAction means that this rule found nothing and
// the next one may look; Update means matched to Ref.
type Verdict struct {
	Row     int64
	Action  Action
	Reason  Reason
	Ref     int64
	Other   int64   // row of the record that won, -1 if none
	Several []int64 // the contacts a person must choose from
}

// Resolve judges a group under a sync's settings. It returns a verdict for
// every undecided claim, and the candidates that some record of the source
// points to: these are not missing from it. Taken candidates are marked in g.
func (s *Sync) Resolve(g *Group) (verdicts []Verdict, seen []int64) {
	r := resolution{sync: s, g: g, holder: -1, best: -1}
	for _, c := range g.Claims {
		switch {
		case c.Ghost:
		case c.Decided && c.Out:
		case c.Decided:
			r.holder = c.Row
			if c.Best { // settled by an earlier run, by this very key
				r.best = c.Row
			}
		case g.Rule == ByPhone && !c.Best && r.holder < 0:
			r.holder = c.Row // will be somebody with this telephone, by its better key
		}
	}
	for _, c := range s.order(g.Claims) {
		switch {
		case c.Ghost:
			r.protect()
		case c.Decided:
			if !c.Out && (g.Rule != ByPhone || s.takesOne()) {
				r.protect() // whoever shares its key is in the source too
			}
		case c.Best && r.best >= 0:
			r.duplicate(c)
		default:
			r.judge(c)
		}
	}
	return r.verdicts, r.seen
}

// takesOne reports whether contacts that share a key count as one person, of
// whom one is taken (E13).
func (s *Sync) takesOne() bool {
	return s.OnSeveral == SeveralFirst || s.OnSeveral == SeveralMostRecent
}

// order puts the claims whose identity is this key first, the winning duplicate
// (settled question 6) ahead of them.
func (s *Sync) order(claims []Claim) []Claim {
	if len(claims) == 1 {
		return claims
	}
	ordered := slices.Clone(claims)
	slices.SortStableFunc(ordered, func(a, b Claim) int {
		if a.Best != b.Best {
			return boolFirst(a.Best)
		}
		if a.Best && s.Duplicates == LastWins {
			return int(b.Row - a.Row)
		}
		return int(a.Row - b.Row)
	})
	return ordered
}

func boolFirst(first bool) int {
	if first {
		return -1
	}
	return 1
}

type resolution struct {
	sync     *Sync
	g        *Group
	holder   int64 // a record that already stands for this key, or -1
	best     int64 // the record that won among duplicates, or -1
	verdicts []Verdict
	seen     []int64
}

func (r *resolution) duplicate(c Claim) {
	action := Skip
	if r.sync.Duplicates == RejectDuplicates {
		action = Reject
	}
	r.verdicts = append(r.verdicts, Verdict{Row: c.Row, Action: action, Reason: SourceDuplicate, Other: r.best})
}

func (r *resolution) judge(c Claim) {
	v := r.candidateFor(c)
	v.Row = c.Row
	if holder := r.mergedWith(); v.Action == NoAction && c.Best && holder >= 0 {
		r.best = holder
		r.duplicate(c)
		r.protect()
		return
	}
	if v.Action == NoAction && r.spokenFor() && (r.g.Rule != ByPhone || c.Best) {
		// The key is already somebody's in this very run: creating would make two
		// contacts with one key. People who have a better key may share a phone
		// (settled question 8).
		v.Action, v.Reason, v.Other = Hold, IdentityConflict, r.holder
		for _, k := range r.g.Candidates {
			if k.Taken {
				v.Several = append(v.Several, k.Ref)
			}
		}
		r.protect()
	}
	if c.Best {
		r.best = c.Row
	}
	if v.Action == Update || v.Action == NoAction {
		r.holder = c.Row
	}
	r.verdicts = append(r.verdicts, v)
}

// mergedWith is the record that a merge by hand made one with every record of
// this key: it was found to be the contact that keeps the key. -1 if there is none.
func (r *resolution) mergedWith() int64 {
	for _, k := range r.g.Candidates {
		if k.Merged && k.Taken && k.Holder >= 0 {
			return k.Holder
		}
	}
	return -1
}

// spokenFor reports whether the group's key belongs to another record of this
// run, or to a contact that another record was found to be.
func (r *resolution) spokenFor() bool {
	return r.holder >= 0 || slices.ContainsFunc(r.g.Candidates, func(k Candidate) bool { return k.Taken })
}

// candidateFor applies the table of requirements 3.2 to one claim.
func (r *resolution) candidateFor(c Claim) Verdict {
	none := Verdict{Other: -1}
	var inside, outside, others []int64
	for _, k := range r.g.Candidates {
		if k.Taken {
			continue
		}
		if r.g.Unique {
			others = append(others, k.Ref)
			continue
		}
		switch r.otherness(c, k.Ref) {
		case AnotherPerson:
		case AnotherIdentity:
			others = append(others, k.Ref)
		default:
			if k.Outside {
				outside = append(outside, k.Ref)
			} else {
				inside = append(inside, k.Ref)
			}
		}
	}
	if r.g.Rule == ByKey && r.sync.OutOfScope == OutOfScopeContinue {
		others, outside = append(others, outside...), nil // a unique identifier stays unique (C28)
	}
	switch {
	case len(inside) == 1:
		return r.take(inside[0])
	case len(inside) > 1:
		return r.several(inside)
	case len(outside) > 0 && r.sync.OutOfScope != OutOfScopeContinue:
		r.seen = append(r.seen, outside...)
		if r.sync.OutOfScope == OutOfScopeReview {
			return Verdict{Action: Hold, Reason: ScopeReview, Other: -1, Several: outside}
		}
		return Verdict{Action: Skip, Reason: MatchOutOfScope, Other: -1, Several: outside}
	case len(others) > 0:
		r.seen = append(r.seen, others...)
		return Verdict{Action: Hold, Reason: IdentityConflict, Other: -1, Several: others}
	}
	return none
}

func (r *resolution) otherness(c Claim, ref int64) Otherness {
	if c.Best || r.g.Other == nil {
		return SamePersonHere
	}
	return r.g.Other(c.Row, ref)
}

func (r *resolution) take(ref int64) Verdict {
	for i := range r.g.Candidates {
		if r.g.Candidates[i].Ref == ref {
			r.g.Candidates[i].Taken = true
		}
	}
	r.seen = append(r.seen, ref)
	return Verdict{Action: Update, Ref: ref, Other: -1}
}

func (r *resolution) several(refs []int64) Verdict {
	r.seen = append(r.seen, refs...)
	switch r.sync.OnSeveral {
	case SeveralFirst:
		return r.take(slices.Min(refs)) // E13: oldest created, then smallest id
	case SeveralMostRecent:
		return r.take(r.g.Recent(refs))
	case SeveralReject:
		return Verdict{Action: Reject, Reason: MatchSeveral, Other: -1, Several: refs}
	}
	return Verdict{Action: Hold, Reason: MatchSeveral, Other: -1, Several: refs}
}

// protect marks every candidate as present in the source.
func (r *resolution) protect() {
	for _, k := range r.g.Candidates {
		r.seen = append(r.seen, k.Ref)
	}
}
