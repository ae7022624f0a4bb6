package syncfile

import (
	"fmt"
	"slices"

	"github.com/kith-sync/kith/plan"
)

// linkRules judges what only a sync with a connection can have: links, and with
// them a way back.
func linkRules(s plan.Sync, say sayer) {
	if !s.Linked() {
		unlinkedRules(s, say)
		return
	}
	if (s.Source.Connection == "" || s.Target.Book == "") && (s.Target.Connection == "" || s.Source.Book == "") {
		say("target", "a connection is linked with an address book", "Bring a file into a book first, and link the book: two syncs.")
	}
	switch e := s.Source; {
	case e.Book == "" || e.Object == "" || e.Object == plan.CampaignMembers || e.Object == plan.Meetings:
	default:
		say("source.object", fmt.Sprintf("an address book has no object %q", e.Object), "It has "+plan.CampaignMembers+" and "+plan.Meetings+"; its contacts need no object.")
	}
	if s.Source.Object != "" && s.Source.Book != "" && s.Direction == plan.TwoWay {
		say("direction", "campaign members and meetings go to the target only", "Leave it out.")
	}
	if s.Secondary {
		say("secondary", "a sync with a connection matches by the main card", "Leave the key out.")
	}
	markRules(s, say)
	for i, m := range s.Map {
		computed := m.From == "" && (m.Direction == plan.ToSource || m.Direction == plan.BothWays)
		if computed {
			say(fmt.Sprintf("map[%d].direction", i), "what is computed cannot travel back", "Leave it out.")
		}
		if s.Direction != plan.TwoWay && (m.Direction == plan.ToSource || m.Direction == plan.BothWays) {
			say(fmt.Sprintf("map[%d].direction", i), "a sync that goes one way writes nothing to its source", "Write direction: two_way for the whole sync.")
		}
	}
}

// unlinkedRules refuses between files and books what needs links.
func unlinkedRules(s plan.Sync, say sayer) {
	const hint = "Only a sync with a connection remembers who is who."
	if s.Direction == plan.TwoWay {
		say("direction", "both ways travel only between a connection and a book", hint)
	}
	if s.Prefer != "" {
		say("prefer", "only records at a connection can be preferred to each other", "Leave the key out.")
	}
	if i := slices.Index(s.Match, plan.ByLink); i >= 0 {
		say(fmt.Sprintf("match[%d]", i), "there are no links between files and books", hint)
	}
	if s.Policy.Delete.NotFound == plan.Unlink {
		say("policy.delete.not_found", "there are no links between files and books", "Write keep: the contact stays as it is. "+hint)
	}
	for i, m := range s.Map {
		if m.Optional {
			say(fmt.Sprintf("map[%d].optional", i), "only a sync with a connection leaves lines out", "Leave the key out.")
		}
		if m.Direction != "" && m.Direction != plan.ToTarget {
			say(fmt.Sprintf("map[%d].direction", i), "between files and books values go to the target only", hint)
		}
	}
	for _, side := range []struct {
		name string
		plan.Endpoint
	}{{"source", s.Source}, {"target", s.Target}} {
		if side.Object != "" {
			say(side.name+".object", "an object belongs to a connection", "")
		}
	}
}

// markRules keeps marks to address books: the fields of another system are its own.
func markRules(s plan.Sync, say sayer) {
	there, key := s.Policy.Delete.Back, "back"
	if s.Target.Connection != "" {
		there, key = s.Policy.Delete.NotFound, "not_found"
	}
	if there == plan.Mark {
		say("policy.delete."+key, "only contacts of an address book or a file can be marked, not records at a connection", "Use keep, unlink, trash or delete.")
	}
}
