package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kith-sync/kith/contact"
)

// A contact's handle is its book's id and its number in the book, so that the
// contacts of one book lie together, in order of creation, without an index.
const numberBits = 40

func firstID(bookID int64) int64 { return bookID << numberBits }

// Ref returns the handle of a contact by its number in a book.
func Ref(bookID, number int64) int64 { return firstID(bookID) | number }

// Number returns the contact's number in its book: the ID that people see.
func Number(ref int64) int64 { return ref & (1<<numberBits - 1) }

// BookOf returns the book a handle belongs to.
func BookOf(ref int64) int64 { return ref >> numberBits }

// A Contact is a stored contact and where it comes from.
type Contact struct {
	Ref        int64
	Version    int64
	CreatedRun int64
	UpdatedRun int64
	Values     []string // in the order of the book's fields
	DeletedRun int64    // of a contact in the trash
	DeletedAt  time.Time
}

// A Key is one match key of a contact.
type Key struct {
	Rule int
	Hash uint64
}

// A ContactWrite is one contact to be stored.
type ContactWrite struct {
	Ref       int64
	Values    []string // in the order of the book's fields
	IfVersion int64    // updates: refused when the contact has moved on
	Final     bool     // removals: for good, not into the trash
	Remove    []Key    // keys it no longer has
	Add       []Key    // keys it has now
}

// A Batch is a set of writes to one book that become durable together with the
// position of the run that makes them.
type Batch struct {
	Book     Book
	Run      int64
	Now      time.Time
	Creates  []ContactWrite
	Updates  []ContactWrite
	Trash    []ContactWrite // Values are ignored
	Restore  []ContactWrite
	Aliases  []ContactWrite // contacts that only get or lose keys: those of somebody merged into them
	Position int64          // of the run, after this batch; negative leaves it alone
	// Links says what the writes mean for links once it is known which of them
	// were refused. It may be nil.
	Links func(refused []int64) LinkBatch
}

// Write stores a batch in one transaction and returns the handles it refused
// because the contact changed or disappeared since it was read. Creates that are
// already there, as after a crash, are left alone.
func (s *Store) Write(ctx context.Context, b Batch) (refused []int64, err error) {
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		if err := b.Book.lock(ctx, tx); err != nil {
			return err
		}
		if refused, err = s.write(ctx, tx, &b); err != nil || b.Links == nil {
			return err
		}
		links := b.Links(refused)
		return writeLinks(ctx, tx, &links)
	})
	if err != nil {
		return nil, fmt.Errorf("write contacts: %w", err)
	}
	return refused, nil
}

func (s *Store) write(ctx context.Context, tx *sql.Tx, b *Batch) (refused []int64, err error) {
	if err := leaveOutCreated(ctx, tx, b); err != nil {
		return nil, err
	}
	created, err := s.insertContacts(ctx, tx, b)
	if err != nil {
		return nil, err
	}
	if refused, err = updateContacts(ctx, tx, b); err != nil {
		return nil, err
	}
	trashed, err := trashContacts(ctx, tx, b, &refused)
	if err != nil {
		return nil, err
	}
	restored, err := restoreContacts(ctx, tx, b, &refused)
	if err != nil {
		return nil, err
	}
	if err := s.writeKeys(ctx, tx, b, refused); err != nil {
		return nil, err
	}
	if len(b.Creates)+len(b.Updates)+len(b.Trash)+len(b.Restore) > len(refused) {
		_, err = tx.ExecContext(ctx, `UPDATE book SET seq = seq + 1, population = population + $1 WHERE id = $2`,
			created-trashed+restored, b.Book.ID)
	}
	if err != nil || b.Position < 0 {
		return refused, err
	}
	_, err = tx.ExecContext(ctx, `UPDATE run SET position = $1 WHERE id = $2`, b.Position, b.Run)
	return refused, err
}

