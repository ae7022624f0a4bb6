package syncfile

import "github.com/kith-sync/kith/plan"

// contactManager: CSV files into a list of contacts. Its two ticks are off in
// the article ("select Update the contacts with changes"), so it adds only.
func contactManager() Preset {
	return Preset{
		Name:    "contact-manager",
		Title:   "Contact Manager",
		Summary: "Imports a CSV file into a list of contacts by its unique identifier; adds only, until updating or deleting is ticked.",
		Sync: plan.Sync{
			Policy: plan.Policy{
				Create: new(true),
				Update: plan.WriteNever,
				Delete: plan.Delete{NotFound: plan.Keep, Scope: plan.WholeBook},
			},
			Guard: plan.Guard{Changes: plan.Percent(10)},
		},
		Rules: []PresetRule{
			{"Contacts come from a file instead of being typed one by one", "C1, C9, C11"},
			{"The file is CSV on this computer (`source: {file: ...}`)", "C3, C10"},
			{"The target is one of many lists, each with its own fields; a field that is missing is added", "C5, C6, C26"},
			{"Matches by the unique identifier, if the target names one with `key`; else by e-mail", "C28"},
			{"Generate unique key automatically: `target: {key: generated}` gives each new contact a random 9-digit code, which replaces the identifier column; matching is then by e-mail, and Delete contacts not found is refused", "C29"},
			{"Update the contacts with changes from the import file: off. Tick it with `policy: {update: if_new_not_blank}`", "C15"},
			{"Delete contacts not found in the synchronization file: off. Tick it with `policy: {delete: {not_found: trash}}`; it concerns the whole book, and what is removed can be restored", "C14"},
			{"Neither tick adds only; Update adds and updates; Delete adds and removes; both make the book a mirror of the file", "C14, C15"},
			{"If more than 10 % of the contacts would be deleted or updated, nothing at all is written (`guard: {changes: 10%}`)", "C39"},
			{"Two ways out: switch deleting off, or delete by hand; a third is to approve exactly that plan", "C40"},
			{"Consider First Line as Header: found out, or set with `csv: {header: ...}`", "C12"},
			{"Delimiter: found out, or any text with `csv: {delimiter: ...}`", "C13"},
			{"A line break inside a quoted field is read; `csv: {strict_line_breaks: true}` refuses it as the article has it", "C4"},
			{"Import file every time, regardless of its state: off (`every_time: false`)", "C17"},
			{"A file that has not changed is not imported again", "C48"},
			{"Language tags are stored and shown as tags; an unknown tag is a reason on the row", "C7, C8"},
			{"A password that is not mapped, or empty, is kept", "C32"},
			{"A blank value erases nothing, unless a field says `may_clear` and is written `always`", "C32"},
			{"Columns are mapped to fields; leave a line of `map` out to remove its mapping", "C25, C27, C30"},
			{"The plan is the preview; applying it is Run Import", "C18, C31"},
			{"Each run has a status, and the list of its errors", "C42, C46"},
			{"A sync can be edited and removed; removing it leaves the contacts", "C44, C45"},
			{"A file may have more columns, longer rows and more bytes than the article's system takes", "C49"},
			{"Several syncs may fill one list; a second one that deletes in the whole book needs `policy: {whole_book: accepted}`", "C50"},
			{"Files are fetched from HTTP, HTTPS, FTP, SFTP and FTPS, by location, login and password, also a folder of files (`source: {connection: ..., path: ...}`)", "C3, C10, C19, C20, C21, C22, C23, C24"},
			{"A remote file is imported on a schedule, with a time zone, a recurrence pattern and a range (`schedule`), and at once with Go (kith run)", "C2, C33, C34, C35, C36, C38, C43, C47"},
			{"An e-mail tells of errors (`notify`)", "C16, C37"},
			{"The list of imports on the pages shows name, latest, next, Go and status; kith syncs and kith runs tell the same", "C41"},
		},
	}
}
