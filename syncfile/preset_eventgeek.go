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
		Linked: eventgeekLinked,
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
			{"On the contact stand its Salesforce ID, which leads to the record, the sync that keeps both in step, and the time of its last run", "E14"},
			{"The same stands beside everybody who takes part in an event, under Contacts", "E15"},
			{"Salesforce Sync As, the field sync_as, chooses Lead or Contact for each contact and is required; an e-mail is looked for among both, the contact's own kind first (the key `prefer`)", "E3, E6, E11"},
			{"The integration is a connection of this installation: without one nothing goes to Salesforce", "E2"},
			{"The owner is the Salesforce user with the e-mail address in the field owner", "E8"},
			{"A company is linked to a Salesforce Account: one that is there by its name, one chosen by hand (account_id), or a new one; a contact with an Account shows that it has one", "E17, E18"},
			{"The Leads Inbox takes people in by a form, a file or the API and sets their company", "E19, E20"},
			{"A contact of an event that is connected to a campaign becomes a member of the campaign, also when it is added later: a second sync, whose source is the book's object campaign_members", "E5, E21, E23"},
		},
	}
}

// eventgeekLinked knows the fields of Salesforce.
func eventgeekLinked(source, _ plan.Endpoint) plan.Sync {
	optional := func(from, to string) plan.Mapping { return plan.Mapping{From: from, To: to, Optional: true} }
	switch source.Object {
	case plan.CampaignMembers:
		return plan.Sync{Match: []plan.Rule{plan.ByKey}, Required: []string{"CampaignId", "Person"},
			Map: []plan.Mapping{{From: "member", To: "Member"}, {From: "campaign", To: "CampaignId"}, {From: "person", To: "Person"}, {From: "status", To: "Status"}}}
	case plan.Meetings:
		return plan.Sync{Match: []plan.Rule{plan.ByLink}, Required: []string{"Subject", "StartDateTime", "EndDateTime", "WhoId"}, Map: []plan.Mapping{
			{From: "subject", To: "Subject"}, {From: "starts", To: "StartDateTime"}, {From: "ends", To: "EndDateTime"}, {From: "place", To: "Location"},
			{From: "note", To: "Description"}, {From: "person", To: "WhoId"}}}
	}
	return plan.Sync{
		Prefer:   "sync_as",
		Required: []string{"FirstName", "LastName", "Email", "company", "sync_as"},
		Map: []plan.Mapping{
			{From: "first_name", To: "FirstName"}, {From: "last_name", To: "LastName"}, {From: "email", To: "Email"}, {From: "company", To: "company"},
			{From: "sync_as", To: "sync_as", Write: plan.WriteIfExistingBlank}, // whom another object has, it keeps
			optional("account_id", "account_id"), optional("title", "Title"), optional("phone", "Phone"), optional("mobile", "MobilePhone"),
			optional("website", "Website"), optional("note", "Description"), optional("owner", "owner_email"),
			optional("street", "Street"), optional("city", "City"), optional("state", "State"), optional("zip", "PostalCode"), optional("country", "Country"),
			optional("linkedin", "LinkedIn__c"), optional("twitter", "Twitter__c"),
		},
	}
}
