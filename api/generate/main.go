// Command generate writes docs/openapi.yaml: the description of the API, made from
// the code.
package main

import (
	"fmt"
	"os"

	"github.com/kith-sync/kith/api"
)

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(path string) error {
	text, err := api.Description()
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}
