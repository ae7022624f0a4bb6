package plan

import (
	"maps"
	"slices"
)

// Matching runs in passes: the best rule for everybody before the next rule for
// anybody (settled question 9). A pass groups the records and the target's
// contacts by the value of one key; Resolve judges one such group. Whoever runs
// the passes may do so in any order of groups: within one rule they are
// independent of each other. The exception is a contact that keeps the keys of
// others merged into it: the groups of those keys come last.

// A Claim is a record that has the group's key.
type Claim struct {
	Row     int64
	Best    bool     // the record has no better key: this one is its identity
	Decided bool     // an earlier rule has settled the record, or an earlier run
	Out     bool     // decided, and stands for nobody: skipped, held or refused
	Ghost   bool     // the record is refused; it only protects contacts from removal
	First   bool     // of several whose key is their best, this one goes first (E11)
	Who     Who      // whom it names, where the rule is the telephone
	Keys    []uint64 // in a group of several keys: those that it has; nil: the group's one
	Own     uint64   // of these, the one of its main card: others are better known by theirs
}

// A Candidate is a contact of the target that has the group's key.
type Candidate struct {
	Ref     int64  // handles ascend in order of creation
	Taken   bool   // a better rule gave it to another record of this run
	Outside bool   // out of the sync's target scope (K3)
	Merged  bool   // the key is not its own, but of a contact that was merged into it
	Holder  int64  // of a merged one that is taken: the record that took it; -1 unknown
	Who     Who    // whom it names, where the rule is the telephone; nobody where several people were merged
	Key     uint64 // in a group of several keys: the one that it has; once for each
}

// A Group is every claim and candidate that share one key; or, for a rule by which
// people have several keys, all who share any.
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
	r := resolution{sync: s, g: g, phone: g.Rule.Base() == ByPhone, alone: len(g.Claims) == 1}
	r.indexKeys()
	for _, c := range g.Claims {
		switch {
		case c.Ghost:
		case c.Decided && c.Out:
		case c.Decided:
			r.add(&r.holders, c)
			if c.Best { // settled by an earlier run, by this very key
				r.add(&r.bests, c)
			}
		case c.Own != 0:
			r.add(&r.expected, Claim{Row: c.Row, Who: c.Who, Keys: []uint64{c.Own}})
		case r.phone && !c.Best:
			r.add(&r.expected, c) // will be somebody with this telephone, by its better key
		}
	}
	ordered := r.order(g.Claims)
	sure := r.settleSure(ordered)
	for i, c := range ordered {
		switch {
		case sure[i]:
		case c.Ghost:
			r.protect(c)
		case c.Decided:
			if !c.Out && (!r.phone || s.takesOne()) {
				r.protect(c) // whoever shares its key is in the source too
			}
		default:
			r.judge(c)
		}
	}
	return r.verdicts, r.seen
}

// settleSure judges the claims that can only be one contact before any other, until
// no more become so: whom a doubtful one may be must not depend on its place in the
// file, nor on whether those beside it were settled by an earlier run. It returns
// which it has judged.
func (r *resolution) settleSure(ordered []Claim) []bool {
	sure := make([]bool, len(ordered))
	open := r.winners(ordered)
	if len(open) < 2 {
		return sure
	}
	for again := true; again; {
		again = false
		for _, i := range open {
			if sure[i] {
				continue
			}
			if inside, _, _ := r.sift(ordered[i]); len(inside) == 1 {
				r.judge(ordered[i])
				sure[i], again = true, true
			}
		}
	}
	return sure
}

// winners are the places of the undecided claims that are no duplicates of another.
func (r *resolution) winners(ordered []Claim) (places []int) {
	if r.alone {
		return nil
	}
	bests := maps.Clone(r.bests)
	for i, c := range ordered {
		if c.Ghost || c.Decided || c.Best && bests.find(c) >= 0 {
			continue
		}
		places = append(places, i)
		if c.Best {
			bests.add(c)
		}
	}
	return places
}

// takesOne reports whether contacts that share a key count as one person, of
// whom one is taken (E13).
func (s *Sync) takesOne() bool {
	return s.OnSeveral == SeveralFirst || s.OnSeveral == SeveralMostRecent
}

// order puts the claims whose identity is this key first; of those with several keys
// the ones that a contact is known by through the key of their main card, for a second
// address is a lesser rule (settled question 9); and the winning duplicate (settled
// question 6) ahead of them.
func (r *resolution) order(claims []Claim) []Claim {
	if len(claims) == 1 {
		return claims
	}
	ordered := slices.Clone(claims)
	slices.SortStableFunc(ordered, func(a, b Claim) int {
		if a.Best != b.Best {
			return boolFirst(a.Best)
		}
		if main := r.known(a); main != r.known(b) {
			return boolFirst(main)
		}
		if a.Best && a.First != b.First {
			return boolFirst(a.First)
		}
		if a.Best && r.sync.Duplicates == LastWins {
			return int(b.Row - a.Row)
		}
		return int(a.Row - b.Row)
	})
	return ordered
}

// known reports whether a contact has the key of a claim's main card.
func (r *resolution) known(c Claim) bool { return c.Own != 0 && len(r.byKey[c.Own]) > 0 }

