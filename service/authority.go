package service

import (
	"errors"
	"strings"

	"github.com/kith-sync/kith/desk"
)

// The certificate of an authority is a file of the machine: whoever may write a
// connection or a channel over the network could have any file read by it, or one
// without an end. What the command line has set stays.
func (s *Service) mayTrust(old, now map[string]string) error {
	if path := strings.TrimSpace(now[fileOfMachine]); path != old[fileOfMachine] && trustable(path) != nil {
		return FieldErrors{{fileOfMachine, desk.CodeUsage, onlyHere}}
	}
	return nil
}

func trustable(path string) error {
	if path == "" {
		return nil
	}
	return errors.New(onlyHere)
}
