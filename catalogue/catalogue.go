// Package catalogue knows every code that a person can meet: the reasons in a
// plan, the warnings of a run, and the errors of files, runs and commands. It
// says of each what happened, what is safe and what to do next. It decides
// nothing, and it does not know who gives a code; its tests look for that.
package catalogue

//go:generate go run ./generate ../docs/errors.md

// A Group is a kind of code: what it is about, and how grave it is.
type Group uint8

// The groups, in the order of docs/errors.md.
const (
	Skipped  Group = iota // a record that a rule left alone on purpose
	Held                  // a record that may go on later
	Rejected              // a record that is bad in itself
	Failed                // a record that the target refused
	Deleted               // a contact that was removed
	Undo                  // a change that could not be taken back
	Warning               // noticed beside the outcome of a record or run
	File                  // a file that cannot be read at all
	Run                   // a run that ended early, or was not begun
	Command               // a command that was refused
	Request               // a request over the network that was refused
)

// An Entry says one code for people. Codes are stable: they are never renamed or
// given another meaning.
type Entry struct {
	Code    string
	Group   Group
	Subject string // who or what it is about; "" for the subject of the group
	What    string // what happened, to follow the subject: "has no e-mail address"
	More    string // whatever else helps; may be empty
	Safe    string // what is safe
	Fix     string // what to do next
	Example string // how it may look
}

// Sentence says what happened: "The record has no e-mail address."
func (e Entry) Sentence() string {
	subject := e.Subject
	if subject == "" {
		subject = subjects[e.Group]
	}
	return subject + " " + e.What + "."
}

var subjects = [...]string{
	Skipped: "The record", Held: "The record", Rejected: "The record", Failed: "The contact", Deleted: "The contact",
	Undo: "The contact", Warning: "The record", File: "The file", Run: "The run", Command: "The command", Request: "The request",
}

// All lists every entry, group by group.
func All() []Entry {
	var all []Entry
	for _, part := range parts {
		all = append(all, part...)
	}
	return all
}

var parts = [...][]Entry{skipped, held, rejected, failed, deleted, undone, warnings, files, runs, commands, requests}

// Find returns the entry of a code. A code that means different things in a plan
// and as a warning has one entry, which says both.
func Find(code string) (Entry, bool) {
	for _, part := range parts {
		for _, e := range part {
			if e.Code == code {
				return e, true
			}
		}
	}
	return Entry{}, false
}

// Fix says what to do about a code, "" for one that nobody knows.
func Fix(code string) string {
	e, _ := Find(code)
	return e.Fix
}
