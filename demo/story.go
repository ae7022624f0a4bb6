package demo

// A scene is one thing to understand.
type scene struct {
	heading  string
	commands []command
}

// A command is what a person would type, how it ends and what is shown of it.
// HASH in its line is the plan that was shown before.
type command struct {
	line string
	exit int
	show []pick // empty: all
}

// A pick shows the first lines that begin with a text.
type pick struct {
	begins string
	most   int
}

// The exit codes that docs/cli.md promises.
const (
	rejects  = 3
	approval = 4
)

const opening = `Kith brings contacts from a file into an address book, and can tell why. attendees.csv has 500
invented people, as a registration desk exports them. Every command below is really carried out.`

func story() []scene {
	return []scene{
		{"What would an import do? The plan says it, person by person; nothing is written.", []command{
			{line: "kith import attendees.csv --match email,phone --region GB --plan", show: []pick{
				{"  utf-8", 1}, {"  E-mail", 1}, {"  Company", 1}, {"  Notes", 1}, {"  + create", 1}, {"  warnings", 1},
				{"  + line", 2}, {"  !", 2}, {"  /", 1}, {"  and", 1}, {"  Nothing", 1}}},
		}},
		{"Exactly that plan is carried out, or nothing.", []command{
			{line: "kith apply HASH", exit: rejects, show: []pick{{"import", 1}, {"  read", 1}, {"  why", 1}}},
		}},
		{"What did not get in: the cause, the line, and what to do.", []command{
			{line: "kith rejects 1", show: []pick{{"   ", 9}, {"  !", 3}, {"correct", 1}}},
		}},
		{"A week later the file comes again: some rows corrected, 12 people changed, 3 new.", []command{
			{line: "kith import attendees-week2.csv --match email,phone", exit: rejects, show: []pick{
				{"  + create", 1}, {"  ~", 4}, {"import-attendees-week2  run", 1}, {"  read", 1}, {"  undo", 1}}},
		}},
		{"Why does this contact look as it does?", []command{
			{line: "kith explain ada.marchetti@example.com"},
		}},
		{"Week two was a mistake: take it back. What others changed since would stay.", []command{
			{line: "kith undo 2"},
			{line: "kith explain ada.marchetti@example.com", show: []pick{{"  company", 1}}},
		}},
		{"An export breaks off after two thirds. Deleting who is missing would be a mistake.", []command{
			{line: "cp attendees-broken-off.csv attendees.csv"},
			{line: "kith import attendees.csv --match email,phone --delete-missing", exit: approval, show: []pick{
				{"  + create", 1}, {"  -", 2}, {"  STOP", 1}, {"  approve", 1}}},
		}},
	}
}
