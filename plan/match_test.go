package plan_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kith-sync/kith/plan"
)

// Requirements 3.2: every cell of the table of candidates, and settled questions
// 2, 6, 8 and 9. Claims and candidates are those of one key.
func TestResolve(t *testing.T) {
	best := func(row int64) plan.Claim { return plan.Claim{Row: row, Best: true} }
	lesser := func(row int64) plan.Claim { return plan.Claim{Row: row} }
	here, taken, outside := func(ref int64) plan.Candidate { return plan.Candidate{Ref: ref} },
		func(ref int64) plan.Candidate { return plan.Candidate{Ref: ref, Taken: true} },
		func(ref int64) plan.Candidate { return plan.Candidate{Ref: ref, Outside: true} }
	for _, c := range []struct {
		what  string
		sync  plan.Sync
		group plan.Group
		want  string // row: verdict; seen: contacts the source points to
	}{
		// none
		{"nobody has the key: look on", plan.Sync{}, plan.Group{Rule: plan.ByEmail, Claims: []plan.Claim{best(0)}}, "0: look on"},

		// one
		{"one has the key: matched", plan.Sync{}, plan.Group{Rule: plan.ByEmail, Claims: []plan.Claim{best(0)}, Candidates: []plan.Candidate{here(7)}},
			"0: update 7; seen 7"},
		{"one, outside the scope: skipped", plan.Sync{}, plan.Group{Rule: plan.ByEmail, Claims: []plan.Claim{best(0)}, Candidates: []plan.Candidate{outside(7)}},
			"0: skip match.out_of_scope 7; seen 7"},
		{"one, outside the scope, kvCORE: look on (K3-K5)", plan.Sync{OutOfScope: plan.OutOfScopeContinue},
			plan.Group{Rule: plan.ByEmail, Claims: []plan.Claim{best(0)}, Candidates: []plan.Candidate{outside(7)}}, "0: look on"},
		{"one, outside the scope, for review: held", plan.Sync{OutOfScope: plan.OutOfScopeReview},
			plan.Group{Rule: plan.ByEmail, Claims: []plan.Claim{best(0)}, Candidates: []plan.Candidate{outside(7)}}, "0: hold match.scope_review 7; seen 7"},
		{"one inside and one outside: the one inside", plan.Sync{}, plan.Group{Rule: plan.ByEmail, Claims: []plan.Claim{best(0)},
			Candidates: []plan.Candidate{outside(7), here(8)}}, "0: update 8; seen 8"},

		// several
		{"several: held for review", plan.Sync{}, plan.Group{Rule: plan.ByEmail, Claims: []plan.Claim{best(0)}, Candidates: []plan.Candidate{here(7), here(8)}},
			"0: hold match.several 7 8; seen 7 8"},
		{"several: the first created (E13)", plan.Sync{OnSeveral: plan.SeveralFirst},
			plan.Group{Rule: plan.ByEmail, Claims: []plan.Claim{best(0)}, Candidates: []plan.Candidate{here(7), here(8)}}, "0: update 7; seen 7 8"},
		{"several: the most recent", plan.Sync{OnSeveral: plan.SeveralMostRecent},
			plan.Group{Rule: plan.ByEmail, Claims: []plan.Claim{best(0)}, Candidates: []plan.Candidate{here(7), here(8)}}, "0: update 8; seen 7 8"},
		{"several: rejected", plan.Sync{OnSeveral: plan.SeveralReject},
			plan.Group{Rule: plan.ByEmail, Claims: []plan.Claim{best(0)}, Candidates: []plan.Candidate{here(7), here(8)}}, "0: reject match.several 7 8; seen 7 8"},
		{"several outside the scope: as one", plan.Sync{}, plan.Group{Rule: plan.ByEmail, Claims: []plan.Claim{best(0)},
			Candidates: []plan.Candidate{outside(7), outside(8)}}, "0: skip match.out_of_scope 7 8; seen 7 8"},
		{"several, one of them taken by a better rule: the other", plan.Sync{}, plan.Group{Rule: plan.ByEmail, Claims: []plan.Claim{best(0)},
			Candidates: []plan.Candidate{taken(7), here(8)}}, "0: update 8; seen 8"},

		// taken, settled question 8
		{"the e-mail's contact is somebody else by a better key: held", plan.Sync{}, plan.Group{Rule: plan.ByEmail, Claims: []plan.Claim{best(0)},
			Candidates: []plan.Candidate{taken(7)}}, "0: hold identity.conflict 7; seen 7"},
		{"the telephone's contact is taken, and the row has nothing better: held", plan.Sync{}, plan.Group{Rule: plan.ByPhone,
			Claims: []plan.Claim{best(0)}, Candidates: []plan.Candidate{taken(7)}}, "0: hold identity.conflict 7; seen 7"},
		{"the telephone's contact is taken, and the row has an e-mail of its own: another person", plan.Sync{}, plan.Group{Rule: plan.ByPhone,
			Claims: []plan.Claim{lesser(0)}, Candidates: []plan.Candidate{taken(7)}}, "0: look on"},

		// other people, settled question 8
		{"a family shares the telephone: look on", plan.Sync{}, plan.Group{Rule: plan.ByPhone, Claims: []plan.Claim{lesser(0)},
			Candidates: []plan.Candidate{here(7)}, Other: always(plan.AnotherPerson)}, "0: look on"},
		{"the contact has another identifier: held", plan.Sync{}, plan.Group{Rule: plan.ByEmail, Claims: []plan.Claim{lesser(0)},
			Candidates: []plan.Candidate{here(7)}, Other: always(plan.AnotherIdentity)}, "0: hold identity.conflict 7; seen 7"},
		{"nobody asks whether the bearer of a best key is somebody else", plan.Sync{}, plan.Group{Rule: plan.ByPhone, Claims: []plan.Claim{best(0)},
			Candidates: []plan.Candidate{here(7)}, Other: always(plan.AnotherPerson)}, "0: update 7; seen 7"},

		// duplicates in the source, settled question 6
		{"duplicates: the first wins", plan.Sync{}, plan.Group{Rule: plan.ByEmail, Claims: []plan.Claim{best(0), best(1), best(2)},
			Candidates: []plan.Candidate{here(7)}}, "0: update 7; 1: skip source.duplicate of 0; 2: skip source.duplicate of 0; seen 7"},
		{"duplicates: the last wins", plan.Sync{Duplicates: plan.LastWins}, plan.Group{Rule: plan.ByEmail, Claims: []plan.Claim{best(0), best(1)},
			Candidates: []plan.Candidate{here(7)}}, "0: skip source.duplicate of 1; 1: update 7; seen 7"},
		{"duplicates: the later ones are rejected", plan.Sync{Duplicates: plan.RejectDuplicates}, plan.Group{Rule: plan.ByEmail,
			Claims: []plan.Claim{best(0), best(1)}, Candidates: []plan.Candidate{here(7)}}, "0: update 7; 1: reject source.duplicate of 0; seen 7"},
		{"duplicates of somebody new: one is created", plan.Sync{}, plan.Group{Rule: plan.ByEmail, Claims: []plan.Claim{best(0), best(1)}},
			"0: look on; 1: skip source.duplicate of 0"},

		// two objects of one system (E11)
		{"the record that goes first is taken, though another stands before it", plan.Sync{OnSeveral: plan.SeveralFirst}, plan.Group{Rule: plan.ByEmail,
			Claims: []plan.Claim{best(0), {Row: 1, Best: true, First: true}}, Candidates: []plan.Candidate{here(7)}}, "0: skip source.duplicate of 1; 1: update 7; seen 7"},

		// within one run
		{"the bearer of the best key goes before an earlier row", plan.Sync{}, plan.Group{Rule: plan.ByPhone, Claims: []plan.Claim{lesser(0), best(1)},
			Candidates: []plan.Candidate{here(7)}}, "0: look on; 1: update 7; seen 7"},
		{"two of one e-mail, both with an identifier: one is created, the other held", plan.Sync{}, plan.Group{Rule: plan.ByEmail,
			Claims: []plan.Claim{lesser(0), lesser(1)}}, "0: look on; 1: hold identity.conflict of 0"},
		{"two of one telephone, both with an e-mail: both are created", plan.Sync{}, plan.Group{Rule: plan.ByPhone,
			Claims: []plan.Claim{lesser(0), lesser(1)}}, "0: look on; 1: look on"},
		{"a telephone alone, beside a row with an e-mail that has it too: held", plan.Sync{}, plan.Group{Rule: plan.ByPhone,
			Claims: []plan.Claim{lesser(0), best(1)}}, "0: look on; 1: hold identity.conflict of 0"},
		{"somebody settled by a better rule has the key: held", plan.Sync{}, plan.Group{Rule: plan.ByEmail,
			Claims: []plan.Claim{{Row: 0, Decided: true}, lesser(1)}}, "1: hold identity.conflict of 0"},
		{"somebody skipped by a better rule stands for nobody", plan.Sync{}, plan.Group{Rule: plan.ByEmail,
			Claims: []plan.Claim{{Row: 0, Decided: true, Out: true}, lesser(1)}}, "1: look on"},

		// removal
		{"a refused row finds nobody, but protects who it means", plan.Sync{}, plan.Group{Rule: plan.ByEmail,
			Claims: []plan.Claim{{Row: 0, Ghost: true, Decided: true}}, Candidates: []plan.Candidate{here(7), outside(8)}}, "; seen 7 8"},

		// C28
		{"an identifier that is not matched by finds nobody, and is given once", plan.Sync{}, plan.Group{Rule: plan.ByKey, Unique: true,
			Claims: []plan.Claim{lesser(0)}, Candidates: []plan.Candidate{here(7)}}, "0: hold identity.conflict 7; seen 7"},
		{"an identifier that is not matched by goes to one of two rows", plan.Sync{}, plan.Group{Rule: plan.ByKey, Unique: true,
			Claims: []plan.Claim{lesser(0), lesser(1)}}, "0: look on; 1: hold identity.conflict of 0"},
	} {
		c.group.Recent = slices.Max[[]int64]
		sync := c.sync.Defaults()
		if got := tell(sync.Resolve(&c.group)); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.what, got, c.want)
		}
	}
}

