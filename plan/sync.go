// Package plan decides what a synchronization should do. It reads nothing,
// writes nothing and never looks at the clock, so every rule in it can be
// stated as a table of inputs and answers.
package plan

import (
	"encoding/json"
	"slices"

	"github.com/kith-sync/kith/contact"
)

// A Sync is one configured flow from one object of one system to one object of
// another (K14). It is what a sync file says, with every default filled in.
// A zero value of an enumerated key is invalid: Defaults fills it.
type Sync struct {
	Name       string     `json:"name" yaml:"name"`
	Preset     string     `json:"preset,omitempty" yaml:"preset,omitempty"`
	Source     Endpoint   `json:"source" yaml:"source"`
	Target     Endpoint   `json:"target" yaml:"target"`
	Direction  string     `json:"direction,omitempty" yaml:"direction,omitempty"`
	Match      []Rule     `json:"match,omitempty" yaml:"match,omitempty"`
	Secondary  bool       `json:"secondary,omitempty" yaml:"secondary,omitempty"`
	PhoneMatch PhoneMatch `json:"phone_match,omitempty" yaml:"phone_match,omitempty"`
	OnSeveral  OnSeveral  `json:"on_several,omitempty" yaml:"on_several,omitempty"`
	Prefer     string     `json:"prefer,omitempty" yaml:"prefer,omitempty"` // field of the book; see the sync file's key
	OutOfScope OutOfScope `json:"out_of_scope,omitempty" yaml:"out_of_scope,omitempty"`
	Filter     string     `json:"filter,omitempty" yaml:"filter,omitempty"`
	Scope      string     `json:"target_scope,omitempty" yaml:"target_scope,omitempty"`
	Policy     Policy     `json:"policy,omitzero" yaml:"policy,omitempty"`
	Guard      Guard      `json:"guard,omitzero" yaml:"guard,omitempty"`
	Required   []string   `json:"required,omitempty" yaml:"required,omitempty"`
	Gate       string     `json:"gate,omitempty" yaml:"gate,omitempty"`
	GateBack   string     `json:"gate_back,omitempty" yaml:"gate_back,omitempty"` // of a two-way sync: who may be created in its source
	Duplicates Duplicates `json:"duplicates,omitempty" yaml:"duplicates,omitempty"`
	Region     string     `json:"region,omitempty" yaml:"region,omitempty"`
	Language   string     `json:"language,omitempty" yaml:"language,omitempty"`
	Map        []Mapping  `json:"map,omitempty" yaml:"map,omitempty"`
}

// An Endpoint names one side of a sync: a file or an address book.
type Endpoint struct {
	File       string `json:"file,omitempty" yaml:"file,omitempty"`
	Connection string `json:"connection,omitempty" yaml:"connection,omitempty"` // an account at another system
	Object     string `json:"object,omitempty" yaml:"object,omitempty"`         // of the connection: Contact, an address book; of a book: CampaignMembers, Meetings
	Path       string `json:"path,omitempty" yaml:"path,omitempty"`             // a file of the connection, or a pattern (C20, C21)
	Which      string `json:"which,omitempty" yaml:"which,omitempty"`           // of the files that match a pattern (C22): WhichNewest, WhichAll
	After      After  `json:"after,omitempty" yaml:"after,omitempty"`           // what becomes of a file that was applied
	NoFile     string `json:"no_file,omitempty" yaml:"no_file,omitempty"`       // what no file means: NoFileWarn, NoFileOK, NoFileError
	Book       string `json:"book,omitempty" yaml:"book,omitempty"`
	CSV        CSV    `json:"csv,omitzero" yaml:"csv,omitempty"`
	EveryTime  bool   `json:"every_time,omitempty" yaml:"every_time,omitempty"` // C17
	Key        string `json:"key,omitempty" yaml:"key,omitempty"`               // unique identifier (C28); "generated" is C29
}

// What a book has besides its contacts, as the object of a source: who of them belongs
// in which campaign of the target (E5), and whom they meet (E1).
const (
	CampaignMembers = "campaign_members"
	Meetings        = "meetings"
)

// KeyGenerated as an endpoint's key asks for random 9-digit codes (C29).
const KeyGenerated = "generated"

