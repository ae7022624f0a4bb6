package syncfile

import "github.com/kith-sync/kith/plan"

// narware: webinar registrations into a CRM that must not be disturbed.
func narware() Preset {
	return Preset{
		Name:    "narware",
		Title:   "Narware",
		Summary: "Sends people who registered successfully to a CRM, by e-mail, and never overwrites what the CRM knows.",
		Sync: plan.Sync{
			Match:    []plan.Rule{plan.ByEmail},
			Policy:   plan.Policy{Create: new(true), Update: plan.WriteIfExistingBlank},
			Required: []string{"email"},
			Gate:     `registration == "succeeded"`,
		},
		Rules: []PresetRule{
			{"A contact is known by its e-mail address, which is unique, and matched by nothing else", "N6, N7, N18"},
			{"A new contact is created only where no contact with that e-mail exists yet", "N8"},
			{"Creating needs only the e-mail address; a name or telephone that is known goes with it", "N10"},
			{"A new contact goes out only after a successful registration: the gate reads the column `registration`, which the source must have (or write another `gate`)", "N11, N19"},
			{"Until then it is held with the reason gate.closed, and goes out on the first run in which the registration succeeded", "N12"},
			{"The gate binds creating; a contact that the target already has is matched and filled without it", "N20"},
			{"A value that the target has is never overwritten, whichever field it is", "N16"},
			{"A blank name or telephone of the target is filled, and so is every other field that `map` names: map those that may be filled", "N17"},
			{"The placeholder New Contact is never sent and never read as a name; a blank goes instead", "N14, N15"},
			{"Every record has a reason for what happened to it: kith explain", "N21"},
			{"A contact may come from manual entry or an uploaded file", "N1, N2"},
			{"Contacts come from webinar registrations and Smart Links (with intake; not available yet)", "N3, N4"},
			{"A new contact takes Name, Phone, Country and CRM ID from the CRM, or is created there and gets the new CRM ID (there are connections to CardDAV address books and LDAP directories, whose records are matched and linked so; those to CRMs are not available yet)", "N5, N9, N10"},
			{"Later changes flow both ways: with a connection on one side and a book on the other, set the `direction` two_way, and a `winner` where one side is to count; between two files or books there is one direction", "N13"},
		},
	}
}
