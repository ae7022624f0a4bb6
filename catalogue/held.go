package catalogue

var held = []Entry{
	{
		Code: "gate.closed", Group: Held,
		What:    "waits until the sync's gate opens",
		More:    "The gate binds creating only: a contact that exists is updated all the same.",
		Safe:    "Nothing was written for it. It goes on by itself in the first run in which the gate's condition holds.",
		Fix:     "Nothing to do but wait, or change the gate.",
		Example: `. line 3  gate.closed`,
	},
	{
		Code: "target.required_missing", Group: Held,
		What:    "waits for values that the target requires",
		More:    "The plan lists them under `missing`. A value that the contact has already counts.",
		Safe:    "Nothing was written for it. It goes on by itself as soon as the values are there.",
		Fix:     "Fill in the missing fields in the source, or give them a default in the map.",
		Example: `. line 2  target.required_missing  missing last_name, company`,
	},
	{
		Code: "match.several", Group: Held,
		What:    "matches several contacts, and nobody guesses which",
		More:    "With `on_several: reject` it is rejected instead of held. A command that is given a name which several contacts have refuses with this code too.",
		Safe:    "None of them was changed, and no further one was made.",
		Fix:     "Merge them if they are one person: kith contacts merge ID ID. Or choose on_several: first or most_recent.",
		Example: `. line 5  by email  match.several  contacts 3, 9`,
	},
	{
		Code: "identity.conflict", Group: Held,
		What:    "shares a key with a contact that is somebody else, or that another record stands for",
		More:    "Writing it would overwrite another person, or give two contacts one unique identifier or e-mail. A command that would do so is refused with this code too.",
		Safe:    "Nobody was overwritten, and no second contact with the key was made.",
		Fix:     "Look at both with kith explain. Merge the contacts, or correct the identifier, e-mail or telephone of one.",
		Example: `. line 7  by email  identity.conflict  contacts 12`,
	},
	{
		Code: "match.scope_review", Group: Held,
		What:    "needs a person, because its contact is or would be outside the sync's target_scope",
		More:    "Either the only match is outside (`out_of_scope: review`), or a new contact would be outside: the next run would not find it and would make it again.",
		Safe:    "Nothing was written for it.",
		Fix:     "Change the contact's owner or the sync's out_of_scope; for a new contact, map the field that target_scope asks about.",
		Example: `. line 4  match.scope_review`,
	},
}
