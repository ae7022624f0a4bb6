package syncfile

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kith-sync/kith/plan"
)

// Each preset's rules cite every requirement of its article, and no other.
func TestEveryRequirementOfAnArticleIsInItsPreset(t *testing.T) {
	last := map[string]int{"N": 21, "K": 16, "E": 24, "S": 8, "C": 50}
	letter := map[string]string{"narware": "N", "kvcore": "K", "eventgeek": "E", "syncapps": "S", "contact-manager": "C"}
	form := regexp.MustCompile(`^([NKESC])([0-9]+)$`)
	for _, p := range Presets() {
		cited := map[string]bool{}
		for _, r := range p.Rules {
			for _, number := range strings.Split(r.Requirement, ", ") {
				m := form.FindStringSubmatch(number)
				if m == nil || m[1] != letter[p.Name] {
					t.Errorf("%s: %q cites %q, which is not of its article", p.Name, r.Rule, number)
					continue
				}
				if n, _ := strconv.Atoi(m[2]); n < 1 || n > last[m[1]] {
					t.Errorf("%s: %q cites %s, want 1 to %d", p.Name, r.Rule, number, last[m[1]])
				}
				cited[number] = true
			}
		}
		for n := 1; n <= last[letter[p.Name]]; n++ {
			if number := fmt.Sprint(letter[p.Name], n); !cited[number] {
				t.Errorf("%s: no rule cites %s", p.Name, number)
			}
		}
	}
}

// A piece of a sync file that a rule shows is one that a sync file may have.
func TestRulesShowSettingsThatExist(t *testing.T) {
	shown := regexp.MustCompile("`([a-z_]+: [^`]+)`")
	checked := 0
	for _, p := range Presets() {
		for _, r := range p.Rules {
			for _, m := range shown.FindAllStringSubmatch(r.Rule, -1) {
				piece := m[1]
				if strings.Contains(piece, "...") {
					continue // an outline
				}
				checked++
				text := head + piece + "\n"
				switch key, _, _ := strings.Cut(piece, ":"); key {
				case "target":
					text = strings.Replace(head, "contacts}", "contacts, "+strings.TrimPrefix(piece, "target: {"), 1)
				case "csv", "every_time":
					text = strings.Replace(head, "attendees.csv}", "attendees.csv, "+piece+"}", 1)
				case "write":
					text = head + "map: [{from: a, to: b, " + piece + "}]\n"
				}
				if _, err := Parse(p.Name, []byte(text)); err != nil {
					t.Errorf("%s: %q: %v", p.Name, piece, err)
				}
			}
		}
	}
	if checked < 12 {
		t.Errorf("found %d pieces in the rules, want at least 12", checked)
	}
}

