package service

import (
	"fmt"

	"github.com/kith-sync/kith/account"
)

// An Operation is something that may be asked of an installation. Pages and the
// API name it where they serve it, and neither serves what is not in the list: so
// both ask for the same role, and both leave the same trace in the audit log.
type Operation struct {
	ID      string       // noun.verb
	Least   account.Role // who may; "" for whoever has not signed in
	Writes  bool         // it changes something, so it is audited
	Summary string       // for the API's manual
}

// Operations are all there are.
func Operations() []Operation {
	const (
		viewer   = account.Viewer
		operator = account.Operator
		manager  = account.Manager
		owner    = account.Owner
	)
	return []Operation{
		{"home.show", viewer, false, "What needs somebody, and how the syncs are"},
		{"search.all", viewer, false, "Find contacts, syncs and runs"},

		{"syncs.list", viewer, false, "List the syncs with their latest runs"},
		{"syncs.show", viewer, false, "One sync with its definition"},
		{"syncs.save", manager, true, "Make a sync, or change it"},
		{"syncs.check", viewer, false, "Say what is wrong with a definition"},
		{"syncs.delete", manager, true, "Take a sync off the list; its runs and contacts stay"},
		{"syncs.plan", operator, true, "Plan a sync: write nothing"},
		{"syncs.run", operator, true, "Run a sync now"},
		{"syncs.retry", operator, true, "Try again what did not get through its last run"},
		{"schedules.show", viewer, false, "When a sync runs, and its next times"},
		{"schedules.preview", viewer, false, "The next times of a schedule that is not kept yet"},
		{"schedules.save", manager, true, "Set when a sync runs"},
		{"schedules.remove", manager, true, "Run a sync by hand only"},
		{"schedules.pause", operator, true, "Pause a schedule"},
		{"schedules.resume", operator, true, "Go on with a paused schedule"},
		{"setups.list", viewer, false, "The numbered steps of a set-up, and how far each has come"},
		{"presets.list", viewer, false, "The manners of other systems that a sync can take on"},

		{"runs.list", viewer, false, "The latest runs"},
		{"runs.show", viewer, false, "One run with its totals"},
		{"runs.changes", viewer, false, "What a run's plan says of every record"},
		{"runs.rejects", viewer, false, "The records of a run that did not get through"},
		{"runs.download", operator, false, "The same as a file to be corrected"},
		{"runs.replay", operator, true, "Import corrected rejects"},
		{"runs.apply", operator, true, "Carry out exactly a plan"},
		{"runs.approve", operator, true, "Let one plan pass that the guard stopped, and apply it"},
		{"runs.discard", operator, true, "Throw a plan away"},
		{"runs.undo", operator, true, "Take a run back"},

		{"jobs.list", viewer, false, "Work that waits or is done"},
		{"jobs.show", viewer, false, "One piece of work and how far it has come"},
		{"jobs.events", viewer, false, "The same as it happens (server-sent events)"},
		{"jobs.cancel", operator, true, "Call a piece of work off"},

		{"books.list", viewer, false, "List the address books"},
		{"books.show", viewer, false, "A book's settings and fields"},
		{"books.create", manager, true, "Make an address book"},
		{"books.change", manager, true, "Change a book's settings"},
		{"books.delete", owner, true, "Delete a book with all its contacts"},
		{"fields.add", manager, true, "Add a field to a book"},
		{"fields.change", manager, true, "Change a field's label or kind"},
		{"fields.delete", manager, true, "Delete a field with its values"},

		{"contacts.list", viewer, false, "List and search the contacts of a book"},
		{"contacts.show", viewer, false, "One contact with all its values"},
		{"contacts.explain", viewer, false, "How a contact came to be, and why each value is what it is"},
		{"contacts.add", operator, true, "Add a contact by hand"},
		{"contacts.edit", operator, true, "Change a contact's values by hand"},
		{"contacts.bulk", operator, true, "Change one field of many contacts, or delete them"},
		{"contacts.delete", operator, true, "Put contacts into the trash"},
		{"contacts.restore", operator, true, "Take contacts out of the trash"},
		{"contacts.merge", operator, true, "Make several contacts one"},
		{"contacts.export", operator, false, "A book as a file"},
		{"contacts.erase", manager, true, "Forget a person for good, on their request"},
		{"contacts.disclose", manager, false, "Everything that is known of a person"},
		{"companies.list", viewer, false, "List the companies of a book, and which Accounts they are at a CRM"},
		{"companies.link", operator, true, "Say which Account of a CRM a company is"},
		{"trash.list", viewer, false, "Deleted contacts"},
		{"trash.empty", manager, true, "Remove deleted contacts for good"},
		{"duplicates.list", viewer, false, "Contacts that may be one person"},
		{"filters.list", viewer, false, "Saved filters of a book"},
		{"filters.save", operator, true, "Save a filter"},
		{"filters.delete", operator, true, "Delete a saved filter"},

		{"leads.list", viewer, false, "Who waits in the Leads Inbox of a book"},
		{"leads.show", viewer, false, "One lead with what Kith would make of it"},
		{"leads.add", operator, true, "Put people into the Leads Inbox"},
		{"leads.import", operator, true, "Put the people of a file into the Leads Inbox"},
		{"leads.edit", operator, true, "Correct a lead that waits"},
		{"leads.take", operator, true, "Make leads contacts, and add them to an event"},
		{"leads.dismiss", operator, true, "Take leads out of the inbox"},
		{"leads.restore", operator, true, "Put leads back into the inbox"},
		{"forms.list", viewer, false, "The pages by which people come into the Leads Inbox"},
		{"forms.add", manager, true, "Make such a page, which needs no sign-in"},
		{"forms.change", manager, true, "Close such a page, or open it again"},
		{"forms.remove", manager, true, "Remove such a page"},

		{"events.list", viewer, false, "List the events of a book"},
		{"events.show", viewer, false, "One event with its campaign and its meetings"},
		{"events.people", viewer, false, "Who takes part in an event, and who they are at other systems"},
		{"events.add", operator, true, "Add an event"},
		{"events.edit", operator, true, "Change an event"},
		{"events.delete", operator, true, "Delete an event; its contacts and meetings stay"},
		{"events.attend", operator, true, "Add contacts to an event"},
		{"events.leave", operator, true, "Take contacts out of an event"},
		{"events.connect", operator, true, "Connect an event with a campaign"},
		{"meetings.list", viewer, false, "List the meetings of a book"},
		{"meetings.show", viewer, false, "One meeting"},
		{"meetings.people", viewer, false, "Who takes part in a meeting, and who they are at other systems"},
		{"meetings.add", operator, true, "Add a meeting"},
		{"meetings.edit", operator, true, "Change a meeting"},
		{"meetings.delete", operator, true, "Delete a meeting; its contacts stay"},
		{"meetings.attend", operator, true, "Add contacts to a meeting"},
		{"meetings.leave", operator, true, "Take contacts out of a meeting"},

		{"imports.list", viewer, false, "List of imports (C41)"},
		{"imports.begin", operator, true, "Set up a new import: upload a file, or name a location"},
		{"imports.show", operator, false, "An import that is being set up"},
		{"imports.change", operator, true, "Change an import that is being set up"},
		{"imports.preview", operator, false, "The first records of its file, and what its columns look like"},
		{"imports.plan", operator, true, "Plan it: write nothing"},
		{"imports.run", operator, true, "Run Import"},
		{"imports.finish", manager, true, "Schedule it and finish"},
		{"imports.discard", operator, true, "Throw it away"},

		{"connections.list", viewer, false, "List the connections"},
		{"connections.systems", viewer, false, "What can be connected, with the settings of each"},
		{"connections.show", viewer, false, "One connection, never its secret"},
		{"connections.save", manager, true, "Make a connection, or change it"},
		{"connections.test", manager, true, "Sign in and look, writing nothing"},
		{"connections.signin", manager, true, "Let Kith in at a system, in the browser"},
		{"connections.prepare", manager, true, "Make a field for Kith's keys at a system"},
		{"connections.trust", manager, true, "Accept the key of a server that was shown"},
		{"connections.delete", manager, true, "Forget a connection with its links"},
		{"connections.choices", operator, false, "Records of a connection that are chosen by name, such as campaigns"},
		{"links.list", viewer, false, "Who is who between a book and a connection"},

		{"conflicts.list", viewer, false, "Conflicts that wait for a person"},
		{"conflicts.pick", operator, true, "Decide a conflict"},

		{"channels.list", viewer, false, "Where messages go"},
		{"channels.save", manager, true, "Make a channel, or change it"},
		{"channels.test", manager, true, "Send a test message"},
		{"channels.delete", manager, true, "Delete a channel"},
		{"notify.save", manager, true, "Say who hears what of a sync"},
		{"outbox.list", manager, false, "Messages that wait or could not be sent"},

		// The gate of accounts notes its changes itself, with what belongs to them and
		// in one transaction with them: noted here they would be noted twice.
		{"users.list", owner, false, "List the users"},
		{"users.invite", owner, false, "Invite somebody"},
		{"users.change", owner, false, "Change a user's role, disable them, or hand them a link for a new password"},
		{"tokens.list", viewer, false, "Your API tokens"},
		{"tokens.add", viewer, false, "Make an API token"},
		{"tokens.revoke", viewer, false, "Revoke an API token"},
		{"sessions.list", viewer, false, "Where you are signed in"},
		{"sessions.end", viewer, false, "End a session"},
		{"me.show", viewer, false, "Who you are"},
		{"me.change", viewer, false, "Change your name, or as an owner your e-mail"},
		{"me.prove", viewer, false, "Say once more who you are, before something that asks for it"},
		{"me.password", viewer, false, "Change your password"},
		{"me.totp", viewer, false, "Set up or remove your second factor"},

		{"audit.list", owner, false, "Who did what"},
		{"settings.show", manager, false, "The installation's settings"},
		{"settings.save", owner, true, "Change the installation's settings"},

		{"config.export", manager, false, "The configuration as files"},
		{"config.plan", manager, false, "What applying files would change"},
		{"config.detach", manager, true, "Let something that is kept in a file be changed here again"},
		{"config.apply", manager, true, "Make the configuration what files say"},
		{"suppressions.list", manager, false, "Who was erased on request; nothing in it can be read"},
		{"suppressions.lift", manager, true, "Let a person be imported again"},
	}
}

// Find returns an operation. It panics on one that is not in the list: a page or an
// API that names it was never right.
func Find(id string) Operation {
	for _, o := range Operations() {
		if o.ID == id {
			return o
		}
	}
	panic(fmt.Sprintf("service: there is no operation %q", id))
}
