// Package pgtest gives tests a PostgreSQL of their own. The first test of a
// process that asks starts a private cluster in a temporary folder; when the
// process is gone, however it ended, so are the cluster and the folder. It
// knows nothing of Kith's tables.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

// shared starts the cluster once per process: a cluster costs a second, a
// database in it a few hundredths.
var shared = sync.OnceValues(start)

// DSN returns the address of a fresh, empty database that lives as long as the
// test. On a machine without PostgreSQL the test is skipped, or fails where
// KITH_CI=1 promises that every peer is there.
func DSN(t testing.TB) string {
	t.Helper()
	c, err := shared()
	if err != nil {
		giveUp(t, err, os.Getenv("KITH_CI") == "1")
	}
	name := fmt.Sprintf("kith_%d", c.databases.Add(1))
	administer(t, c, "CREATE DATABASE "+name+" TEMPLATE template0")
	// FORCE: a test that failed may have left a connection open.
	t.Cleanup(func() { administer(t, c, "DROP DATABASE "+name+" WITH (FORCE)") })
	return c.dsn(name)
}

// giveUp ends a test that cannot have its server. Only a server that is not
// installed is a reason to skip: one that does not start is a fault to look at.
func giveUp(t testing.TB, err error, promised bool) {
	t.Helper()
	if errors.Is(err, errMissing) && !promised {
		t.Skipf("PostgreSQL is not installed: %v", err)
	}
	t.Fatalf("start a private PostgreSQL: %v", err)
}

func administer(t testing.TB, c *cluster, sql string) {
	t.Helper()
	ctx := context.Background() // a test's own context has ended when its cleanup runs
	conn, err := pgx.Connect(ctx, c.dsn("postgres"))
	if err != nil {
		t.Fatalf("connect to the private PostgreSQL: %v", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}