// leaveOutCreated takes the creates out of a batch that were carried out before,
// with their keys: a key that was drawn anew would lead to the old contact.
func leaveOutCreated(ctx context.Context, tx *sql.Tx, b *Batch) error {
	if len(b.Creates) == 0 {
		return nil
	}
	byRef := func(x, y ContactWrite) int { return cmp.Compare(x.Ref, y.Ref) }
	first, last := slices.MinFunc(b.Creates, byRef).Ref, slices.MaxFunc(b.Creates, byRef).Ref
	rows, err := tx.QueryContext(ctx, `SELECT id FROM contact WHERE id BETWEEN $1 AND $2
		UNION ALL SELECT id FROM trash WHERE id BETWEEN $1 AND $2`, first, last)
	there, err := collect(rows, err, func(rows *sql.Rows) (ref int64, err error) { return ref, rows.Scan(&ref) })
	if err != nil || len(there) == 0 {
		return err
	}
	slices.Sort(there)
	kept := make([]ContactWrite, 0, len(b.Creates))
	for _, c := range b.Creates {
		if _, known := slices.BinarySearch(there, c.Ref); !known {
			kept = append(kept, c)
		}
	}
	b.Creates = kept
	return nil
}

// rowsAtOnce is how many contacts one SQLite statement inserts: enough that the
// statement's own cost hardly counts, and few enough that the driver's does not,
// which looks for each argument among all of them.
const rowsAtOnce = 32

// insertContacts: SQLite takes prepared statements of many rows, PostgreSQL one
// statement for all of them.
func (s *Store) insertContacts(ctx context.Context, tx *sql.Tx, b *Batch) (created int64, err error) {
	if len(b.Creates) == 0 {
		return 0, nil
	}
	if s.postgres {
		return insertContactsAtOnce(ctx, tx, b)
	}
	w := contactInserter{book: &b.Book, run: b.Run, tx: tx}
	defer w.close()
	for part := range slices.Chunk(b.Creates, rowsAtOnce) {
		n, err := w.insert(ctx, part)
		if err != nil {
			return 0, err
		}
		created += n
	}
	return created, nil
}

// contactInserter keeps the statement and the buffers of one batch.
type contactInserter struct {
	book *Book
	run  int64
	tx   *sql.Tx
	many *sql.Stmt // rowsAtOnce rows
	args []any
	row  []string
	data []byte
}

