package plan_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
)

// subscribers is a book whose news field is a consent.
var subscribers = contact.Schema{Fields: []contact.Field{
	{Name: "email", Kind: contact.Email}, {Name: "news", Kind: contact.Consent},
}}

// lists is a remote that keeps a consent as a text of its own words.
var lists = contact.Schema{Fields: []contact.Field{
	{Name: "email", Kind: contact.Email}, {Name: "status", Kind: contact.Text},
}}

// Requirements 3.14, torture test 9: what a record does to the consent of a
// contact that is there.
func TestConsentOfAnUpdate(t *testing.T) {
	const nothing, written, kept = "nothing to tell", "written", "kept, and shown"
	yes := map[string]string{"yes": "subscribed", "no": "unsubscribed"}
	for _, c := range []struct {
		what     string
		m        plan.Mapping
		old, new string
		offered  string // where it is not new
		want     string
	}{
		{"unsubscribed here, the file says subscribed", plan.Mapping{Write: plan.WriteAlways}, "unsubscribed", "subscribed", "", kept},
		{"pending here, the file says subscribed", plan.Mapping{Write: plan.WriteAlways}, "pending", "subscribed", "", kept},
		{"subscribed here, the file says unsubscribed", plan.Mapping{Write: plan.WriteAlways}, "subscribed", "unsubscribed", "", written},
		{"stricter goes through a policy that only fills blanks", plan.Mapping{Write: plan.WriteIfExistingBlank}, "subscribed", "unsubscribed", "", written},
		{"never still means never", plan.Mapping{Write: plan.WriteNever}, "subscribed", "unsubscribed", "", kept},
		{"a blank keeps", plan.Mapping{Write: plan.WriteAlways}, "subscribed", "", "", nothing},
		{"a blank keeps where the field may clear", plan.Mapping{Write: plan.WriteAlways, MayClear: true}, "unsubscribed", "", "", nothing},
		{"a blank here takes what the file knows", plan.Mapping{Write: plan.WriteIfNewNotBlank}, "", "subscribed", "", written},
		{"cleaned is stricter than unsubscribed", plan.Mapping{Write: plan.WriteIfNewNotBlank}, "unsubscribed", "bounced", "cleaned", written},
		{"suppressed is the strictest", plan.Mapping{Write: plan.WriteAlways}, "suppressed", "cleaned", "", kept},
		{"the same in another word is no update", plan.Mapping{Write: plan.WriteAlways}, "unsubscribed", "opted out", "", nothing},
		{"yes is left alone", plan.Mapping{Write: plan.WriteAlways}, "", "yes", "", nothing},
		{"yes is a consent where the value map says so", plan.Mapping{Write: plan.WriteAlways, Values: yes}, "", "yes", "subscribed", written},
		{"and not over a stricter one", plan.Mapping{Write: plan.WriteAlways, Values: yes}, "cleaned", "yes", "subscribed", kept},
		{"a default grants no consent", plan.Mapping{Write: plan.WriteAlways, Default: "subscribed"}, "", "", "subscribed", kept},
		{"a default that takes consent away fills a blank", plan.Mapping{Write: plan.WriteAlways, Default: "unsubscribed"}, "", "", "unsubscribed", written},
		{"a default never replaces", plan.Mapping{Write: plan.WriteAlways, Default: "unsubscribed"}, "subscribed", "", "", nothing},
	} {
		c.m.From, c.m.To = "news", "news"
		book, err := plan.Compile(plan.Sync{Match: []plan.Rule{plan.ByEmail}, Map: []plan.Mapping{{From: "email", To: "email", Write: plan.WriteAlways}, c.m}}.Defaults(),
			subscribers, subscribers, "")
		if err != nil {
			t.Fatal(err)
		}
		if c.offered == "" {
			c.offered = c.new
		}
		change := book.DecideUpdate(book.Translate([]string{"ann@example.com", c.new}), contact.Record{Values: []string{"ann@example.com", c.old}})
		if got := outcomeOf(change, c.old, c.offered); got != c.want {
			t.Errorf("%s: got %s, want %s (%+v)", c.what, got, c.want, change)
		}
		if len(change.Fields) > 0 && change.Fields[0].Rule != "consent" {
			t.Errorf("%s: rule: got %s, want consent", c.what, change.Fields[0].Rule)
		}
	}
}

