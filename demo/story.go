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
	show []pick
}

// A pick shows the first lines that begin with a text. A wide one is cut, or
// folded where its end matters.
type pick struct {
	begins string
	most   int
	fold   bool
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
				one("  utf-8"), one("  E-mail"), one("  Company"), one("  Notes"), one("  + create"), one("  warnings"),
				first(2, "  + line"), first(2, "  !"), one("  /"), one("  Nothing")}},
		}},
		{"Exactly that plan is carried out.", []command{
			{line: "kith apply HASH", exit: rejects, show: []pick{one("import"), one("  read")}},
		}},
		{"What did not get in: the cause, what to do, and the lines.", []command{
			{line: "kith rejects 1", show: []pick{{"     ", 2, true}, first(2, "  !"), one("correct")}},
		}},
		{"A week later the file comes again: some rows corrected, 12 people changed, 3 new.", []command{
			{line: "kith import attendees-week2.csv --match email,phone", exit: rejects, show: []pick{
				one("  + create"), {"  ~", 4, true}, one("import-attendees-week2  run"), one("  read")}},
		}},
		{"Why does this contact look as it does? Every value has its origin.", []command{
			{line: "kith explain ada.king@example.com", show: []pick{
				one("contact"), {"  company", 1, true}, one("  phone"), one("  language"), first(2, "  run"), one("      company")}},
		}},
		{"Week two was a mistake: take it back. What others changed since would stay.", []command{
			{line: "kith undo 2", show: []pick{one("import"), one("  read")}},
			{line: "kith explain ada.king@example.com", show: []pick{one("  company")}},
		}},
		{"An export breaks off after two thirds, and who is missing in it is to be deleted.", []command{
			{line: "cp attendees-broken-off.csv attendees.csv"},
			{line: "kith import attendees.csv --match email,phone --delete-missing", exit: approval, show: []pick{
				one("  + create"), one("  -"), one("  STOP"), one("  approve")}},
		}},
	}
}

func one(begins string) pick { return first(1, begins) }

func first(most int, begins string) pick { return pick{begins: begins, most: most} }