func always(o plan.Otherness) func(int64, int64) plan.Otherness {
	return func(int64, int64) plan.Otherness { return o }
}

// tell writes verdicts in order of rows, then the contacts that were seen.
func tell(verdicts []plan.Verdict, seen []int64) string {
	slices.SortFunc(verdicts, func(a, b plan.Verdict) int { return int(a.Row - b.Row) })
	var out []string
	for _, v := range verdicts {
		text := fmt.Sprintf("%d: look on", v.Row)
		if v.Action != plan.NoAction {
			text = strings.TrimSpace(fmt.Sprintf("%d: %s %s", v.Row, v.Action, v.Reason))
		}
		if v.Ref != 0 {
			text += fmt.Sprint(" ", v.Ref)
		}
		if v.Other >= 0 && v.Action != plan.Update {
			text += fmt.Sprint(" of ", v.Other)
		}
		for _, ref := range v.Several {
			text += fmt.Sprint(" ", ref)
		}
		out = append(out, text)
	}
	text := strings.Join(out, "; ")
	if len(seen) == 0 {
		return text
	}
	slices.Sort(seen)
	return text + "; seen " + strings.Trim(fmt.Sprint(slices.Compact(seen)), "[]")
}

// drawGroup draws a sync's settings and a group under them.
func drawGroup(t *rapid.T) (plan.Sync, plan.Group) {
	s := plan.Sync{
		OnSeveral:  rapid.SampledFrom([]plan.OnSeveral{plan.SeveralReview, plan.SeveralFirst, plan.SeveralMostRecent, plan.SeveralReject}).Draw(t, "several"),
		OutOfScope: rapid.SampledFrom([]plan.OutOfScope{plan.OutOfScopeSkip, plan.OutOfScopeContinue, plan.OutOfScopeReview}).Draw(t, "outside"),
		Duplicates: rapid.SampledFrom([]plan.Duplicates{plan.FirstWins, plan.LastWins, plan.RejectDuplicates}).Draw(t, "duplicates"),
	}.Defaults()
	g := plan.Group{Rule: rapid.SampledFrom(plan.KeyRules).Draw(t, "rule"), Recent: slices.Max[[]int64]}
	for row := range rapid.Int64Range(0, 5).Draw(t, "claims") {
		c := plan.Claim{Row: row, Best: rapid.Bool().Draw(t, "best")}
		switch rapid.IntRange(0, 5).Draw(t, "claim") {
		case 4:
			c.Decided, c.Out = true, rapid.Bool().Draw(t, "out")
		case 5:
			c.Ghost, c.Decided = true, true
		}
		g.Claims = append(g.Claims, c)
	}
	for ref := range rapid.Int64Range(0, 4).Draw(t, "candidates") {
		g.Candidates = append(g.Candidates, plan.Candidate{Ref: ref + 10,
			Taken: rapid.IntRange(0, 3).Draw(t, "taken") == 3, Outside: rapid.IntRange(0, 3).Draw(t, "outside") == 3})
	}
	others := rapid.SliceOfN(rapid.Map(rapid.IntRange(0, 2), func(i int) plan.Otherness { return plan.Otherness(i) }), 32, 32).Draw(t, "others")
	g.Other = func(row, ref int64) plan.Otherness { return others[(row*5+ref)%32] }
	return s, g
}

