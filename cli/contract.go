package cli

// The shapes in this file are a contract with the programs that call kith: keys
// are added, never renamed or given another meaning without a new
// FormatVersion. docs/cli.md shows each.

// A PresetReport is one preset with its rules.
type PresetReport struct {
	Name    string             `json:"name"`
	Title   string             `json:"title"`
	Summary string             `json:"summary"`
	Rules   []PresetRuleReport `json:"rules,omitempty"`
}

// A PresetRuleReport is one rule of a preset and the requirement it comes from.
type PresetRuleReport struct {
	Rule        string `json:"rule"`
	Requirement string `json:"requirement"`
}

// A CheckReport is one thing that doctor looked at.
type CheckReport struct {
	Check  string `json:"check"`
	OK     bool   `json:"ok"`
	Result string `json:"result"`
}

// A BackupReport is what backup wrote, or restore brought back.
type BackupReport struct {
	File     string `json:"file"`
	Bytes    int64  `json:"bytes"`
	Data     string `json:"data"`                // the data folder
	SetAside string `json:"set_aside,omitempty"` // by restore: where the data are that were there
}

// A SelftestReport is what came of selftest.
type SelftestReport struct {
	Seeds      int              `json:"seeds"`
	Violations int              `json:"violations"`
	Crashes    int              `json:"crashes"`
	Faults     int              `json:"faults"`
	Failed     []SelftestFailed `json:"failed"`
}

// A SelftestFailed is a world in which something broke: the seed repeats it.
type SelftestFailed struct {
	Seed       uint64   `json:"seed"`
	Violations []string `json:"violations"`
}

// A VersionReport names the program.
type VersionReport struct {
	Version string `json:"version"`
	Go      string `json:"go"`
	System  string `json:"system"`
}
