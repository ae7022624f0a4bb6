package catalogue

var failed = []Entry{
	{
		Code: "target.invalid", Group: Failed,
		Subject: "The record",
		What:    "was refused by the target",
		More:    "A file, for instance, whose encoding has no sign for a value.",
		Safe:    "The others were written. This record is as it was in the target.",
		Fix:     "Read the target's message and correct the value.",
		Example: `x line 3  target.invalid`,
	},
	{
		Code: "target.changed", Group: Failed,
		What:    "was changed by somebody else after the plan was made, and was left alone",
		Safe:    "The later change stays; nothing was overwritten.",
		Fix:     "Run the sync again.",
		Example: `x contact 17  target.changed`,
	},
	{
		Code: "target.gone", Group: Failed,
		What:    "is gone from the target",
		More:    "A record that is found to be such a contact is held in a plan; when a plan is applied, it fails.",
		Safe:    "Nothing was written for it.",
		Fix:     "Run the sync again: it will decide anew.",
		Example: `x contact 17  target.gone`,
	},
	{
		Code: "target.unreachable", Group: Failed,
		What:    "was not written, because the other system stopped answering",
		More:    "After several attempts the run ends, so that it does not fail record by record.",
		Safe:    "What was written before stays and is remembered. This record is as it was.",
		Fix:     "Run the sync again when the system answers. kith connections test NAME tells.",
		Example: `x contact 17  target.unreachable`,
	},
}

var deleted = []Entry{
	{
		Code: "source.gone", Group: Deleted,
		What:    "is no longer in the source, or was deleted at the other side of its link, and the sync removes or marks such contacts",
		More:    "With `not_found: trash` it goes to the trash of its address book, with `delete` it goes for good, with `mark` it stays and a field says so.",
		Safe:    "The run knows all its values: an undo brings them back.",
		Fix:     "Nothing to do. To have it back: kith undo RUN, or kith contacts restore ID while it is in the trash.",
		Example: `- contact 19 (p19@example.com)  source.gone`,
	},
}

var undone = []Entry{
	{
		Code: "undo.changed_since", Group: Undo,
		What:    "was changed after the run that is undone",
		Safe:    "The later value stays. Only values that are still the run's own go back.",
		Fix:     "Edit it by hand if the old value is wanted: kith contacts edit.",
		Example: `/ contact 2  undo.changed_since`,
	},
	{
		Code: "undo.gone", Group: Undo,
		What:    "is gone already",
		Safe:    "There was nothing to take back.",
		Fix:     "Nothing to do.",
		Example: `/ contact 4  undo.gone`,
	},
	{
		Code: "undo.exists", Group: Undo,
		What:    "is there again, or another contact has its unique identifier or e-mail now",
		Safe:    "No second contact with one key was made.",
		Fix:     "Merge them if they are one person: kith contacts merge ID ID.",
		Example: `/ contact 4  undo.exists`,
	},
	{
		Code: "undo.consent", Group: Undo,
		What:    "was given a stricter consent by the run that is undone, and an undo loosens none",
		More:    "Who said no meanwhile must not get mail again because a file had wrong names in it. What the consent was before is shown as kept.",
		Safe:    "The stricter consent stays; other values of the run go back.",
		Fix:     "If the person did consent, say so by hand: kith contacts edit ID FIELD=subscribed.",
		Example: `/ contact 3  undo.consent`,
	},
}