// Every undecided claim gets one verdict, nobody else does; no contact is given
// twice, none that was taken or is out of scope; and who is matched is seen.
func TestPropResolve(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, g := drawGroup(t)
		free := map[int64]bool{}
		for _, k := range g.Candidates {
			free[k.Ref] = !k.Taken && !k.Outside
		}
		verdicts, seen := s.Resolve(&g)
		judged := map[int64]int{}
		for _, v := range verdicts {
			judged[v.Row]++
			if v.Action != plan.Update {
				continue
			}
			if !free[v.Ref] {
				t.Fatalf("contact %d was not free for row %d: %+v", v.Ref, v.Row, g)
			}
			free[v.Ref] = false
			if !slices.Contains(seen, v.Ref) {
				t.Fatalf("contact %d is matched and not seen: %+v", v.Ref, g)
			}
		}
		for _, c := range g.Claims {
			want := 1
			if c.Decided || c.Ghost {
				want = 0
			}
			if judged[c.Row] != want {
				t.Fatalf("row %d got %d verdicts, want %d: %+v", c.Row, judged[c.Row], want, g)
			}
		}
	})
}

// Settled question 9: among claims with a best key of their own (one in the
// group), numbering the rows otherwise changes nothing for them.
func TestPropResolveOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, g := drawGroup(t)
		g.Other = nil
		bests := 0
		for _, c := range g.Claims {
			if c.Best && !c.Ghost {
				bests++
			}
		}
		if bests != 1 {
			return
		}
		order := rapid.Permutation([]int64{0, 1, 2, 3, 4, 5}).Draw(t, "order")
		shuffled := g
		shuffled.Candidates, shuffled.Claims = slices.Clone(g.Candidates), slices.Clone(g.Claims)
		for i := range shuffled.Claims {
			shuffled.Claims[i].Row = order[i]
		}
		slices.SortFunc(shuffled.Claims, func(a, b plan.Claim) int { return int(a.Row - b.Row) })
		if got, want := ofBest(s, shuffled), ofBest(s, g); got != want {
			t.Fatalf("the best claim: got %s in another order, want %s: %+v", got, want, g)
		}
	})
}

// ofBest resolves a group and tells the verdict on its only best claim.
func ofBest(s plan.Sync, g plan.Group) string {
	verdicts, _ := s.Resolve(&g)
	for _, v := range verdicts {
		for _, c := range g.Claims {
			if c.Row == v.Row && c.Best {
				return fmt.Sprint(v.Action, v.Reason, v.Ref, v.Several)
			}
		}
	}
	return "none"
}
