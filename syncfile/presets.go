package syncfile

import (
	"fmt"

	"github.com/kith-sync/kith/plan"
)

// A Preset gives a sync the manners of one of the five systems that Kith takes
// the place of.
type Preset struct {
	Name    string
	Title   string
	Summary string
	Sync    plan.Sync // what it sets; everything else is open
	Rules   []PresetRule
	// Linked is what it sets besides where one end is a connection: the fields' names
	// at the systems of its article. It is asked for with the ends that the file names.
	Linked func(source, target plan.Endpoint) plan.Sync
}

// A PresetRule is one thing that the system's own article says, and the
// requirements that number it. Rules of capabilities still to come say so.
type PresetRule struct{ Rule, Requirement string }

// Presets lists every preset, in the order screens show them.
func Presets() []Preset {
	return []Preset{narware(), kvcore(), eventgeek(), syncapps(), contactManager()}
}

func presetNames() []string {
	return []string{"narware", "kvcore", "eventgeek", "syncapps", "contact-manager"}
}

func find(name string) (Preset, error) {
	for _, p := range Presets() {
		if p.Name == name {
			return p, nil
		}
	}
	hint := "Write one of narware, kvcore, eventgeek, syncapps, contact-manager."
	if near := nearest(name, presetNames()); near != "" {
		hint = "Did you mean " + near + "?"
	}
	return Preset{}, &Error{Key: "preset", Message: fmt.Sprintf("%q is not a preset", name), Hint: hint}
}

// Settings writes what a preset sets, as it would stand in a sync file.
func Settings(p Preset) []byte {
	t := tree(p.Sync)
	delete(t, "name")
	return write(difference(t, nil, syncKeys()))
}
