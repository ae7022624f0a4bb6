package pgtest

import (
	"errors"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

var errMissing = errors.New("found no folder with both initdb and postgres; on Debian: apt-get install postgresql")

// binaries returns the folder with the server's programs. Debian keeps them off
// the PATH, one folder per version.
func binaries() (string, error) {
	var folders []string
	if initdb, err := exec.LookPath("initdb"); err == nil {
		folders = append(folders, filepath.Dir(initdb))
	}
	debian, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.Reverse(debian) // the newest first
	folders = append(folders, debian...)
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		folders = append(folders, strings.TrimSpace(string(out)))
	}
	return firstComplete(folders)
}

func firstComplete(folders []string) (string, error) {
	for _, folder := range folders {
		if executable(folder, "initdb") && executable(folder, "postgres") {
			return folder, nil
		}
	}
	return "", errMissing
}

func executable(folder, name string) bool {
	_, err := exec.LookPath(filepath.Join(folder, name))
	return err == nil
}
