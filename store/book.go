package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/kith-sync/kith/contact"
)

// A Book is one address book: a list of contacts with its own typed fields (C6).
type Book struct {
	ID          int64           `json:"-"`
	Name        string          `json:"name"`
	Seq         int64           `json:"seq"`
	Population  int64           `json:"contacts"`
	KeyField    string          `json:"key,omitempty"`
	KeyMade     bool            `json:"key_generated,omitempty"`
	Region      string          `json:"region,omitempty"`
	NameFormula string          `json:"name_formula,omitempty"`
	SecondKeys  bool            `json:"-"` // its index has the second e-mails and telephones as well
	Fields      []contact.Field `json:"fields"`

	positions []int // of Fields in contact.data
	nextField int
}

// Schema returns the book's fields and unique identifier.
func (b Book) Schema() contact.Schema {
	return contact.Schema{Fields: b.Fields, Key: b.KeyField}
}

// width is the length of a contact's stored list of values.
func (b *Book) width() int { return b.nextField }

const bookColumns = `id, name, seq, population, next_field, key_field, key_made, region, name_formula, second_keys`

// Books returns every book, by name.
func (s *Store) Books(ctx context.Context) ([]Book, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT `+bookColumns+` FROM book ORDER BY name`)
	books, err := collect(rows, err, scanBook)
	if err != nil {
		return nil, fmt.Errorf("list books: %w", err)
	}
	for i := range books {
		if err := loadFields(ctx, s.db, &books[i]); err != nil {
			return nil, err
		}
	}
	return books, nil
}

// Book returns the named book, or ErrNotFound.
func (s *Store) Book(ctx context.Context, name string) (Book, error) {
	return findBook(ctx, s.db, `name = $1`, name)
}

func findBook(ctx context.Context, q querier, where string, arg any) (Book, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+bookColumns+` FROM book WHERE `+where, arg)
	books, err := collect(rows, err, scanBook)
	if err != nil {
		return Book{}, fmt.Errorf("read book: %w", err)
	}
	if len(books) == 0 {
		return Book{}, fmt.Errorf("book %v: %w", arg, ErrNotFound)
	}
	return books[0], loadFields(ctx, q, &books[0])
}

func scanBook(rows *sql.Rows) (b Book, err error) {
	var made, second int
	err = rows.Scan(&b.ID, &b.Name, &b.Seq, &b.Population, &b.nextField, &b.KeyField, &made, &b.Region, &b.NameFormula, &second)
	b.KeyMade, b.SecondKeys = made == 1, second == 1
	return b, err
}

func loadFields(ctx context.Context, q querier, b *Book) error {
	rows, err := q.QueryContext(ctx, `SELECT position, name, label, kind FROM field WHERE book_id = $1 ORDER BY position`, b.ID)
	if err != nil {
		return fmt.Errorf("read fields: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var at int
		var f contact.Field
		if err := rows.Scan(&at, &f.Name, &f.Label, &f.Kind); err != nil {
			return fmt.Errorf("read fields: %w", err)
		}
		b.Fields = append(b.Fields, f)
		b.positions = append(b.positions, at)
	}
	return rows.Err()
}

// CreateBook makes an empty book with the given settings and fields.
func (s *Store) CreateBook(ctx context.Context, b Book) (Book, error) {
	err := s.inTx(ctx, func(tx *sql.Tx) error { return createBook(ctx, tx, b) })
	if err != nil {
		return Book{}, fmt.Errorf("create book %s: %w", b.Name, err)
	}
	return s.Book(ctx, b.Name)
}

func createBook(ctx context.Context, tx *sql.Tx, b Book) error {
	err := tx.QueryRowContext(ctx, `INSERT INTO book (name, key_field, key_made, region, name_formula, second_keys)
		VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`, b.Name, b.KeyField, bit(b.KeyMade), b.Region, b.NameFormula, bit(b.SecondKeys)).Scan(&b.ID)
	if err != nil {
		return err
	}
	return addFields(ctx, tx, b.ID, b.Fields)
}

// ErrBookChanged is returned when a book got new fields after it was read:
// writing what was read then would erase their values.
var ErrBookChanged = errors.New("the book got new fields meanwhile")

// lockBook keeps other writers off a book until the transaction ends, and
// returns its next field position. SQLite has one writer anyway; on PostgreSQL
// the update that changes nothing locks the row.
func lockBook(ctx context.Context, tx *sql.Tx, bookID int64) (nextField int, err error) {
	err = tx.QueryRowContext(ctx, `UPDATE book SET next_field = next_field WHERE id = $1 RETURNING next_field`, bookID).Scan(&nextField)
	if err != nil {
		return 0, fmt.Errorf("book %d: %w", bookID, notFound(err))
	}
	return nextField, nil
}

// lock is lockBook for a book that is going to be written as it was read.
func (b *Book) lock(ctx context.Context, tx *sql.Tx) error {
	next, err := lockBook(ctx, tx, b.ID)
	if err == nil && next != b.nextField {
		return ErrBookChanged
	}
	return err
}

// touchBook says that something in a book has changed.
func touchBook(ctx context.Context, tx *sql.Tx, bookID int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE book SET seq = seq + 1 WHERE id = $1`, bookID)
	return err
}

// AddFields adds fields to a book (C26). A field the book has already is left as it is.
func (s *Store) AddFields(ctx context.Context, bookID int64, fields []contact.Field) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		if _, err := lockBook(ctx, tx, bookID); err != nil {
			return err
		}
		return addFields(ctx, tx, bookID, fields)
	})
}

