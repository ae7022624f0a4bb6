// Command mutants plants protocol bugs into copies of the engine, one at a time,
// and reports which seed of the simulator finds each first. A bug that the seeds
// do not find is left to the tests of packages link and plan; one that survives
// those too means that the simulator lacks something.
//
//	go run ./simulate/mutants [-seeds 2000] [-only text] [-keep simulate/testdata/regressions]
package main

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

func main() {
	seeds := flag.Int("seeds", 2000, "how many seeds may look for each")
	keep := flag.String("keep", "", "folder for the shortest scenario that kills each")
	only := flag.String("only", "", "only mutants whose name has this text")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	killed, err := hunt(ctx, *seeds, *only, *keep)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if !killed {
		os.Exit(1)
	}
}

// packages are those the simulator needs.
var packages = []string{"go.mod", "go.sum", "catalogue", "connector", "contact", "csv", "egress", "internal", "link", "notify", "plan", "run", "schedule", "secret",
	"simulate", "spill", "store", "suggest", "syncfile", "vcard", "files", "sheet"}

func hunt(ctx context.Context, seeds int, only, keep string) (all bool, err error) {
	folder, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(folder)
	for _, name := range packages {
		if err := copyTree(name, filepath.Join(folder, name)); err != nil {
			return false, err
		}
	}
	n, dead := 0, 0
	var first []int
	for _, m := range mutants {
		if !strings.Contains(m.name, only) {
			continue
		}
		n++
		by, seed, err := try(ctx, folder, m, seeds, keep)
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		if err != nil {
			by, seed = "SURVIVES", -1
			fmt.Println(err)
		}
		fmt.Printf("%-10s %s\n", by, m.name)
		if by != "SURVIVES" {
			dead++
		}
		if seed >= 0 {
			first = append(first, seed)
		}
	}
	slices.Sort(first)
	median := -1
	if len(first) > 0 {
		median = first[len(first)/2]
	}
	fmt.Printf("%d of %d mutants killed, %d of them by a seed; the median of the first seeds is %d\n", dead, n, len(first), median)
	return dead == n, nil
}

// try plants a bug, has it looked for, and takes it out again.
func try(ctx context.Context, folder string, m mutant, seeds int, keep string) (by string, seed int, err error) {
	path := filepath.Join(folder, m.file)
	text, err := os.ReadFile(path)
	if err != nil {
		return "", -1, err
	}
	if n := strings.Count(string(text), m.old); n != 1 {
		return "", -1, fmt.Errorf("%s has the text to replace %d times, not once: the engine has changed, the mutant must follow", m.file, n)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(text), m.old, m.new, 1)), 0o600); err != nil {
		return "", -1, err
	}
	defer func() { err = restore(path, text, err) }()
	if out, failed := test(ctx, folder, "./simulate", "-run", "TestSeeds", "KITH_FIRST=1", "KITH_SEEDS="+strconv.Itoa(seeds)); failed {
		if found := firstSeed.FindStringSubmatch(out); found != nil {
			seed, _ = strconv.Atoi(found[1]) // digits only
			if keep != "" {
				shrink(ctx, folder, found[1], filepath.Join(keep, slug(m.name)+".json"))
			}
			return "seed " + found[1], seed, nil
		}
		return "", -1, fmt.Errorf("the simulator did not run:\n%s", out)
	}
	if _, failed := test(ctx, folder, "./link", "./plan"); failed {
		return "tests", -1, nil
	}
	return "SURVIVES", -1, ctx.Err()
}

// shrink keeps the shortest scenario that kills the mutant which is planted now.
func shrink(ctx context.Context, folder, seed, path string) {
	path, err := filepath.Abs(path)
	if err == nil {
		test(ctx, folder, "./simulate", "-run", "TestShrink", "KITH_SHRINK="+seed, "KITH_SHRUNK="+path)
	}
}

// slug is a mutant's name as a file's.
func slug(name string) string {
	return strings.Trim(regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(name), "-"), "-")
}

func restore(path string, text []byte, err error) error {
	if failed := os.WriteFile(path, text, 0o600); failed != nil {
		return failed
	}
	return err
}

var firstSeed = regexp.MustCompile(`seed (\d+): `)

// test runs go test; arguments with "=" in capitals are its environment.
func test(ctx context.Context, folder string, args ...string) (output string, failed bool) {
	c := exec.CommandContext(ctx, "go", "test", "-count=1", "-timeout=30m", "-vet=off", "-ldflags=-s -w")
	c.Dir, c.Env = folder, os.Environ()
	for _, arg := range args {
		if strings.HasPrefix(arg, "KITH_") {
			c.Env = append(c.Env, arg)
		} else {
			c.Args = append(c.Args, arg)
		}
	}
	out, err := c.CombinedOutput()
	return string(out), err != nil
}

func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(to, strings.TrimPrefix(path, from))
		if d.IsDir() {
			return os.MkdirAll(target, 0o700)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, text, 0o600)
	})
}
