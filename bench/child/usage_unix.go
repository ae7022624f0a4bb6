//go:build unix

package child

import (
	"os"
	"runtime"
	"syscall"
)

func usage(p *os.ProcessState) Usage {
	u := Usage{CPU: p.UserTime() + p.SystemTime()}
	if r, ok := p.SysUsage().(*syscall.Rusage); ok {
		u.RSS, u.Written = peak(r), int64(r.Oublock)*512
	}
	return u
}

// peak is in bytes on Darwin and in kilobytes elsewhere (getrusage(2)).
func peak(r *syscall.Rusage) int64 {
	if runtime.GOOS == "darwin" {
		return int64(r.Maxrss)
	}
	return int64(r.Maxrss) << 10
}
