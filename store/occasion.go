package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// An Occasion is an event or a meeting that contacts of a book take part in (E1,
// E4). Times are zero where nobody has said them.
type Occasion struct {
	ID           int64
	BookID       int64
	Kind         string // KindEvent, KindMeeting
	Name         string // of an event; the subject of a meeting
	Starts, Ends time.Time
	Place        string
	Note         string
	PartOf       int64  // the event that a meeting belongs to, 0: none
	Connection   string // whose campaign an event is connected with (E21); empty: it is with none
	Campaign     string // its id there
	CampaignName string // as it was called when it was chosen
}

// The kinds of occasions.
const (
	KindEvent   = "event"
	KindMeeting = "meeting"
)

// An Attendance is somebody's part in an occasion.
type Attendance struct {
	Occasion int64
	Ref      int64  // of the contact
	Status   string // in the organisation's own words: registered, attended; may be empty
	Added    time.Time
}

const occasionColumns = `id, book_id, kind, name, starts_at, ends_at, place, note, part_of, connection, campaign, campaign_name`

// SaveOccasion stores an occasion: a new one where its ID is 0, which it gets.
func (s *Store) SaveOccasion(ctx context.Context, o Occasion) (Occasion, error) {
	args := []any{o.BookID, o.Kind, o.Name, unixMilli(o.Starts), unixMilli(o.Ends), o.Place, o.Note, o.PartOf, o.Connection, o.Campaign, o.CampaignName}
	if o.ID == 0 {
		err := s.db.QueryRowContext(ctx, `INSERT INTO occasion (book_id, kind, name, starts_at, ends_at, place, note, part_of, connection, campaign, campaign_name)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id`, args...).Scan(&o.ID)
		if err != nil {
			return o, fmt.Errorf("save %s: %w", o.Kind, err)
		}
		return o, nil
	}
	result, err := s.db.ExecContext(ctx, `UPDATE occasion SET book_id = $1, kind = $2, name = $3, starts_at = $4, ends_at = $5, place = $6, note = $7,
		part_of = $8, connection = $9, campaign = $10, campaign_name = $11 WHERE id = $12`, append(args, o.ID)...)
	if err != nil {
		return o, fmt.Errorf("save %s: %w", o.Kind, err)
	}
	return o, affected(result)
}

// affected is ErrNotFound where a statement met no row.
func affected(result sql.Result) error {
	n, err := result.RowsAffected()
	if err == nil && n == 0 {
		return ErrNotFound
	}
	return err
}

// Occasion returns the occasion with an ID, or ErrNotFound.
func (s *Store) Occasion(ctx context.Context, id int64) (Occasion, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT `+occasionColumns+` FROM occasion WHERE id = $1`, id)
	all, err := collect(rows, err, scanOccasion)
	if err != nil || len(all) == 0 {
		return Occasion{}, orNotFound(err)
	}
	return all[0], nil
}

// Occasions returns a book's occasions of a kind, the latest first.
func (s *Store) Occasions(ctx context.Context, bookID int64, kind string) ([]Occasion, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT `+occasionColumns+` FROM occasion WHERE book_id = $1 AND kind = $2 ORDER BY starts_at DESC, id DESC`, bookID, kind)
	return collect(rows, err, scanOccasion)
}

// DeleteOccasion removes an occasion and who took part. Meetings of an event stay.
func (s *Store) DeleteOccasion(ctx context.Context, id int64) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		for _, statement := range []string{`DELETE FROM attendance WHERE occasion_id = $1`, `UPDATE occasion SET part_of = 0 WHERE part_of = $1`,
			`UPDATE lead SET occasion_id = 0 WHERE occasion_id = $1`, `UPDATE capture_form SET occasion_id = 0 WHERE occasion_id = $1`} {
			if _, err := tx.ExecContext(ctx, statement, id); err != nil {
				return fmt.Errorf("delete occasion: %w", err)
			}
		}
		result, err := tx.ExecContext(ctx, `DELETE FROM occasion WHERE id = $1`, id)
		if err != nil {
			return fmt.Errorf("delete occasion: %w", err)
		}
		return affected(result)
	})
}

// Attend notes that contacts take part. Who does already gets the new status, where
// there is one, and keeps the day they were added.
func (s *Store) Attend(ctx context.Context, all []Attendance) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		for _, a := range all {
			if _, err := tx.ExecContext(ctx, `INSERT INTO attendance (occasion_id, ref, status, added_at) VALUES ($1, $2, $3, $4)
				ON CONFLICT (occasion_id, ref) DO UPDATE SET status = CASE excluded.status WHEN '' THEN attendance.status ELSE excluded.status END`,
				a.Occasion, a.Ref, a.Status, unixMilli(a.Added)); err != nil {
				return fmt.Errorf("add to occasion: %w", err)
			}
		}
		return nil
	})
}

// Leave takes contacts out of an occasion. Who takes no part is no error.
func (s *Store) Leave(ctx context.Context, occasion int64, refs []int64) error {
	_, err := s.db.ExecContext(ctx, `DELETE FROM attendance WHERE occasion_id = $1 AND ref IN (`+list(append([]int64{-1}, refs...))+`)`, occasion)
	return err
}

// Attendances returns who takes part in an occasion, in order of creation. Some may
// lie in the trash, or be part of somebody else by a merge.
func (s *Store) Attendances(ctx context.Context, occasion int64) ([]Attendance, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT occasion_id, ref, status, added_at FROM attendance WHERE occasion_id = $1 ORDER BY ref`, occasion)
	return collect(rows, err, scanAttendance)
}

// AttendancesOf returns what contacts take part in, in order of the occasions.
func (s *Store) AttendancesOf(ctx context.Context, refs []int64) ([]Attendance, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT occasion_id, ref, status, added_at FROM attendance WHERE ref IN (`+list(append([]int64{-1}, refs...))+`) ORDER BY occasion_id, ref`)
	return collect(rows, err, scanAttendance)
}

// Merged says of the contacts of a book that merges have made part of another, and
// which lie in the trash for it, whose part they are.
func (s *Store) Merged(ctx context.Context, b Book) (map[int64]int64, error) {
	merges, err := s.merges(ctx, b.ID)
	if err != nil || len(merges) == 0 {
		return nil, err
	}
	trash, err := s.TrashedContacts(ctx, b)
	if err != nil {
		return nil, err
	}
	lies := map[[2]int64]bool{}
	for _, c := range trash {
		lies[[2]int64{c.Ref, c.DeletedRun}] = true
	}
	into := map[int64]int64{}
	for _, c := range merges {
		if lies[[2]int64{c.Ref, c.Run}] {
			into[c.Ref] = c.Into
		}
	}
	return into, nil
}

func scanOccasion(rows *sql.Rows) (o Occasion, err error) {
	var starts, ends int64
	err = rows.Scan(&o.ID, &o.BookID, &o.Kind, &o.Name, &starts, &ends, &o.Place, &o.Note, &o.PartOf, &o.Connection, &o.Campaign, &o.CampaignName)
	o.Starts, o.Ends = timeOf(starts), timeOf(ends)
	return o, err
}

func scanAttendance(rows *sql.Rows) (a Attendance, err error) {
	var added int64
	err = rows.Scan(&a.Occasion, &a.Ref, &a.Status, &added)
	a.Added = timeOf(added)
	return a, err
}
