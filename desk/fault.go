// Package desk is what people can do with an installation, once for the command
// line, the pages and the API: find and edit contacts, say what a run did, keep
// and check syncs. It opens nothing and shows nothing: it is given a workspace and
// returns reports, whose shapes are a contract with programs (see docs/cli.md).
package desk

import (
	"fmt"

	"github.com/kith-sync/kith/run"
)

// CodeUsage is the code of a request that was put wrong: nothing was tried.
const CodeUsage = "usage"

// refuse says why something is not done, what is safe and what to do next.
func refuse(code, format string, args ...any) error {
	return &run.Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// usage refuses what was asked for in words that mean nothing.
func usage(format string, args ...any) error { return refuse(CodeUsage, format, args...) }