// CSV says how a delimited file is written. Empty values are sniffed.
type CSV struct {
	Delimiter        string `json:"delimiter,omitempty" yaml:"delimiter,omitempty"` // "auto" or empty: sniffed (C13)
	Quote            string `json:"quote,omitempty" yaml:"quote,omitempty"`
	Header           *bool  `json:"header,omitempty" yaml:"header,omitempty"` // C12
	Preamble         *int   `json:"preamble,omitempty" yaml:"preamble,omitempty"`
	Encoding         string `json:"encoding,omitempty" yaml:"encoding,omitempty"`
	StrictLineBreaks bool   `json:"strict_line_breaks,omitempty" yaml:"strict_line_breaks,omitempty"` // C4 literally
	Sheet            string `json:"sheet,omitempty" yaml:"sheet,omitempty"`                           // of a spreadsheet; empty: the first
}

// Policy says what may be done to the target (K7-K9, C14, C15).
type Policy struct {
	Create     *bool  `json:"create,omitempty" yaml:"create,omitempty"`
	Update     Write  `json:"update,omitempty" yaml:"update,omitempty"`
	Back       Write  `json:"back,omitempty" yaml:"back,omitempty"`               // of a two-way sync: what may be done to its source
	CreateBack *bool  `json:"create_back,omitempty" yaml:"create_back,omitempty"` // of a two-way sync: whether the source gets who is new in the target; nil: as Create
	Delete     Delete `json:"delete,omitzero" yaml:"delete,omitempty"`
	WholeBook  string `json:"whole_book,omitempty" yaml:"whole_book,omitempty"` // "accepted": settled question 1
}

// Creates reports whether unmatched records may be created (K7).
func (p Policy) Creates() bool { return p.Create == nil || *p.Create }

// Delete says what happens to contacts that the source no longer has (C14).
type Delete struct {
	NotFound NotFound `json:"not_found,omitempty" yaml:"not_found,omitempty"`
	Scope    Scope    `json:"scope,omitempty" yaml:"scope,omitempty"`
	Back     NotFound `json:"back,omitempty" yaml:"back,omitempty"` // of a two-way sync: what the source does with what is gone from the target
	Mark     string   `json:"mark,omitempty" yaml:"mark,omitempty"` // field that a mark stands in; empty: DefaultMark
}

// A Mapping fills one field of the target (C27). Exactly one of From, Value and
// Expr says where the value comes from.
type Mapping struct {
	From      string            `json:"from,omitempty" yaml:"from,omitempty"`
	Value     *string           `json:"value,omitempty" yaml:"value,omitempty"`
	Expr      string            `json:"expr,omitempty" yaml:"expr,omitempty"`
	To        string            `json:"to" yaml:"to"`
	As        string            `json:"as,omitempty" yaml:"as,omitempty"` // kind, or phone(GB)
	Write     Write             `json:"write,omitempty" yaml:"write,omitempty"`
	Direction string            `json:"direction,omitempty" yaml:"direction,omitempty"`
	Winner    Winner            `json:"winner,omitempty" yaml:"winner,omitempty"`
	Default   string            `json:"default,omitempty" yaml:"default,omitempty"`
	Values    map[string]string `json:"values,omitempty" yaml:"values,omitempty"`
	MayClear  bool              `json:"may_clear,omitempty" yaml:"may_clear,omitempty"` // settled question 7
	Owner     bool              `json:"owner,omitempty" yaml:"owner,omitempty"`         // settled question 24
	Optional  bool              `json:"optional,omitempty" yaml:"optional,omitempty"`   // left out where a side has no such field (E7)
}

// The words of a sync file. Each type's first constant is its default.
type (
	// Rule is one way to recognise a person in the target (requirements 3.2).
	Rule string
	// Write is a write policy: what a value may do to a field (requirements 3.4).
	Write string
	// PhoneMatch says when a shared telephone means the same person (settled question 8).
	PhoneMatch string
	// OnSeveral says what to do when a rule finds several contacts (requirements 3.2).
	OnSeveral string
	// OutOfScope says what to do when the only match is outside the target scope (K15).
	OutOfScope string
	// NotFound says what happens to a contact the source no longer has (requirements 3.11).
	NotFound string
	// Scope says which contacts a sync may remove (settled question 1).
	Scope string
	// Duplicates says which of several equal source records counts (settled question 6).
	Duplicates string
)

