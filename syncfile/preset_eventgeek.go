package syncfile

import "github.com/kith-sync/kith/plan"

// eventgeek: contacts captured at events into Salesforce, one way.
func eventgeek() Preset {
	return Preset{
		Name:    "eventgeek",
		Title:   "EventGeek, Salesforce",
		Summary: "Sends contacts captured at events to a CRM, by e-mail, and overwrites every mapped field.",
		Sync: plan.Sync{
			Direction: "one_way",
			Match:     []plan.Rule{plan.ByEmail},
			OnSeveral: plan.SeveralFirst,
			Policy:    plan.Policy{Create: new(true), Update: plan.WriteIfNewNotBlank},
			Required:  []string{"first_name", "last_name", "email", "company"},
		},
		Rules: []PresetRule{
			{"Contacts captured at events go to the target", "E1"},
			{"One direction only: what changes in the target does not come back", "E10"},
			{"First name, last name, e-mail and company are required", "E6, E16"},
			{"A contact without them is held, with the list of what is missing", "E24"},
			{"It goes out as soon as they are filled, campaign or not", "E22"},
			{"Prevents duplicates by e-mail, whichever object the contact is in", "E11"},
			{"Overwrites any existing value with a new one, note and owner too", "E12"},
			{"Title, telephones, website, note, owner and others are optional: each mapping can be left out or pointed to another field", "E7, E9"},
			{"To protect a field, leave its mapping out or give it `write: never`", "E9, E12"},
			{"Of several contacts with the same e-mail only the first found is updated: the oldest (`on_several: first`)", "E13"},
			{"A contact may take part in several events: a person who stands in the source twice is taken once (`duplicates: first`)", "E4"},
			{"The company is an ordinary field: it can be mapped, given a default, and changed any time", "E19"},
			{"A link to the record, its sync status and the time of the last sync (with CRM connections; not available yet; kith explain tells what is known)", "E14, E15"},
			{"Salesforce Sync As chooses Lead or Contact for each contact and is required (with CRM connections; not available yet; until then make one sync per object with a `filter`)", "E3, E6"},
			{"The integration is switched on per organization (with CRM connections; not available yet)", "E2"},
			{"The owner is the user with the same e-mail address in both systems (with CRM connections; not available yet; the value is copied)", "E8"},
			{"A company is linked to a CRM account, new or existing, and shows that it is (with CRM connections; not available yet)", "E17, E18"},
			{"A Leads Inbox takes contacts in and sets their company (with intake; not available yet)", "E19, E20"},
			{"A contact of an event that is connected to a campaign becomes a member of the campaign, also when it is added later (with campaigns; not available yet)", "E5, E21, E23"},
		},
	}
}
