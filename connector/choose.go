package connector

import "context"

// A Catalog is a remote's system that has lists of things people choose from by name:
// campaigns to connect an event with (E21), accounts that a company is (E17).
type Catalog interface {
	// Choices returns records of an object whose name has a text in it, by name, at
	// most fifty; all where the text is empty.
	Choices(ctx context.Context, object, text string) ([]Choice, error)
}

// A Choice is one thing that people choose by its name: a record, an object.
type Choice struct {
	ID     string
	Name   string
	Detail string // what tells it from others of that name: a city, a status; may be empty
}

// A ChoiceError is what opening a connection comes to where a system has several
// objects and none of them was named: it answers, and says what it has.
type ChoiceError interface {
	error
	Options() []Choice
}

// A Preparer's system can be given a field for our keys, so that no create is ever
// doubled there (reliability I3). That changes the system: it is done when somebody
// has asked for it.
type Preparer interface {
	EnsureExternalID(ctx context.Context) error
}
