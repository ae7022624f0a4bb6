package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/run"
)

// planHash is what a plan is named by: the argument itself, or what the file of
// that name says.
func planHash(arg string) (string, error) {
	if desk.IsHash(arg) {
		return strings.ToLower(arg), nil
	}
	path, err := existing(arg)
	if err != nil {
		return "", refuse(run.CodePlanUnknown, "%q is neither the file of a plan nor a plan's hash. Make one with kith plan --out plan.json", arg)
	}
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	var head struct {
		Version int
		Plan    string
	}
	if err := readHead(file, &head.Version, &head.Plan); err != nil || head.Plan == "" {
		return "", refuse(run.CodePlanUnknown, "%s is not a plan. Make one with kith plan --out plan.json", arg)
	}
	if head.Version != desk.FormatVersion {
		return "", refuse(run.CodePlanUnknown, "%s is a plan of format %d; this program reads format %d. Make a new plan", arg, head.Version, desk.FormatVersion)
	}
	return head.Plan, nil
}

// readHead reads the beginning of a plan's JSON: its changes may be many.
func readHead(r io.Reader, version *int, hash *string) error {
	d := json.NewDecoder(r)
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return fmt.Errorf("not a JSON object")
	}
	for d.More() && (*version == 0 || *hash == "") {
		key, err := d.Token()
		if err != nil {
			return err
		}
		var into any = new(json.RawMessage)
		switch key {
		case "format_version":
			into = version
		case "plan":
			into = hash
		}
		if err := d.Decode(into); err != nil {
			return err
		}
	}
	return nil
}
