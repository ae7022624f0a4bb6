package demo

import (
	"context"
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// The syncs are those of docs/recipes; a test holds them together.
//
//go:embed joined
var joined embed.FS

// A System is one that the demo is joined to while it is served.
type System struct {
	Name       string // of its sandbox
	Connection string // the recipes' name for it
}

// Systems are those that the recipes need.
func Systems() []System { return []System{{"salesforce", "crm"}, {"mailchimp", "list"}} }

// Join plays the beginning of both recipes, without a word: an event whose people
// are in the CRM, and a CRM whose people are in a book. What each recipe does last,
// the members of the campaign and the mailing list, is left to whoever tries it.
// The connections have to be there.
func Join(ctx context.Context, s Stage) error {
	entries, err := joined.ReadDir("joined")
	if err != nil {
		return err
	}
	for _, e := range entries {
		text, err := joined.ReadFile("joined/" + e.Name())
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(s.Folder, e.Name()), text, 0o600); err != nil {
			return fmt.Errorf("demo files: %w", err)
		}
	}
	run := "" // of the latest command that was one
	for _, c := range joining() {
		for i, word := range c.words {
			switch {
			case word == "RUN":
				c.words[i] = run
			case filepath.Ext(word) == ".csv", filepath.Ext(word) == ".yaml":
				c.words[i] = filepath.Join(s.Folder, word)
			}
		}
		printed, err := s.carryOut(ctx, c.words, c.exit)
		if err != nil {
			return err
		}
		if m := runNumber.FindStringSubmatch(printed); m != nil {
			run = m[1]
		}
	}
	return nil
}

var runNumber = regexp.MustCompile(`(?m)^\S+  run (\d+) `)

// A joint is a command of a recipe and how it ends.
type joint struct {
	exit  int
	words []string
}

// joining are the commands of the recipes, up to what is left to try. The campaign is
// one that the sandbox has.
func joining() []joint {
	return []joint{
		{rejects, []string{"import", "guests.csv", "--book", "people", "--match", "email", "--region", "GB", "--yes"}},
		{0, []string{"events", "add", "Spring Fair", "--starts", "2027-01-15", "--place", "Leeds", "--book", "people"}},
		{0, []string{"events", "attend", "Spring Fair", "--run", "RUN", "--status", "Sent", "--book", "people"}},
		{0, []string{"events", "connect", "Spring Fair", "crm", "Spring Fair", "--book", "people"}},
		{0, []string{"syncs", "create", "people-to-salesforce.yaml"}},
		{0, []string{"run", "people-to-salesforce"}},
		{0, []string{"syncs", "create", "members.yaml"}},
		{0, []string{"leads", "add", "email=ida.thistle@umberfield.example", "first_name=Ida", "last_name=Thistle", "sync_as=Lead",
			"company=Umberfield Glass", "--event", "Spring Fair", "--note", "wants a demo", "--book", "people"}},
		{0, []string{"syncs", "create", "crm-to-main.yaml"}},
		{0, []string{"run", "crm-to-main"}},
		{0, []string{"syncs", "create", "main-to-list.yaml"}},
	}
}

// Do carries one command out without a word, as Join does.
func (s Stage) Do(ctx context.Context, words ...string) error {
	_, err := s.carryOut(ctx, words, 0)
	return err
}
