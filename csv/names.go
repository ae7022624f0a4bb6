package csv

import "fmt"

// UniqueNames gives blank and repeated header names a name of their own: a
// column without a name cannot be mapped, and of twins only one could be. The
// names that the file itself gives stay with the first column that has them.
func UniqueNames(names []string) []string {
	taken := map[string]bool{}
	for _, n := range names {
		taken[n] = true
	}
	out := make([]string, len(names))
	given := map[string]bool{}
	for i, n := range names {
		if n != "" && !given[n] {
			out[i], given[n] = n, true
			continue
		}
		if n == "" {
			n = fmt.Sprintf("column_%d", i+1)
		}
		out[i] = free(n, taken)
		taken[out[i]] = true
	}
	return out
}

// free returns n, or n with the first number that makes it free.
func free(n string, taken map[string]bool) string {
	name := n
	for k := 2; taken[name]; k++ {
		name = fmt.Sprintf("%s (%d)", n, k)
	}
	return name
}