func TestConsentOfACreate(t *testing.T) {
	for _, c := range []struct {
		what, offered, want string
		warnings            []string
	}{
		{"a create takes the state that is offered", "Subscribed", "subscribed", nil},
		{"in whatever words", "abgemeldet", "unsubscribed", nil},
		{"a word that nobody understands is left out, with a warning", "yes", "", []string{"consent.unknown"}},
	} {
		book, err := plan.Compile(plan.Sync{Match: []plan.Rule{plan.ByEmail}, Map: []plan.Mapping{{From: "email", To: "email"}, {From: "news", To: "news"}}}.Defaults(),
			subscribers, subscribers, "")
		if err != nil {
			t.Fatal(err)
		}
		row := []string{"ann@example.com", c.offered}
		change := book.DecideCreate(row, book.Translate(row))
		if change.Action != plan.Create || change.Values[1] != c.want || !slices.Equal(change.Detail.Warnings, c.warnings) {
			t.Errorf("%s: got %+v, want %q with %v", c.what, change, c.want, c.warnings)
		}
	}
}

// Requirements 3.13, 3.14: the strictest of both sides wins in both directions.
func TestConsentOfAMeeting(t *testing.T) {
	words := map[string]string{"IN": "subscribed", "OUT": "unsubscribed", "DEAD": "cleaned", "ASKED": "pending"}
	agreed := func(ours, theirs string) map[string]plan.Agreed {
		return map[string]plan.Agreed{"email": {Ours: "ann@example.com", Theirs: "ann@example.com"}, "news": {Ours: ours, Theirs: theirs}}
	}
	for _, c := range []struct {
		what         string
		m            plan.Mapping
		base         map[string]plan.Agreed
		ours, theirs string
		in, out      string // what is written; "kept X" where it is kept
	}{
		{"they unsubscribe there", plan.Mapping{}, agreed("subscribed", "IN"), "subscribed", "OUT", "unsubscribed", ""},
		{"they unsubscribe here", plan.Mapping{}, agreed("subscribed", "IN"), "unsubscribed", "IN", "", "OUT"},
		{"both, differently: the stricter counts and nothing waits", plan.Mapping{}, agreed("subscribed", "IN"), "unsubscribed", "DEAD", "cleaned", ""},
		{"the remote has no word for ours: what it made of it stands", plan.Mapping{}, agreed("pending", "IN"), "pending", "IN", "", ""},
		{"they say yes there to what was asked: it stands, and is not taken back", plan.Mapping{}, agreed("pending", "ASKED"), "pending", "IN", "", "kept ASKED"},
		{"a no that it took for another no stands", plan.Mapping{}, agreed("cleaned", "OUT"), "cleaned", "OUT", "", ""},
		{"a question is nothing to tell whom nobody has asked there", plan.Mapping{}, nil, "pending", "", "", ""},
		{"a no that is put back there is said again", plan.Mapping{}, agreed("unsubscribed", "IN"), "unsubscribed", "IN", "", "OUT"},
		{"until ours moves on", plan.Mapping{}, agreed("pending", "IN"), "cleaned", "IN", "", "DEAD"},
		{"the winner has no say", plan.Mapping{Winner: plan.WinReview}, agreed("subscribed", "IN"), "cleaned", "OUT", "", "DEAD"},
		{"first contact: theirs is stricter", plan.Mapping{}, nil, "subscribed", "OUT", "unsubscribed", ""},
		{"first contact: ours is stricter", plan.Mapping{}, nil, "pending", "IN", "", "ASKED"},
		{"first contact: ours is blank", plan.Mapping{}, nil, "", "IN", "subscribed", ""},
		{"first contact: theirs is blank", plan.Mapping{}, nil, "subscribed", "", "", "IN"},
		{"they subscribe again there: the stricter goes back", plan.Mapping{}, agreed("unsubscribed", "OUT"), "unsubscribed", "IN", "", "OUT"},
		{"a person here says they subscribed again: it stands, and does not travel", plan.Mapping{}, agreed("unsubscribed", "OUT"), "subscribed", "OUT", "kept unsubscribed", ""},
		{"until the remote says something stricter anew", plan.Mapping{}, agreed("subscribed", "OUT"), "subscribed", "DEAD", "cleaned", ""},
		{"emptied there takes nothing away here", plan.Mapping{MayClear: true}, agreed("unsubscribed", "OUT"), "unsubscribed", "", "", "OUT"},
		{"emptied here comes back", plan.Mapping{MayClear: true}, agreed("unsubscribed", "OUT"), "", "OUT", "kept unsubscribed", ""},
		{"a word of theirs that nobody understands is left alone", plan.Mapping{}, agreed("subscribed", "IN"), "subscribed", "perhaps", "", ""},
		{"in only: stricter comes", plan.Mapping{Direction: plan.ToTarget}, agreed("subscribed", "IN"), "subscribed", "OUT", "unsubscribed", ""},
		{"in only: looser is kept", plan.Mapping{Direction: plan.ToTarget}, agreed("unsubscribed", "OUT"), "unsubscribed", "IN", "", "kept OUT"},
		{"out only: stricter goes", plan.Mapping{Direction: plan.ToSource}, agreed("subscribed", "IN"), "unsubscribed", "IN", "", "OUT"},
		{"never is never", plan.Mapping{Write: plan.WriteNever}, agreed("subscribed", "IN"), "subscribed", "OUT", "kept unsubscribed", ""},
	} {
		c.m.From, c.m.To, c.m.Values = "status", "news", words
		p, err := plan.Pair(plan.Sync{Source: plan.Endpoint{Connection: "crm"}, Target: plan.Endpoint{Book: "people"}, Direction: plan.TwoWay,
			Match: []plan.Rule{plan.ByLink, plan.ByEmail}, Map: []plan.Mapping{{From: "email", To: "email"}, c.m}}.Defaults(), subscribers, lists, "")
		if err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		e, _ := p.Meet(plan.Meeting{Ours: contact.Record{Values: []string{"ann@example.com", c.ours}}, Theirs: contact.Record{Values: []string{"ann@example.com", c.theirs}},
			Base: c.base, Now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)})
		if in, out := told(e.In), told(e.Out); in != c.in || out != c.out || len(e.Conflicts) > 0 {
			t.Errorf("%s: got in %q out %q, %d conflicts; want in %q out %q and none", c.what, in, out, len(e.Conflicts), c.in, c.out)
		}
	}
}

