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
		Linked: narwareLinked,
		Rules: []PresetRule{
			{"A contact is known by its e-mail address, which is unique, and matched by nothing else", "N6, N7, N18"},
			{"A new contact is created only where no contact with that e-mail exists yet", "N8"},
			{"Creating needs only the e-mail address; a name or telephone that is known goes with it. A target that asks for more, as Salesforce asks for a last name, has the contact wait until it is known", "N10"},
			{"A new contact goes out only after a successful registration: the gate reads the column `registration`, which the source must have (or write another `gate`)", "N11, N19"},
			{"Until then it is held with the reason gate.closed, and goes out on the first run in which the registration succeeded", "N12"},
			{"The gate binds creating; a contact that the target already has is matched and filled without it", "N20"},
			{"A value that the target has is never overwritten, whichever field it is", "N16"},
			{"A blank name or telephone of the target is filled, and so is every other field that `map` names: map those that may be filled", "N17"},
			{"The placeholder New Contact is never sent and never read as a name; a blank goes instead", "N14, N15"},
			{"Every record has a reason for what happened to it: kith explain", "N21"},
			{"A contact may come from manual entry, an uploaded file or the Leads Inbox", "N1, N2"},
			{"Registrations of webinars come as a file or through the Leads Inbox: connections to webinar accounts, and Smart Links, are not available yet", "N3, N4"},
			{"From a book to a connection: a contact takes name, telephone and country from the CRM where it is known there, else it is created there; either way it is linked, and the link holds the CRM ID. Who is only in the CRM stays there", "N5, N9, N10"},
			{"From a book to a connection, later changes flow both ways: the CRM's into the book, the book's only into what is blank there; between two files or books there is one direction", "N13, N16"},
		},
	}
}

// narwareLinked keeps a hub in step with a CRM: Salesforce's names of the fields, or
// HubSpot's. What the hub may not write stays there, and a later change in the CRM
// wins (settled question 12).
func narwareLinked(_, target plan.Endpoint) plan.Sync {
	if target.Connection == "" { // people come from the hub
		return plan.Sync{}
	}
	email, first, last, phone, country := "Email", "FirstName", "LastName", "Phone", "MailingCountry"
	required := []string{email, last} // Salesforce demands a last name (settled question 11)
	switch target.Object {
	case "contacts", "":
		email, first, last, phone, country = "email", "firstname", "lastname", "phone", "country"
		required = []string{email}
	case "Lead", "Person":
		country = "Country"
	}
	field := func(from, to string) plan.Mapping {
		return plan.Mapping{From: from, To: to, Optional: true, Winner: plan.WinTarget}
	}
	return plan.Sync{
		Direction: plan.TwoWay,
		Policy:    plan.Policy{Back: plan.WriteIfNewNotBlank, CreateBack: new(false)},
		Required:  required,
		Map: []plan.Mapping{
			field("email", email), field("first_name", first), field("last_name", last), field("phone", phone),
			{From: "country", To: country, Optional: true, Direction: plan.ToSource}, // pulled only (N9, N17)
		},
	}
}