func TestPresets(t *testing.T) {
	base := plan.Sync{Name: "a", Source: plan.Endpoint{File: "a.csv"}, Target: plan.Endpoint{Book: "b"}}
	for _, c := range []struct {
		name, preset string
		change       func(*plan.Sync)
		get          func(plan.Sync) any
		want         any
	}{
		{"narware matches by e-mail only (settled question 13)", "narware", nil, func(s plan.Sync) any { return s.Match }, []plan.Rule{plan.ByEmail}},
		{"narware protects what is there (N16)", "narware", nil, func(s plan.Sync) any { return s.Policy.Update }, plan.WriteIfExistingBlank},
		{"narware waits for a successful registration (N11)", "narware", nil, func(s plan.Sync) any { return s.Gate }, `registration == "succeeded"`},
		{"narware needs the e-mail only (N10)", "narware", nil, func(s plan.Sync) any { return s.Required }, []string{"email"}},
		{"kvcore matches by e-mail, then phone (K3, K4)", "kvcore", nil, func(s plan.Sync) any { return s.Match }, []plan.Rule{plan.ByEmail, plan.ByPhone}},
		{"kvcore takes an equal phone for enough (settled question 8)", "kvcore", nil, func(s plan.Sync) any { return s.PhoneMatch }, plan.PhoneAlone},
		{"kvcore goes on behind the agent filter (settled question 2)", "kvcore", nil, func(s plan.Sync) any { return s.OutOfScope }, plan.OutOfScopeContinue},
		{"kvcore creates and updates (K9)", "kvcore", nil, func(s plan.Sync) any { return s.Policy.Creates() }, true},
		{"kvcore overwrites (K10)", "kvcore", nil, func(s plan.Sync) any { return s.Policy.Update }, plan.WriteIfNewNotBlank},
		{"kvcore's do-not-overwrite is one key (K10)", "kvcore", func(s *plan.Sync) { s.Policy.Update = plan.WriteIfExistingBlank }, func(s plan.Sync) any { return s.Policy },
			plan.Policy{Create: new(true), Update: plan.WriteIfExistingBlank, Delete: plan.Delete{NotFound: plan.Keep, Scope: plan.BroughtByThisSync}}},
		{"eventgeek takes the first of several (E13)", "eventgeek", nil, func(s plan.Sync) any { return s.OnSeveral }, plan.SeveralFirst},
		{"eventgeek requires four fields (E6)", "eventgeek", nil, func(s plan.Sync) any { return s.Required }, []string{"first_name", "last_name", "email", "company"}},
		{"eventgeek overwrites (E12)", "eventgeek", nil, func(s plan.Sync) any { return s.Policy.Update }, plan.WriteIfNewNotBlank},
		{"syncapps creates what is missing (S3)", "syncapps", nil, func(s plan.Sync) any { return s.Policy.Creates() }, true},
		{"syncapps updates nobody (S3)", "syncapps", nil, func(s plan.Sync) any { return s.Policy.Update }, plan.WriteNever},
		{"contact-manager only adds without ticks (settled question 14)", "contact-manager", nil, func(s plan.Sync) any { return s.Policy },
			plan.Policy{Create: new(true), Update: plan.WriteNever, Delete: plan.Delete{NotFound: plan.Keep, Scope: plan.WholeBook}}},
		{"contact-manager leaves the match rule to its identifier (settled question 13)", "contact-manager", nil, func(s plan.Sync) any { return s.Match }, []plan.Rule(nil)},
		{"contact-manager guards deletes and updates (C39, settled question 4)", "contact-manager", nil, func(s plan.Sync) any { return s.Guard },
			plan.Guard{Deletes: plan.Percent(10), Changes: plan.Percent(10)}},
		{"a list of one's own replaces the preset's", "kvcore", func(s *plan.Sync) { s.Match = []plan.Rule{plan.ByPhone} }, func(s plan.Sync) any { return s.Match }, []plan.Rule{plan.ByPhone}},
		{"an explicit guard stays explicit", "contact-manager", func(s *plan.Sync) { s.Guard = plan.Guard{MaxDeletes: 3, Explicit: true} }, func(s plan.Sync) any { return s.Guard },
			plan.Guard{Deletes: plan.Percent(10), Changes: plan.Percent(10), MaxDeletes: 3, Explicit: true}},
	} {
		s := base
		if c.change != nil {
			c.change(&s)
		}
		got, err := Apply(c.preset, s)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got.Preset != c.preset {
			t.Errorf("%s: got preset %q, want %q", c.name, got.Preset, c.preset)
		}
		if diff := cmp.Diff(c.want, c.get(got), sameSync); diff != "" {
			t.Errorf("%s: want -, got +\n%s", c.name, diff)
		}
		if found := Validate(got); len(found) > 0 {
			t.Errorf("%s: Validate: %v", c.name, found)
		}
	}
}

func TestApplyUnknownPreset(t *testing.T) {
	_, err := Apply("narwere", plan.Sync{})
	if want := `preset: "narwere" is not a preset. Did you mean narware?`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestPresetNames(t *testing.T) {
	var got []string
	for _, p := range Presets() {
		got = append(got, p.Name)
	}
	if diff := cmp.Diff(presetNames(), got); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
}
