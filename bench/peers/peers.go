// Package peers holds the programs that ours is measured against, as command lines: the sqlite3 shell, sha256sum
// and DuckDB. It installs DuckDB from npm into a folder that the caller gives, because distributions do not carry it.
// A peer that is not there is child.Missing, never a reason to stop.
package peers

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/kith-sync/kith/bench/child"
)

// SQLite imports file into a new database db and builds the two indexes that matching by e-mail and telephone needs.
// The e-mail index is not unique, because 2 % of the addresses come twice.
func SQLite(file, db string) []string {
	return []string{"sqlite3", "-bail", db,
		".import --csv " + quote(file) + " people",
		"CREATE INDEX people_email ON people(email)",
		"CREATE INDEX people_phone ON people(phone)",
	}
}

// quote writes an argument of a dot command, which knows quotes and backslashes as C does.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// SHA256 reads file once and hashes it.
func SHA256(file string) []string { return []string{"sha256sum", file} }

//go:embed duckdb/package.json
var duckPackage []byte

//go:embed duckdb/package-lock.json
var duckLock []byte

//go:embed duckdb/diff.mjs
var duckDiff []byte

// DuckVersion is the version that Install asks for.
func DuckVersion() string {
	var p struct{ Dependencies map[string]string }
	if json.Unmarshal(duckPackage, &p) != nil {
		return "unknown"
	}
	return p.Dependencies["@duckdb/node-api"]
}

// DuckDB is an installed DuckDB.
type DuckDB struct{ script string }

// Install puts DuckDB into dir by npm, in the version and with the checksums of the lock file; not by "npm ci",
// which refuses a lock file that does not list the binaries of every platform. The error wraps child.Missing where
// there is no npm or nothing to install from.
func Install(ctx context.Context, dir string) (DuckDB, error) {
	d := DuckDB{script: filepath.Join(dir, "diff.mjs")}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return d, err
	}
	for name, text := range map[string][]byte{"package.json": duckPackage, "package-lock.json": duckLock, "diff.mjs": duckDiff} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return d, err
		}
	}
	_, err := child.Good(ctx, "npm", "install", "--prefix", dir, "--no-audit", "--no-fund", "--ignore-scripts")
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("%w: DuckDB: %w", child.Missing, err)
	}
	return d, err
}

// Diff compares two files row by row.
func (d DuckDB) Diff(before, after string) []string { return []string{"node", d.script, before, after} }

// Changed reads the answer of Diff: rows of the same id that differ.
func Changed(stdout []byte) (int, error) {
	var answer struct {
		Changed int `json:"changed,string"`
	}
	if err := json.Unmarshal(stdout, &answer); err != nil {
		return 0, fmt.Errorf("answer of DuckDB: %w", err)
	}
	return answer.Changed, nil
}
