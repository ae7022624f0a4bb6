package syncfile

import "github.com/kith-sync/kith/plan"

// kvcore: any application into the kvCORE CRM without making duplicates.
func kvcore() Preset {
	return Preset{
		Name:    "kvcore",
		Title:   "API Nation, kvCORE",
		Summary: "Looks for a person by e-mail, then by telephone, and creates or updates without making duplicates.",
		Sync: plan.Sync{
			Match:      []plan.Rule{plan.ByEmail, plan.ByPhone},
			PhoneMatch: plan.PhoneAlone,
			OutOfScope: plan.OutOfScopeContinue,
			Policy:     plan.Policy{Create: new(true), Update: plan.WriteIfNewNotBlank},
		},
		Rules: []PresetRule{
			{"The goal is that no duplicate contact comes to be: a series of checks decides between updating and creating", "K1, K2"},
			{"Matches by e-mail first, then takes the agent filter (`target_scope`) into account", "K3"},
			{"Without a match, matches by telephone, then by the agent filter; an equal telephone is enough", "K4"},
			{"A match outside the agent filter counts as none: the next check follows, then a create (`out_of_scope: continue`)", "K15"},
			{"Creates a new contact if no check finds one", "K5"},
			{"Compares only the main e-mail and telephone, not the details (`secondary: false`)", "K6"},
			{"Add a Contact: on. Alone it is `policy: {create: true, update: never}`: a match is skipped, everyone else is created", "K7"},
			{"Update Contacts: on. Alone it is `policy: {create: false}`: new contacts are not moved", "K8"},
			{"Both together, as the preset has it: creates and updates", "K9"},
			{"Update Contacts overwrites with what the source knows; a blank value erases nothing", "K10"},
			{"Do not overwrite existing information: off. Tick it with `policy: {update: if_existing_blank}`: only fields that are empty in the target are filled", "K10, K11"},
			{"Do not overwrite never restricts creates", "K16"},
			{"The plan says how many contacts would be created and updated before anything is written", "K13"},
			{"Each sync has its own settings and filters, as a workflow has", "K14"},
			{"A file with several typed telephones and addresses can be read, such as a Google Contacts export", "K12"},
		},
	}
}
