package syncfile

import "github.com/kith-sync/kith/plan"

// syncapps: CRM contacts into the main list of a marketing system.
func syncapps() Preset {
	return Preset{
		Name:    "syncapps",
		Title:   "SyncApps, Salesforce and marketing list",
		Summary: "Adds the CRM's contacts to a main list if they are not there yet, by e-mail, and changes nobody who is.",
		Sync: plan.Sync{
			Match:  []plan.Rule{plan.ByEmail},
			Policy: plan.Policy{Create: new(true), Update: plan.WriteNever},
		},
		Linked: syncappsLinked,
		Rules: []PresetRule{
			{"One set-up moves one type of record; a second set-up moves the other", "S2"},
			{"A record goes to the main list, with e-mail, first name, last name and telephone, if it does not exist there", "S3"},
			{"A contact that is there already is skipped with the reason match.exists, and at a connection linked and counted as unchanged; no field of it is written", "S3"},
			{"The standard e-mail address is the key; a record without one is ignored with the reason source.no_email, and at a connection waits with target.required_missing", "S4"},
			{"To update existing contacts too, map the fields and write `policy: {update: if_new_not_blank}`, or `write` on a field", "S6"},
			{"Any list can be the target", "S7"},
			{"A set-up is a list of numbered steps; between two systems it is two syncs over one book, the first from the CRM, the second to the list", "S1"},
			{"New and existing members of the main list go back to the CRM: both syncs go two ways", "S5"},
			{"Where both sides changed the CRM wins; each field has its own `direction` and `winner`; of two consents the stricter counts, wherever it was given", "S8"},
		},
	}
}

// syncappsLinked makes a CRM and a list two spokes of one book. What the CRM knows
// comes into the book and wins there; field values leave for the other side only
// where the map says so (S6). Consent travels by rules of its own: only ever stricter.
func syncappsLinked(source, _ plan.Endpoint) plan.Sync {
	optional := func(from, to string) plan.Mapping { return plan.Mapping{From: from, To: to, Optional: true} }
	optOut := func(from, to string) plan.Mapping {
		return plan.Mapping{From: from, To: to, Optional: true, Write: plan.WriteIfNewNotBlank}
	}
	if source.Connection != "" { // the CRM
		return plan.Sync{
			Direction: plan.TwoWay, Policy: plan.Policy{Update: plan.WriteIfNewNotBlank, Back: plan.WriteNever}, Required: []string{"email"},
			Map: []plan.Mapping{
				optional("Email", "email"), optional("FirstName", "first_name"), optional("LastName", "last_name"), optional("Phone", "phone"), optOut("HasOptedOutOfEmail", "consent"),
			}}
	}
	return plan.Sync{
		Direction: plan.TwoWay, Policy: plan.Policy{Back: plan.WriteNever},
		Map: []plan.Mapping{
			optional("email", "email_address"), optional("email", "email"), optional("first_name", "FNAME"), optional("last_name", "LNAME"), optional("phone", "PHONE"), optOut("consent", "status"),
		}}
}
