//go:build unix

package workspace

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// lockFolder takes the folder's lock, which the system gives free when the
// process ends, however it ends.
func lockFolder(folder string) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(folder, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		file.Close()
		return nil, fmt.Errorf("%w: %s", ErrLocked, folder)
	}
	return file, nil
}
