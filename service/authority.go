package service

import (
	"errors"
	"path/filepath"
	"strings"

	"github.com/kith-sync/kith/desk"
)

// The certificate of an authority is a file of the server. Over the network only
// files can be named that lie below the folders which whoever runs Kith has opened
// (the lines of roots in the data folder): else whoever may write a connection could
// have any file of the machine read. What the command line has set stays.
func (s *Service) mayTrust(old, now map[string]string) error {
	if path := strings.TrimSpace(now["ca"]); path != old["ca"] {
		if err := s.trustable(path); err != nil {
			return FieldErrors{{"ca", desk.CodeUsage, err.Error()}}
		}
	}
	return nil
}

var errAuthority = errors.New("A certificate that is named here lies in a folder that whoever runs Kith has opened (roots in the data folder). Elsewhere it can be set by the command line:  kith connections add NAME --set ca=FILE") //nolint:revive,staticcheck // a sentence for people

func (s *Service) trustable(path string) error {
	if path == "" {
		return nil
	}
	folders, err := s.Workspace.Folders()
	if err != nil {
		return err
	}
	path, err = filepath.Abs(path)
	if err != nil {
		return err
	}
	for _, folder := range folders {
		if below, err := filepath.Rel(folder, path); err == nil && filepath.IsLocal(below) {
			return nil
		}
	}
	return errAuthority
}