func (w *contactInserter) insert(ctx context.Context, part []ContactWrite) (created int64, err error) {
	w.args, w.data = w.args[:0], w.data[:0]
	var ends [rowsAtOnce]int
	for i, c := range part {
		w.row = w.book.stored(c.Values, nil, w.row)
		w.data = appendValues(w.data, w.row)
		ends[i] = len(w.data)
	}
	all, start := string(w.data), 0
	for i, c := range part {
		w.args = append(w.args, c.Ref, all[start:ends[i]])
		start = ends[i]
	}
	result, err := w.exec(ctx, len(part))
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (w *contactInserter) exec(ctx context.Context, rows int) (sql.Result, error) {
	if rows < rowsAtOnce {
		return w.tx.ExecContext(ctx, insertContactRows(rows, w.run), w.args...)
	}
	if w.many == nil {
		var err error
		if w.many, err = w.tx.PrepareContext(ctx, insertContactRows(rows, w.run)); err != nil {
			return nil, err
		}
	}
	return w.many.ExecContext(ctx, w.args...)
}

func (w *contactInserter) close() {
	if w.many != nil {
		w.many.Close()
	}
}

// insertContactRows is the statement that inserts a number of contacts; the
// run's number is the same in all of them.
func insertContactRows(rows int, run int64) string {
	row := fmt.Sprintf("(?, 1, %d, %d, ?)", run, run)
	// OR IGNORE, for with ON CONFLICT SQLite copies each page that a statement
	// changes, to take it back alone.
	return `INSERT OR IGNORE INTO contact (id, version, created_run, updated_run, data) VALUES ` +
		strings.Repeat(row+", ", rows-1) + row
}

func insertContactsAtOnce(ctx context.Context, tx *sql.Tx, b *Batch) (int64, error) {
	ids, rows := make([]int64, len(b.Creates)), make([]string, len(b.Creates))
	var row []string
	for i, c := range b.Creates {
		row = b.Book.stored(c.Values, nil, row)
		ids[i], rows[i] = c.Ref, string(appendValues(nil, row))
	}
	result, err := tx.ExecContext(ctx, `INSERT INTO contact (id, version, created_run, updated_run, data)
		SELECT id, 1, $1::bigint, $1::bigint, data FROM unnest($2::bigint[], $3::text[]) AS t (id, data) ON CONFLICT DO NOTHING`,
		b.Run, ids, rows)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func updateContacts(ctx context.Context, tx *sql.Tx, b *Batch) (refused []int64, err error) {
	if len(b.Updates) == 0 {
		return nil, nil
	}
	update, err := tx.PrepareContext(ctx, `UPDATE contact SET version = version + 1, updated_run = $1, data = $2
		WHERE id = $3 AND version = $4`)
	if err != nil {
		return nil, err
	}
	defer update.Close()
	for _, c := range b.Updates {
		row := b.Book.stored(c.Values, nil, nil)
		result, err := update.ExecContext(ctx, b.Run, string(appendValues(nil, row)), c.Ref, c.IfVersion)
		if err != nil {
			return nil, err
		}
		if n, _ := result.RowsAffected(); n == 0 {
			refused = append(refused, c.Ref)
		}
	}
	return refused, nil
}

// trashContacts moves contacts that are still what they were to the trash, many
// with one statement.
func trashContacts(ctx context.Context, tx *sql.Tx, b *Batch, refused *[]int64) (moved int64, err error) {
	for part := range slices.Chunk(b.Trash, trashAtOnce) {
		gone, err := moveToTrash(ctx, tx, b, part)
		if err != nil {
			return 0, err
		}
		if len(gone) < len(part) {
			for _, c := range part {
				if _, ok := slices.BinarySearch(gone, c.Ref); !ok {
					*refused = append(*refused, c.Ref)
				}
			}
		}
		moved += int64(len(gone))
	}
	return moved, nil
}

// trashAtOnce is how many contacts one statement moves.
const trashAtOnce = 200

// moveToTrash returns the handles of the contacts that were moved, ascending.
func moveToTrash(ctx context.Context, tx *sql.Tx, b *Batch, part []ContactWrite) (gone []int64, err error) {
	var wanted strings.Builder
	var final []int64
	for i, c := range part {
		if i > 0 {
			wanted.WriteByte(',')
		}
		fmt.Fprintf(&wanted, "(%d,%d)", c.Ref, c.IfVersion) // numbers of ours; nothing to quote
		if c.Final {
			final = append(final, c.Ref)
		}
	}
	rows, err := tx.QueryContext(ctx, `WITH gone (id, version) AS (VALUES `+wanted.String()+`)
		INSERT INTO trash (id, version, created_run, updated_run, data, deleted_run, deleted_at)
		SELECT c.id, c.version, c.created_run, c.updated_run, c.data, CAST($1 AS BIGINT), CAST($2 AS BIGINT)
		FROM gone JOIN contact c ON c.id = gone.id AND c.version = gone.version RETURNING id`, b.Run, b.Now.UnixMilli())
	gone, err = collect(rows, err, func(rows *sql.Rows) (ref int64, err error) { return ref, rows.Scan(&ref) })
	if err != nil || len(gone) == 0 {
		return nil, err
	}
	slices.Sort(gone)
	if _, err := tx.ExecContext(ctx, `DELETE FROM contact WHERE id IN (`+list(gone)+`)`); err != nil {
		return nil, err
	}
	final = slices.DeleteFunc(final, func(ref int64) bool { _, ok := slices.BinarySearch(gone, ref); return !ok })
	if len(final) > 0 {
		_, err = tx.ExecContext(ctx, `DELETE FROM trash WHERE id IN (`+list(final)+`)`)
	}
	return gone, err
}

// list writes handles as a list of SQL: they are numbers of ours, with nothing to quote.
func list(refs []int64) string {
	var b strings.Builder
	for i, r := range refs {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatInt(r, 10))
	}
	return b.String()
}

func restoreContacts(ctx context.Context, tx *sql.Tx, b *Batch, refused *[]int64) (moved int64, err error) {
	for _, c := range b.Restore {
		result, err := tx.ExecContext(ctx, `INSERT INTO contact (id, version, created_run, updated_run, data)
			SELECT id, version, created_run, updated_run, data FROM trash WHERE id = $1`, c.Ref)
		if err != nil {
			return 0, err
		}
		if n, _ := result.RowsAffected(); n == 0 {
			*refused = append(*refused, c.Ref)
			continue
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM trash WHERE id = $1`, c.Ref); err != nil {
			return 0, err
		}
		moved++
	}
	return moved, nil
}

// stored spreads values from the order of the book's fields to their positions.
func (b *Book) stored(values, old, row []string) []string {
	if cap(row) < b.width() {
		row = make([]string, b.width())
	}
	row = row[:b.width()]
	clear(row)
	copy(row, old)
	for i, at := range b.positions {
		row[at] = ""
		if i < len(values) {
			row[at] = values[i]
		}
	}
	return row
}

// shown gathers values from their positions into the order of the book's fields.
func (b *Book) shown(row []string) []string {
	values := make([]string, len(b.positions))
	for i, at := range b.positions {
		if at < len(row) {
			values[i] = row[at]
		}
	}
	return values
}

const contactColumns = `id, version, created_run, updated_run, data`

func (b *Book) scan(rows *sql.Rows, parsed []string) (Contact, []string, error) {
	var c Contact
	var data string
	if err := rows.Scan(&c.Ref, &c.Version, &c.CreatedRun, &c.UpdatedRun, &data); err != nil {
		return c, parsed, err
	}
	parsed, err := parseValues(data, parsed)
	c.Values = b.shown(parsed)
	return c, parsed, err
}

// Contacts yields the live contacts of a book after the given handle, oldest first.
func (s *Store) Contacts(ctx context.Context, b Book, after int64) iter.Seq2[Contact, error] {
	return func(yield func(Contact, error) bool) {
		rows, err := s.db.QueryContext(ctx, `SELECT `+contactColumns+` FROM contact WHERE id > $1 AND id < $2 ORDER BY id`,
			max(after, firstID(b.ID)), firstID(b.ID+1))
		s.yield(rows, err, b, yield)
	}
}

func (s *Store) yield(rows *sql.Rows, err error, b Book, yield func(Contact, error) bool) bool {
	if err != nil {
		return yield(Contact{}, fmt.Errorf("read contacts: %w", err))
	}
	defer rows.Close()
	var parsed []string
	for rows.Next() {
		var c Contact
		if c, parsed, err = b.scan(rows, parsed); err != nil {
			return yield(c, fmt.Errorf("read contacts: %w", err))
		}
		if !yield(c, nil) {
			return false
		}
	}
	if err := rows.Err(); err != nil {
		return yield(Contact{}, fmt.Errorf("read contacts: %w", err))
	}
	return true
}

// fetchAtOnce is how many handles one query names.
const fetchAtOnce = 200

// ContactsByRef yields the live contacts with these handles, which must ascend.
// A handle that is not there any more is left out.
func (s *Store) ContactsByRef(ctx context.Context, b Book, refs []int64) iter.Seq2[Contact, error] {
	return func(yield func(Contact, error) bool) {
		for len(refs) > 0 {
			n := min(len(refs), fetchAtOnce)
			rows, err := s.queryRefs(ctx, refs[:n])
			if !s.yield(rows, err, b, yield) {
				return
			}
			refs = refs[n:]
		}
	}
}

// queryRefs reads a run of neighbouring handles as a range, any others by name.
func (s *Store) queryRefs(ctx context.Context, refs []int64) (*sql.Rows, error) {
	if first, last := refs[0], refs[len(refs)-1]; neighbours(refs) {
		return s.db.QueryContext(ctx, `SELECT `+contactColumns+` FROM contact WHERE id BETWEEN $1 AND $2 ORDER BY id`, first, last)
	}
	list, args := placesFor(refs, nil)
	return s.db.QueryContext(ctx, `SELECT `+contactColumns+` FROM contact WHERE id IN (`+list+`) ORDER BY id`, args...)
}

func neighbours(refs []int64) bool {
	for i, r := range refs[1:] {
		if r != refs[i]+1 {
			return false
		}
	}
	return true
}

// TrashedContacts returns the contacts of a book that are in the trash, the
// latest first.
func (s *Store) TrashedContacts(ctx context.Context, b Book) ([]Contact, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT `+contactColumns+`, deleted_run, deleted_at FROM trash
		WHERE id > $1 AND id < $2 ORDER BY deleted_at DESC, id`, firstID(b.ID), firstID(b.ID+1))
	return collect(rows, err, b.scanTrashed)
}

// ReserveNumbers takes n contact numbers of a book for a run and records where
// they start. A second call for the same run returns the first call's answer.
func (s *Store) ReserveNumbers(ctx context.Context, bookID, run, n int64) (first int64, err error) {
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		// The update that changes nothing locks the row on PostgreSQL.
		if err := tx.QueryRowContext(ctx, `UPDATE run SET first_ref = first_ref WHERE id = $1 RETURNING first_ref`, run).Scan(&first); err != nil {
			return notFound(err)
		}
		if first != 0 {
			return nil
		}
		if err := tx.QueryRowContext(ctx, `UPDATE book SET next_contact = next_contact + $1 WHERE id = $2 RETURNING next_contact`,
			n, bookID).Scan(&first); err != nil {
			return notFound(err)
		}
		first = Ref(bookID, first-n)
		_, err := tx.ExecContext(ctx, `UPDATE run SET first_ref = $1 WHERE id = $2`, first, run)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("reserve contact numbers: %w", err)
	}
	return first, nil
}

// CreatedBySync yields the handles of a book's live contacts that runs of a
// sync created, ascending; of all of them when syncID is zero.
func (s *Store) CreatedBySync(ctx context.Context, b Book, syncID int64) iter.Seq2[int64, error] {
	return func(yield func(int64, error) bool) {
		rows, err := s.db.QueryContext(ctx, `SELECT id FROM contact WHERE id > $1 AND id < $2
			AND (CAST($3 AS BIGINT) = 0 OR created_run IN (SELECT id FROM run WHERE sync_id = $3)) ORDER BY id`, firstID(b.ID), firstID(b.ID+1), syncID)
		if err != nil {
			yield(0, fmt.Errorf("read contacts: %w", err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			var ref int64
			if err := rows.Scan(&ref); err != nil {
				yield(0, fmt.Errorf("read contacts: %w", err))
				return
			}
			if !yield(ref, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(0, fmt.Errorf("read contacts: %w", err))
		}
	}
}

// Tombstones returns the contacts of a book that lie in the trash because a person
// put them there, or that had opted out, whoever put them there: an opt-out beats
// that a source has them again (settled question 23).
func (s *Store) Tombstones(ctx context.Context, bookID int64) ([]Contact, error) {
	b, err := findBook(ctx, s.db, `id = $1`, bookID)
	if err != nil {
		return nil, err
	}
	tombs, err := s.trashed(ctx, b, `deleted_run IN (SELECT id FROM run WHERE kind = $3)`)
	if err != nil || !slices.ContainsFunc(b.Fields, func(f contact.Field) bool { return f.Kind == contact.Consent }) {
		return tombs, err
	}
	others, err := s.trashed(ctx, b, `deleted_run NOT IN (SELECT id FROM run WHERE kind = $3)`)
	return append(tombs, slices.DeleteFunc(others, func(c Contact) bool { return !optedOut(b, c) })...), err
}

func (s *Store) trashed(ctx context.Context, b Book, where string) ([]Contact, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT `+contactColumns+` FROM trash WHERE id > $1 AND id < $2 AND `+where, firstID(b.ID), firstID(b.ID+1), KindEdit)
	return collect(rows, err, func(rows *sql.Rows) (Contact, error) {
		c, _, err := b.scan(rows, nil)
		return c, err
	})
}

// optedOut reports whether one of a contact's consents is a no.
func optedOut(b Book, c Contact) bool {
	for i, f := range b.Fields {
		if f.Kind == contact.Consent && i < len(c.Values) && !contact.Blank(c.Values[i]) && !contact.Grants(c.Values[i]) {
			return true
		}
	}
	return false
}