// Values of the types above.
const (
	ByLink  Rule = "link"
	ByKey   Rule = "key"
	ByEmail Rule = "email"
	ByPhone Rule = "phone"

	WriteIfNewNotBlank   Write = "if_new_not_blank"
	WriteAlways          Write = "always"
	WriteIfExistingBlank Write = "if_existing_blank"
	WriteNever           Write = "never"

	NamesAgree PhoneMatch = "names_agree"
	PhoneAlone PhoneMatch = "phone_alone"

	SeveralReview     OnSeveral = "review"
	SeveralFirst      OnSeveral = "first"
	SeveralMostRecent OnSeveral = "most_recent"
	SeveralReject     OnSeveral = "reject"

	OutOfScopeSkip     OutOfScope = "skip"
	OutOfScopeContinue OutOfScope = "continue"
	OutOfScopeReview   OutOfScope = "review"

	Keep       NotFound = "keep"
	Mark       NotFound = "mark"
	Unlink     NotFound = "unlink"
	Trash      NotFound = "trash"
	DeleteGone NotFound = "delete"

	BroughtByThisSync Scope = "brought_by_this_sync"
	WholeBook         Scope = "whole_book"

	FirstWins        Duplicates = "first"
	LastWins         Duplicates = "last"
	RejectDuplicates Duplicates = "reject"
)

// Defaults returns s with every unset key at its default (the key table of the
// YAML reference). A book or file is updated with if_new_not_blank (settled
// question 3). Match stays empty: its default depends on the target (MatchFor).
func (s Sync) Defaults() Sync {
	fill(&s.Direction, OneWay)
	fill(&s.PhoneMatch, NamesAgree)
	fill(&s.OnSeveral, SeveralReview)
	fill(&s.OutOfScope, OutOfScopeSkip)
	fill(&s.Duplicates, FirstWins)
	if s.Target.Connection == "" { // else see Towards
		fill(&s.Policy.Update, WriteIfNewNotBlank)
	}
	fill(&s.Policy.Delete.NotFound, Keep)
	fill(&s.Policy.Delete.Scope, BroughtByThisSync)
	if s.Guard == (Guard{}) {
		s.Guard.Deletes = Percent(10)
	}
	return s
}

// Towards completes a linked sync's write policies where it says nothing: what comes
// into the address book is written where the record knows something, and so is what
// goes to another system, unless people look after its records there. Towards such a
// CRM only what is blank is filled (settled question 3).
func (s Sync) Towards(lookedAfter bool) Sync {
	in, out := &s.Policy.Update, &s.Policy.Back
	if s.Target.Connection != "" {
		in, out = out, in
	}
	fill(in, WriteIfNewNotBlank)
	if lookedAfter {
		fill(out, WriteIfExistingBlank)
	}
	fill(out, WriteIfNewNotBlank)
	return s
}

// Linked reports whether the sync keeps links: one of its ends is a connection,
// whose records have ids of their own.
func (s Sync) Linked() bool {
	return s.Source.Connection != "" && s.Source.Path == "" && s.Source.Book == "" || s.Target.Connection != ""
}

// TellsByName reports whether names may tell apart who shares a telephone (settled
// question 8).
func (s Sync) TellsByName() bool {
	return s.PhoneMatch != PhoneAlone && (len(s.Match) == 0 || slices.Contains(s.Match, ByPhone))
}

// MatchFor returns the match rules for a target: the sync's own, else its unique
// identifier if it has one, else the e-mail (settled question 13), else the
// telephone of people who come without any e-mail.
func (s Sync) MatchFor(target contact.Schema) []Rule {
	mapped := func(k contact.Kind) bool {
		return slices.ContainsFunc(s.Map, func(m Mapping) bool {
			f, ok := target.Field(m.To)
			return ok && f.Kind == k
		})
	}
	switch {
	case len(s.Match) > 0:
		return s.Match
	case target.Key != "" && s.Target.Key != KeyGenerated && slices.ContainsFunc(s.Map, func(m Mapping) bool { return m.To == target.Key }):
		return []Rule{ByKey}
	case !mapped(contact.Email) && mapped(contact.Phone):
		return []Rule{ByPhone}
	}
	return []Rule{ByEmail}
}

// PhoneRegion is the region that the sync's local telephone numbers belong to:
// its own, else that of the first field mapped "as: phone(GB)".
func (s Sync) PhoneRegion() string {
	if s.Region != "" {
		return s.Region
	}
	for _, m := range s.Map {
		if kind, region, err := parseAs(m.As); err == nil && kind == contact.Phone && region != "" {
			return region
		}
	}
	return ""
}

func fill[T ~string](p *T, value T) {
	if *p == "" {
		*p = value
	}
}

// Canonical returns the definition as stable JSON: equal definitions give equal
// bytes. Names and labels are left out of nothing: it is the whole sync.
func (s Sync) Canonical() []byte {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // plain strings, bools and numbers always marshal
	}
	return b
}
