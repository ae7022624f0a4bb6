//go:build !unix

package workspace

import (
	"fmt"
	"os"
	"path/filepath"
)

// lockFolder takes the folder's lock. Windows refuses to remove a file that a
// living process has open; one left by a dead process can be removed.
func lockFolder(folder string) (*os.File, error) {
	path := filepath.Join(folder, "lock")
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return nil, fmt.Errorf("%w: %s", ErrLocked, folder)
	}
	return os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
}
