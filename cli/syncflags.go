package cli

import (
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/syncfile"
)

// syncFlags are the keys of a sync file as flags of import.
type syncFlags struct {
	book, preset, update, key, region      string
	delimiter, encoding, filter, scope     string
	sheet                                  string
	onSeveral, duplicates, guard, language string
	maps, match, required                  []string
	deleteMissing, noHeader, noCreate      bool
	strictLineBreaks, everyTime            bool
	preamble                               int
}

func (f *syncFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.book, "book", "contacts", "address book to import into; it is made when it is new")
	flags.StringVar(&f.preset, "preset", "", "manners of another system: kith presets list")
	flags.StringArrayVar(&f.maps, "map", nil, `"Column=field", again for each; "Column=" leaves one out`)
	flags.StringSliceVar(&f.match, "match", nil, "how people are recognised, in order: key, email, phone")
	flags.StringVar(&f.update, "update", "", "always, if_new_not_blank (default), if_existing_blank (Do not overwrite existing information), never (Add a Contact only)")
	flags.BoolVar(&f.noCreate, "no-create", false, "only update contacts that are there (Update Contacts)")
	flags.StringVar(&f.key, "key", "", "field that is the unique identifier, or generated (Generate unique key automatically)")
	flags.StringVar(&f.region, "region", "", "country of telephone numbers without one, such as GB")
	flags.StringVar(&f.language, "language", "", "language of records that name none")
	flags.BoolVar(&f.deleteMissing, "delete-missing", false, "Delete contacts not found in the synchronization file (to the trash)")
	flags.StringVar(&f.scope, "scope", "", "what --delete-missing may remove: brought_by_this_sync (default), whole_book")
	flags.StringVar(&f.guard, "guard", "", "stop this import when more than this share would be deleted (default 10%; none)")
	flags.StringVar(&f.delimiter, "delimiter", "", "comma, tab, semicolon, pipe, space or any other text (default: recognised)")
	flags.StringVar(&f.sheet, "sheet", "", "which sheet of a workbook (default: the first)")
	flags.StringVar(&f.encoding, "encoding", "", "such as windows-1252 (default: recognised)")
	flags.BoolVar(&f.noHeader, "no-header", false, "the first line is a record (Consider First Line as Header off)")
	flags.IntVar(&f.preamble, "preamble", 0, "lines before the header to leave out")
	flags.BoolVar(&f.strictLineBreaks, "strict-line-breaks", false, "reject records with a line break inside a field")
	flags.BoolVar(&f.everyTime, "every-time", false, "Import file every time, regardless of its state")
	flags.StringVar(&f.filter, "filter", "", `only records for which this holds, such as 'country == "GB"'`)
	flags.StringSliceVar(&f.required, "required", nil, "fields without which a record is held")
	flags.StringVar(&f.onSeveral, "on-several", "", "when several contacts match: review (default), first, most_recent, reject")
	flags.StringVar(&f.duplicates, "duplicates", "", "which of equal records counts: first (default), last, reject")
}

// sync returns the definition that the flags describe, preset and defaults
// filled in, and the guard of this one import: what is typed once counts once.
func (f *syncFlags) sync(cmd *cobra.Command, name, path string) (plan.Sync, plan.Guard, error) {
	none := plan.Guard{}
	said := f.said(cmd, name, path)
	if f.scope != "" && !f.deleteMissing {
		return plan.Sync{}, none, usage("--scope says what --delete-missing may remove; it means nothing without it")
	}
	if f.book != desk.Cell(f.book) {
		return plan.Sync{}, none, usage("%q is not a name for a book", f.book)
	}
	if len(f.region) == 2 { // anything else is no country's letters at all: Validate says so
		if err := desk.CheckRegion(strings.ToUpper(f.region)); err != nil {
			return plan.Sync{}, none, err
		}
	}
	limit, err := plan.ParseLimit(f.guard)
	if err != nil {
		return plan.Sync{}, none, usage("--guard: %v", err)
	}
	def, err := syncfile.Apply(f.preset, said)
	if err != nil {
		return def, none, err
	}
	guard := def.Guard
	if f.guard != "" {
		guard.Deletes, guard.Explicit = limit, true
		if guard.Changes.Set() {
			guard.Changes = limit // the Contact Manager's reading of the same limit
		}
	}
	if found := syncfile.Validate(def); len(found) > 0 {
		return def, none, invalidSync(found)
	}
	return def, guard, nil
}

func (f *syncFlags) said(cmd *cobra.Command, name, path string) plan.Sync {
	s := plan.Sync{Name: name, Filter: f.filter, Required: f.required, Region: strings.ToUpper(f.region), Language: f.language,
		OnSeveral: plan.OnSeveral(f.onSeveral), Duplicates: plan.Duplicates(f.duplicates)}
	s.Source = plan.Endpoint{File: path, EveryTime: f.everyTime,
		CSV: plan.CSV{Delimiter: f.delimiter, Encoding: f.encoding, Sheet: f.sheet, StrictLineBreaks: f.strictLineBreaks}}
	if f.noHeader {
		s.Source.CSV.Header = new(false)
	}
	if cmd.Flags().Changed("preamble") {
		s.Source.CSV.Preamble = &f.preamble
	}
	s.Target = plan.Endpoint{Book: f.book, Key: f.key}
	for _, rule := range f.match {
		s.Match = append(s.Match, plan.Rule(strings.TrimSpace(rule)))
	}
	s.Policy.Update = plan.Write(f.update)
	if f.noCreate {
		s.Policy.Create = new(false)
	}
	if f.deleteMissing {
		s.Policy.Delete = plan.Delete{NotFound: plan.Trash, Scope: plan.Scope(f.scope)}
	}
	return s
}

// importName is what the sync of an imported file is called.
func importName(path string) string {
	name := filepath.Base(path)
	return "import-" + strings.TrimSpace(desk.Cell(strings.TrimSuffix(name, filepath.Ext(name))))
}
