package store

import (
	"context"
	"iter"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/store/pgtest"
)

// One suite, both databases.

var ctx = context.Background()

func TestSQLite(t *testing.T) {
	suite(t, func(t *testing.T) *Store { return openFile(t, filepath.Join(t.TempDir(), "kith 100%#?.db")) })
}

func TestPostgreSQL(t *testing.T) {
	suite(t, func(t *testing.T) *Store {
		s, err := OpenPostgres(ctx, pgtest.DSN(t))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	})
}

func openFile(t *testing.T, path string) *Store {
	t.Helper()
	s, err := OpenSQLite(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func suite(t *testing.T, open func(t *testing.T) *Store) {
	for _, row := range []struct {
		sentence string
		test     func(t *testing.T, s *Store)
	}{
		{"a book keeps its settings and fields", testBooks},
		{"a configuration is applied, and marked with its files", testConfig},
		{"a configuration is applied whole or not at all", testConfigWhole},
		{"jobs are taken in order, one of a sync at a time", testJobs},
		{"a job whose worker is gone is taken by another", testJobLeases},
		{"a job can be called off", testJobCancel},
		{"one occurrence of a schedule is one job", testJobOccurrence},
		{"a draft is kept until it is deleted", testDrafts},
		{"events and meetings have people who take part", testOccasions},
		{"a lead waits, is corrected, and ends in one state", testLeads},
		{"a form takes so many a day", testForms},
		{"an answer of the API is kept for whoever asks again", testAnswers},
		{"a field's position is never used again", testFieldPositions},
		{"settings that decide keys are fixed once there are contacts", testConfigure},
		{"a deleted book takes everything with it", testDeleteBook},
		{"contacts are created, updated, removed and restored", testContacts},
		{"an update of what has moved on is refused", testVersions},
		{"a batch that is repeated changes nothing", testBatchTwice},
		{"a book that got fields meanwhile is not written as it was", testBookChanged},
		{"a batch that fails leaves nothing", testFailedBatch},
		{"handles are read singly, in stretches and in any number", testContactsByRef},
		{"the trash is emptied by age", testPurge},
		{"the trash of one book is emptied", testEmptyTrash},
		{"it is known whether a source is still in use", testSourceUsed},
		{"old runs keep their totals and which fields they wrote, nothing else", testPruneDetails},
		{"details that a later run goes by stay", testPruneKeepsNeeded},
		{"the beginning of a plan's hash names one plan", testAmbiguousPlan},
		{"who was removed by hand is known", testTombstones},
		{"any value comes back as it was", testValues},
		{"numbers are reserved once for a run", testReserve},
		{"a sync owns what its runs created", testCreatedBySync},
		{"keys are added once", testAddKeys},
		{"keys are found alike by sweep and by probe", testFindKeys},
		{"keys move with their contacts", testKeysMove},
		{"an index is made anew or stays", testReindex},
		{"a run comes back as it was stored", testRun},
		{"runs are found by plan, sync, status and book", testFindRuns},
		{"a plan comes back as it was stored", testPlan},
		{"plans that were only looked at are dropped", testDropPlans},
		{"what runs have touched is known", testTouched},
		{"syncs are saved by name", testSyncs},
		{"mappings are learned by header", testLearned},
		{"numbers of what is deleted are not given again", testNumbersStay},
		{"two writers at once lose no count", testTwoWriters},
		{"two runs reserve numbers at once", testTwoReserve},
		{"one may write while a list is read", testWriteWhileReading},
		{"a cancelled context ends a list", testCancelled},
		{"a connection keeps its settings and counts its calls", testConnections},
		{"a connection remembers its last test", testTested},
		{"links and conflicts are listed in stretches", testLinkPages},
		{"the mirror keeps what a remote has, and one link for each", testMirror},
		{"a record whose keys are as they were read is stored whole all the same", testMirrorSame},
		{"a link that is dropped is looked at by the next run", testDropLinks},
		{"a pair has one run at a time", testLeases},
		{"an intent keeps its first payload", testIntents},
		{"conflicts open, close and remember a choice", testConflicts},
		{"a sync remembers how far it has come", testProgress},
		{"a person is erased, and nobody else", testErase},
		{"what is erased over links is closed, scrubbed or dropped", testEraseLinks},
		{"a file that was fetched is known by path, size and content", testFetched},
		{"a setting is swapped only for what it was", testSwapSetting},
		{"a channel keeps its settings", testChannels},
		{"what people were told is stored with the messages to them", testNotify},
		{"a message waits, is tried, and ends", testOutbox},
		{"a message is claimed by one sender", testClaimOnce},
		{"conflicts that wait for a person are counted", testWaitingConflicts},
		{"a schedule is kept, due, changed and removed", testSchedules},
		{"a paused schedule is not due, and makes up for nothing", testPauseSchedule},
		{"a planned run is taken once", testTakeOnce},
		{"users are found by e-mail and identity", testUsers},
		{"somebody stays the owner", testLastOwner},
		{"sessions end one by one, all but one, and by age", testSessions},
		{"a link works once", testTickets},
		{"a token is kept until its user is removed", testTokens},
		{"the audit log is only added to", testAudit},
		{"contacts come page by page, and are found by a text", testPages},
		{"the trash comes page by page", testTrashPages},
		{"keys come in order", testKeysInOrder},
		{"a filter is kept under its name", testFilters},
		{"a healthy database passes its check", testCheck},
	} {
		t.Run(row.sentence, func(t *testing.T) { row.test(t, open(t)) })
	}
}

var people = []contact.Field{
	{Name: "email", Kind: contact.Email},
	{Name: "first_name", Label: "First name", Kind: contact.Name},
	{Name: "note", Kind: contact.Text},
}

func makeBook(t *testing.T, s *Store, name string) Book {
	t.Helper()
	b, err := s.CreateBook(ctx, Book{Name: name, Fields: people})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func reread(t *testing.T, s *Store, b Book) Book {
	t.Helper()
	now, err := s.Book(ctx, b.Name)
	if err != nil {
		t.Fatal(err)
	}
	return now
}

func makeRun(t *testing.T, s *Store, r Run) Run {
	t.Helper()
	if r.Status == "" {
		r.Status = Applying
	}
	if r.Kind == "" {
		r.Kind = KindSync
	}
	r.Started = time.UnixMilli(1_700_000_000_000)
	if err := s.CreateRun(ctx, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// write stores a batch and returns the refused handles.
func write(t *testing.T, s *Store, b Batch) []int64 {
	t.Helper()
	if b.Now.IsZero() {
		b.Now = time.UnixMilli(1_700_000_000_000)
	}
	if b.Position == 0 {
		b.Position = -1
	}
	refused, err := s.Write(ctx, b)
	if err != nil {
		t.Fatal(err)
	}
	return refused
}

// fill creates contacts 1 to n with an e-mail each.
func fill(t *testing.T, s *Store, b Book, n int64) {
	t.Helper()
	batch := Batch{Book: b, Run: 1}
	for i := range n {
		batch.Creates = append(batch.Creates, ContactWrite{Ref: Ref(b.ID, i+1), Values: []string{"ada@example.com"}})
	}
	write(t, s, batch)
}

func all[T any](t *testing.T, seq iter.Seq2[T, error]) (out []T) {
	t.Helper()
	for v, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	return out
}

func numbers(t *testing.T, s *Store, b Book) (out []int64) {
	t.Helper()
	for _, c := range all(t, s.Contacts(ctx, b, 0)) {
		out = append(out, Number(c.Ref))
	}
	return out
}

func same[T comparable](t *testing.T, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