func boolFirst(first bool) int {
	if first {
		return -1
	}
	return 1
}

type resolution struct {
	sync     *Sync
	g        *Group
	phone    bool             // families share the key
	alone    bool             // nobody else could see whom the one claim stands for
	holders  known            // records that stand for the key already
	expected known            // records that will, by a better key
	bests    known            // records that won among duplicates
	byKey    map[uint64][]int // in a group of several keys: its candidates
	verdicts []Verdict
	seen     []int64
}

func (r *resolution) add(k *known, c Claim) {
	if !r.alone {
		k.add(c)
	}
}

// indexKeys sorts the candidates of a group of several keys by key.
func (r *resolution) indexKeys() {
	for i, k := range r.g.Candidates {
		if k.Key == 0 {
			return
		}
		if r.byKey == nil {
			r.byKey = map[uint64][]int{}
		}
		r.byKey[k.Key] = append(r.byKey[k.Key], i)
	}
}

// sharing lists the candidates that have a key of the claim, each once.
func (r *resolution) sharing(c Claim) (all []Candidate) {
	if c.Keys == nil {
		return r.g.Candidates
	}
	for _, key := range c.Keys {
		for _, i := range r.byKey[key] {
			k := r.g.Candidates[i]
			if !slices.ContainsFunc(all, func(met Candidate) bool { return met.Ref == k.Ref }) {
				all = append(all, k)
			}
		}
	}
	return all
}

func (r *resolution) duplicate(c Claim, of int64) {
	action := Skip
	if r.sync.Duplicates == RejectDuplicates {
		action = Reject
	}
	r.verdicts = append(r.verdicts, Verdict{Row: c.Row, Action: action, Reason: SourceDuplicate, Other: of})
}

func (r *resolution) judge(c Claim) {
	if best := r.bests.find(c); c.Best && best >= 0 {
		r.duplicate(c, best)
		return
	}
	v := r.candidateFor(c)
	v.Row = c.Row
	if holder := r.mergedWith(c); v.Action == NoAction && c.Best && holder >= 0 {
		r.duplicate(c, holder)
		r.protect(c)
		return
	}
	if v.Action == NoAction && (!r.phone || c.Best) {
		r.holdIfSpokenFor(c, &v)
	}
	if c.Best {
		r.add(&r.bests, c)
	}
	if v.Action == Update || v.Action == NoAction {
		r.add(&r.holders, c)
	}
	r.verdicts = append(r.verdicts, v)
}

// mergedWith is the record that a merge by hand made one with every record of
// this key: it was found to be the contact that keeps the key. -1 if there is none.
func (r *resolution) mergedWith(c Claim) int64 {
	for _, k := range r.sharing(c) {
		if k.Merged && k.Taken && k.Holder >= 0 {
			return k.Holder
		}
	}
	return -1
}

// holdIfSpokenFor holds a claim whose key belongs to another record of this run, or
// to a contact that another record was found to be: creating would make two
// contacts with one key. People who have a better key may share a telephone, and so
// may those whose names contradict each other (settled question 8).
func (r *resolution) holdIfSpokenFor(c Claim, v *Verdict) {
	v.Other = r.holders.find(c)
	if v.Other < 0 {
		v.Other = r.expected.find(c.others())
	}
	for _, k := range r.sharing(c) {
		if k.Taken && !r.apart(c, k) {
			v.Several = append(v.Several, k.Ref)
		}
	}
	if v.Other < 0 && len(v.Several) == 0 {
		return
	}
	v.Action, v.Reason = Hold, IdentityConflict
	r.protect(c)
}

// apart reports whether a record and a contact that share a telephone name
// different people.
func (r *resolution) apart(c Claim, k Candidate) bool { return r.phone && c.Who.Contradicts(k.Who) }

// candidateFor applies the table of requirements 3.2 to one claim.
func (r *resolution) candidateFor(c Claim) Verdict {
	inside, outside, others := r.sift(c)
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
	return Verdict{Other: -1}
}

// sift parts the free contacts that share a key with a claim: those it may be, those
// it would be but for the target's scope, and those whose better key says that a
// person must look.
func (r *resolution) sift(c Claim) (inside, outside, others []int64) {
	for _, k := range r.sharing(c) {
		if k.Taken {
			continue
		}
		if r.g.Unique {
			others = append(others, k.Ref)
			continue
		}
		switch r.otherness(c, k) {
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
	if c.Keys != nil { // they come key by key
		slices.Sort(inside)
		slices.Sort(outside)
		slices.Sort(others)
	}
	return inside, outside, others
}

func (r *resolution) otherness(c Claim, k Candidate) Otherness {
	switch {
	case !c.Best && r.g.Other != nil:
		return r.g.Other(c.Row, k.Ref)
	case r.apart(c, k):
		return AnotherPerson
	}
	return SamePersonHere
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

// protect marks every candidate that shares a key with the claim as present in
// the source.
func (r *resolution) protect(c Claim) {
	for _, k := range r.sharing(c) {
		r.seen = append(r.seen, k.Ref)
	}
}