func addFields(ctx context.Context, tx *sql.Tx, bookID int64, fields []contact.Field) error {
	b, err := findBook(ctx, tx, `id = $1`, bookID)
	if err != nil {
		return err
	}
	schema, before := b.Schema(), b.nextField
	for _, f := range fields {
		if schema.Index(f.Name) >= 0 {
			continue
		}
		if !slices.Contains(contact.Kinds, f.Kind) {
			return fmt.Errorf("field %s: %q is not a kind", f.Name, f.Kind)
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO field (book_id, position, name, label, kind) VALUES ($1, $2, $3, $4, $5)`,
			bookID, b.nextField, f.Name, f.Label, string(f.Kind)); err != nil {
			return fmt.Errorf("add field %s: %w", f.Name, err)
		}
		b.nextField++
		schema.Fields = append(schema.Fields, f)
	}
	if b.nextField == before {
		return nil
	}
	_, err = tx.ExecContext(ctx, `UPDATE book SET next_field = $1, seq = seq + 1 WHERE id = $2`, b.nextField, bookID)
	return err
}

// ErrFieldIsKey is returned when a book's unique identifier is to be removed.
var ErrFieldIsKey = errors.New("the field is the book's unique identifier")

// RemoveField takes a field and its values out of a book. Whoever removes an
// e-mail or telephone field has the book reindexed.
func (s *Store) RemoveField(ctx context.Context, bookID int64, name string) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		b, err := findBook(ctx, tx, `id = $1`, bookID)
		if err != nil {
			return err
		}
		if b.KeyField == name {
			return fmt.Errorf("field %s: %w", name, ErrFieldIsKey)
		}
		result, err := tx.ExecContext(ctx, `DELETE FROM field WHERE book_id = $1 AND name = $2`, bookID, name)
		if err != nil {
			return err
		}
		if n, _ := result.RowsAffected(); n == 0 {
			return fmt.Errorf("field %s: %w", name, ErrNotFound)
		}
		return touchBook(ctx, tx, bookID)
	})
}

// ChangeField gives a field of a book another label and kind. Whoever changes a
// kind to or from e-mail or telephone has the book reindexed.
func (s *Store) ChangeField(ctx context.Context, bookID int64, f contact.Field) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE field SET label = $1, kind = $2 WHERE book_id = $3 AND name = $4`, f.Label, string(f.Kind), bookID, f.Name)
		if err != nil {
			return err
		}
		if n, _ := result.RowsAffected(); n == 0 {
			return fmt.Errorf("field %s: %w", f.Name, ErrNotFound)
		}
		return touchBook(ctx, tx, bookID)
	})
}

// ErrBookNotEmpty is returned when a setting may only change in an empty book.
var ErrBookNotEmpty = errors.New("the book has contacts already")

// Configure changes a book's settings: its unique identifier, telephone region
// and name formula. Key and region decide the match keys of every contact, so
// they can only change while the book is empty or when they were not set.
func (s *Store) Configure(ctx context.Context, b Book) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		if _, err := lockBook(ctx, tx, b.ID); err != nil {
			return err
		}
		return configure(ctx, tx, b)
	})
}

func configure(ctx context.Context, tx *sql.Tx, b Book) error {
	old, err := findBook(ctx, tx, `id = $1`, b.ID)
	if err != nil {
		return err
	}
	changesKeys := old.KeyField != b.KeyField && old.KeyField != "" || old.Region != b.Region && old.Region != ""
	if changesKeys && old.Population > 0 {
		return ErrBookNotEmpty
	}
	_, err = tx.ExecContext(ctx, `UPDATE book SET key_field = $1, key_made = $2, region = $3, name_formula = $4, second_keys = $5, seq = seq + 1 WHERE id = $6`,
		b.KeyField, bit(b.KeyMade), b.Region, b.NameFormula, bit(b.SecondKeys), b.ID)
	return err
}

// DeleteBook removes a book with everything in it.
func (s *Store) DeleteBook(ctx context.Context, bookID int64) error {
	return s.inTx(ctx, func(tx *sql.Tx) error { return deleteBook(ctx, tx, bookID) })
}

func deleteBook(ctx context.Context, tx *sql.Tx, bookID int64) error {
	for _, statement := range []string{
		`DELETE FROM contact WHERE id >= $1 AND id < $2`,
		`DELETE FROM trash WHERE id >= $1 AND id < $2`,
	} {
		if _, err := tx.ExecContext(ctx, statement, firstID(bookID), firstID(bookID+1)); err != nil {
			return err
		}
	}
	for _, statement := range []string{
		`DELETE FROM retry WHERE mirror_id IN (SELECT m.id FROM mirror m JOIN pair p ON p.id = m.pair_id WHERE p.book_id = $1)`,
		`DELETE FROM pair WHERE book_id = $1`, // with mirror, intents, conflicts and progress
		`DELETE FROM attendance WHERE occasion_id IN (SELECT id FROM occasion WHERE book_id = $1)`, `DELETE FROM occasion WHERE book_id = $1`,
		`DELETE FROM lead WHERE book_id = $1`, `DELETE FROM capture_form WHERE book_id = $1`,
		`DELETE FROM saved_filter WHERE book_id = $1`, `DELETE FROM contact_key WHERE book_id = $1`, `DELETE FROM field WHERE book_id = $1`, `DELETE FROM book WHERE id = $1`,
	} {
		if _, err := tx.ExecContext(ctx, statement, bookID); err != nil {
			return err
		}
	}
	return forgetManaged(ctx, tx)
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
