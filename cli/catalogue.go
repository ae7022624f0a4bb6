package cli

import "github.com/kith-sync/kith/plan"

// A cause says a reason code for people: what it means, and what to do.
type cause struct{ what, fix string }

// causeOf returns what is known of a reason.
func causeOf(code plan.Reason) cause {
	if c, ok := causes()[code]; ok {
		return c
	}
	return cause{string(code), ""}
}

func causes() map[plan.Reason]cause {
	return map[plan.Reason]cause{
		plan.NoEmail:          {"has no e-mail address, and people are recognised by it", "Fill in the address, or match by phone as well."},
		plan.NoKey:            {"has none of the values that people are recognised by", "Fill in the identifier, e-mail address or telephone."},
		plan.SourceDuplicate:  {"is the same person as another record of the source", "Nothing to do, or choose --duplicates last."},
		plan.FilteredOut:      {"does not pass the sync's filter", "Nothing to do, or change the filter."},
		plan.MatchNone:        {"was found nowhere, and the sync may not create", "Nothing to do, or allow creating."},
		plan.MatchExists:      {"is there already, and the sync only adds", "Nothing to do, or allow updating."},
		plan.MatchOutOfScope:  {"was found only outside the sync's target scope", "Nothing to do, or widen target_scope."},
		plan.TrashedByPerson:  {"was deleted here by a person, and is not brought back", "Restore the contact: kith contacts restore ID."},
		plan.GateClosed:       {"waits until the gate opens", "It goes on by itself once the gate's condition holds."},
		plan.RequiredMissing:  {"waits for values that are required", "Fill in the missing fields, or map a default."},
		plan.MatchSeveral:     {"matches several contacts", "Merge them: kith contacts merge ID ID; or choose --on-several first."},
		plan.IdentityConflict: {"was found to be a contact that another record is linked to", "Look at both with kith explain, and merge or correct one."},
		plan.ScopeReview:      {"was found only outside the target scope, and waits for a person", "Change the contact's owner, or the sync's out_of_scope."},
		plan.RowColumns:       {"has not as many columns as the header", "Look for a missing or doubled delimiter, or a value with a delimiter that is not in quotes."},
		plan.RowEncoding:      {"has bytes that are no text in the file's encoding", "Save the file as UTF-8, or name its encoding with --encoding."},
		plan.RowUnclosedQuote: {"has a quoted value that never ends", "Close the quote, or double quotes inside the value."},
		plan.RowLineBreak:     {"has a line break inside a value", "Take it out, or leave --strict-line-breaks away."},
		plan.RowTooLong:       {"is longer than a record may be", "Shorten the value, or look for a quote that is not closed."},
		plan.EmailInvalid:     {"has no valid e-mail address where one is needed", "Correct the address."},
		plan.LanguageUnknown:  {"names a language that is no tag", "Write a tag such as en, en-GB or pt-BR."},
		plan.ValueTooLong:     {"has a value that is too long for its field", "Shorten the value."},
		plan.ExprFailed:       {"made an expression of the sync fail", "Correct the expression, or the value it stumbles over."},
		plan.TargetInvalid:    {"was refused by the target", "Read the target's message and correct the value."},
		plan.TargetChanged:    {"was changed by somebody else meanwhile, and was left alone", "Run the sync again."},
		plan.TargetGone:       {"is gone from the target", "Run the sync again."},
		plan.SourceGone:       {"is no longer in the source", "Nothing to do; the contact lies in the trash."},
		plan.UndoChanged:      {"was changed since, so the later value stays", "Edit it by hand if the old value is wanted."},
		plan.UndoGone:         {"is gone already", "Nothing to do."},
		plan.UndoExists:       {"is there again, or another contact has taken its place", "Merge them if they are one person."},
	}
}
