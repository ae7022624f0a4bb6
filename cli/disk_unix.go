//go:build linux || darwin || freebsd

package cli

import "golang.org/x/sys/unix"

// freeSpace is how much may still be written to the file system of a folder.
func freeSpace(folder string) (bytes uint64, known bool) {
	var s unix.Statfs_t
	if unix.Statfs(folder, &s) != nil {
		return 0, false
	}
	return uint64(s.Bavail) * uint64(s.Bsize), true
}