// told is what a meeting does to its only field.
func told(fields []plan.FieldChange) string {
	switch {
	case len(fields) == 0:
		return ""
	case fields[0].Written():
		return fields[0].New
	}
	return "kept " + fields[0].Kept
}

// No sequence of meetings ever makes either side looser (I18).
func TestPropMeetingsNeverLoosen(t *testing.T) {
	schema := subscribers
	state := rapid.SampledFrom(append([]string{"", "yes"}, contact.ConsentStates...))
	policy := rapid.SampledFrom([]plan.Write{"", plan.WriteAlways, plan.WriteIfNewNotBlank, plan.WriteIfExistingBlank, plan.WriteNever})
	rapid.Check(t, func(t *rapid.T) {
		m := plan.Mapping{From: "news", To: "news", Write: policy.Draw(t, "policy"), MayClear: rapid.Bool().Draw(t, "may clear"),
			Winner:    rapid.SampledFrom([]plan.Winner{"", plan.WinTarget, plan.WinRecent, plan.WinNonBlank, plan.WinReview}).Draw(t, "winner"),
			Direction: rapid.SampledFrom([]string{"", plan.ToTarget, plan.ToSource}).Draw(t, "direction")}
		p, err := plan.Pair(plan.Sync{Source: plan.Endpoint{Connection: "crm"}, Target: plan.Endpoint{Book: "people"}, Direction: plan.TwoWay,
			Match: []plan.Rule{plan.ByLink, plan.ByEmail}, Map: []plan.Mapping{{From: "email", To: "email"}, m}}.Defaults(), schema, schema, "")
		if err != nil {
			t.Fatal(err)
		}
		var base map[string]plan.Agreed
		for range rapid.IntRange(1, 6).Draw(t, "meetings") {
			ours, theirs := state.Draw(t, "ours"), state.Draw(t, "theirs")
			e, _ := p.Meet(plan.Meeting{Ours: contact.Record{Values: []string{"ann@example.com", ours}}, Theirs: contact.Record{Values: []string{"ann@example.com", theirs}},
				Base: base, Now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)})
			for _, f := range append(slices.Clone(e.In), e.Out...) {
				if f.Written() && !contact.Stricter(f.New, f.Old) {
					t.Fatalf("ours %q, theirs %q, base %+v: %q became %q", ours, theirs, base["news"], f.Old, f.New)
				}
			}
			if len(e.Conflicts) > 0 {
				t.Fatalf("ours %q, theirs %q: conflict %+v", ours, theirs, e.Conflicts)
			}
			base = e.Base
		}
	})
}
