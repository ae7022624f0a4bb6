// Command generate writes the page of error codes. It is run by go generate.
package main

import (
	"fmt"
	"os"

	"github.com/kith-sync/kith/catalogue"
)

func main() {
	if err := os.WriteFile(os.Args[1], []byte(catalogue.Page()), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
