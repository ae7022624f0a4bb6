package sandbox

import (
	"slices"
	"sort"
	"strings"
)

// A table holds an object's rows. It is made for a million of them: a row has
// only the cells that are filled, its number is in its id, and a journal of
// changes lists it by SystemModstamp.
type table struct {
	rows    []*row // by number; nil: purged
	live    int
	journal []entry // ascending by stamp
}

// A row is a record as it is now. It is never changed, only replaced.
type row struct {
	n                        int32
	at                       int32 // its newest entry in the journal
	cells                    []cell
	created, modified, stamp int64 // seconds
	createdBy, modifiedBy    int32 // numbers of users
	deleted                  bool
}

type cell struct {
	f int16
	v string
}

type entry struct {
	stamp int64
	n     int32
}

func (r *row) get(f *field) string {
	for i := range r.cells {
		if r.cells[i].f == f.at {
			return r.cells[i].v
		}
	}
	return ""
}

// set fills a cell; an empty value empties it.
func (r *row) set(f *field, v string) {
	for i := range r.cells {
		if r.cells[i].f == f.at {
			if v == "" {
				r.cells = slices.Delete(r.cells, i, i+1)
			} else {
				r.cells[i].v = v
			}
			return
		}
	}
	if v != "" {
		r.cells = append(r.cells, cell{f.at, v})
	}
}

// copy is a row that may be changed before it is put.
func (r *row) copy() *row {
	c := *r
	c.cells = slices.Clone(r.cells)
	return &c
}

// row is the one with a number, nil where none is or it was purged.
func (t *table) row(n int32) *row {
	if n < 0 || int(n) >= len(t.rows) {
		return nil
	}
	return t.rows[n]
}

// put makes a row the current one of its number, with its place in the journal.
func (o *object) put(r *row) {
	if int(r.n) == len(o.rows) {
		o.rows = append(o.rows, nil)
	}
	o.swap(o.rows[r.n], r)
	r.at = int32(len(o.journal))
	o.journal = append(o.journal, entry{r.stamp, r.n})
}

// insert puts a row whose stamp is in the past: its entry goes between those of
// others, and theirs move.
func (o *object) insert(r *row) {
	o.swap(o.rows[r.n], r)
	r.at = -1
	o.compact()
	at := sort.Search(len(o.journal), func(i int) bool { return o.journal[i].stamp > r.stamp })
	o.journal = slices.Insert(o.journal, at, entry{r.stamp, r.n})
	for i := at; i < len(o.journal); i++ {
		o.rows[o.journal[i].n].at = int32(i)
	}
}

// swap replaces a row in the table and its indexes, and nothing else.
func (o *object) swap(old, now *row) {
	if old != nil && !old.deleted {
		o.live--
	}
	if now != nil && !now.deleted {
		o.live++
	}
	for _, f := range o.fields {
		if f.index == nil {
			continue
		}
		var was, is string
		if old != nil {
			was = f.key(old.get(f))
		}
		if now != nil {
			is = f.key(now.get(f))
		}
		if was == is {
			continue
		}
		if was != "" {
			f.unlist(was, old.n)
		}
		if is != "" {
			f.index[is] = append(f.index[is], now.n)
		}
	}
	if now != nil {
		o.rows[now.n] = now
	} else {
		o.rows[old.n] = nil
	}
}

func (f *field) unlist(key string, n int32) {
	list := f.index[key]
	if i := slices.Index(list, n); i >= 0 {
		list = slices.Delete(list, i, i+1)
	}
	if len(list) == 0 {
		delete(f.index, key)
		return
	}
	f.index[key] = list
}

// key is how an index keeps a value: ids as they are, text without case.
func (f *field) key(v string) string {
	if f.sensitive || f.kind == "reference" {
		return v
	}
	return strings.ToLower(v)
}

// compact leaves entries out of the journal that newer ones have replaced.
func (o *object) compact() {
	kept := o.journal[:0]
	for i, e := range o.journal {
		if r := o.rows[e.n]; r != nil && r.at == int32(i) {
			r.at = int32(len(kept)) // a place, not a value of the record
			kept = append(kept, e)
		}
	}
	o.journal = kept
}

// since yields the numbers of rows changed at or after a second, oldest change
// first, until yield says no.
func (o *object) since(stamp int64, yield func(n int32) bool) {
	from := sort.Search(len(o.journal), func(i int) bool { return o.journal[i].stamp >= stamp })
	for i := from; i < len(o.journal); i++ {
		n := o.journal[i].n
		if r := o.rows[n]; r != nil && r.at == int32(i) && !yield(n) {
			return
		}
	}
}
