//go:build !unix

package child

import "os"

// Without rusage there is processor time only; memory and bytes written stay 0.
func usage(p *os.ProcessState) Usage { return Usage{CPU: p.UserTime() + p.SystemTime()} }
