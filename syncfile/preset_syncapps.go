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
		Rules: []PresetRule{
			{"One set-up moves one type of record; a second set-up moves the other", "S2"},
			{"A record goes to the main list, with e-mail, first name, last name and telephone, if it does not exist there", "S3"},
			{"A contact that is there already is skipped with the reason match.exists; no field of it is written", "S3"},
			{"The standard e-mail address is the key; a record without one is ignored", "S4"},
			{"To update existing contacts too, map the fields and write `policy: {update: if_new_not_blank}`, or `write` on a field", "S6"},
			{"Any list can be the target", "S7"},
			{"A set-up is a list of numbered steps: that of a file is, on the pages; a sync between two systems is set up on one page, which does not number them yet", "S1"},
			{"New and existing members of the main list go back to the CRM by a second sync the other way round; with a connection, which CRMs do not have yet, the `direction` two_way does both in one", "S5"},
			{"Where both sides changed the CRM wins; each field has its direction: with a connection, `winner` and `direction` of a field say so; connections to CRMs are not available yet", "S8"},
		},
	}
}
