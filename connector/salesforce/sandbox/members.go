package sandbox

import (
	"fmt"
	"strings"
)

// memberRules: one row for a person and a campaign; of two persons the contact;
// a status that the campaign does not have is its default one.
func (s *Sandbox) memberRules(o *object, old, r *row) *problem {
	contact, lead, campaign := o.field("ContactId"), o.field("LeadId"), o.field("CampaignId")
	if old == nil && r.get(contact) != "" {
		r.set(lead, "")
	}
	who := contact
	if r.get(contact) == "" {
		who = lead
	}
	if r.get(who) == "" {
		return refuse("REQUIRED_FIELD_MISSING", "Required fields are missing: [LeadId or ContactId]", "LeadId", "ContactId")
	}
	if old == nil {
		for _, other := range s.holders(o, who, r.get(who)) {
			if other.get(campaign) == r.get(campaign) {
				return refuse("DUPLICATE_VALUE", "Already a campaign member.")
			}
		}
	}
	label, responded := s.memberStatus(r.get(campaign), r.get(o.field("Status")))
	r.set(o.field("Status"), label)
	r.set(o.field("HasResponded"), yes(responded))
	first := o.field("FirstRespondedDate")
	if responded && r.get(first) == "" {
		r.set(first, stampText(s.now())[:10])
	}
	return nil
}

func (s *Sandbox) memberStatus(campaign, wanted string) (label string, responded bool) {
	o := s.objects["campaignmemberstatus"]
	has := func(r *row, name string) bool { return r.get(o.field(name)) == "true" }
	for _, r := range s.holders(o, o.field("CampaignId"), campaign) {
		name := r.get(o.field("Label"))
		if strings.EqualFold(name, wanted) {
			return name, has(r, "HasResponded")
		}
		if has(r, "IsDefault") || label == "" {
			label, responded = name, has(r, "HasResponded")
		}
	}
	return label, responded
}

// memberField is a member's value of the person it stands for.
func memberField(name string) func(*Sandbox, *object, *row) string {
	return func(s *Sandbox, o *object, r *row) string {
		who := first(r.get(o.field("ContactId")), r.get(o.field("LeadId")))
		if who == "" {
			return ""
		}
		po := s.prefix[who[:3]]
		pr := po.row(number(who))
		if pr == nil {
			return ""
		}
		if name == "Company" && po.name == "Contact" {
			id := pr.get(po.field("AccountId"))
			if id == "" {
				return ""
			}
			ao := s.prefix[id[:3]]
			return ao.row(number(id)).get(ao.field("Name"))
		}
		return s.value(po, pr, po.field(name))
	}
}

// members counts a campaign's leads or contacts.
func members(who string) func(*Sandbox, *object, *row) string {
	return func(s *Sandbox, o *object, r *row) string {
		m, n := s.objects["campaignmember"], 0
		for _, member := range s.holders(m, m.field("CampaignId"), makeID(o.prefix, r.n)) {
			if member.get(m.field(who)) != "" {
				n++
			}
		}
		return fmt.Sprint(n)
	}
}
