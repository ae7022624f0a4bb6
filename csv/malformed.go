package csv

// Quotes that are out of place, and how they are kept from spoiling more than
// their own record:
//
//	in the file            read as          because
//	"5" pipe",x            5" pipe | x      a quote in a quoted field may be meant literally ...
//	"a"b,x                 ab | x           ... or close it; what gives as many columns as the header wins
//	"a,x                   unclosed         the next quote opens a field of a later record,
//	"b",y                  b | y            so only the line with the open quote is lost
//	... until the limit    unclosed         and reading goes on with the line after it

// malformed decides how the stray quotes of a record are understood: literally,
// unless only the closing reading gives as many columns as the header, or the
// literal one finds no end on the line.
func (r *Reader) malformed(first attempt) (attempt, reading, result) {
	lit := first
	litResult := r.divide(&lit, literal)
	litFits := r.columns == r.Columns
	end := first
	endResult := r.divide(&end, closing)
	endFits := endResult == complete && r.columns == r.Columns
	if (litResult == more || endResult == more) && r.end-r.pos <= r.l.Record {
		return end, closing, more
	}
	if litResult == complete && (litFits || !endFits) {
		lit = first
		return lit, literal, r.divide(&lit, literal)
	}
	return end, closing, endResult
}

// swallowed reports whether the record that was read over several lines took
// in the next record, because of a quote that was never closed: it has the
// wrong number of columns, while the line at next has the right one by itself.
// That is not known where the window ends before that line does.
func (r *Reader) swallowed(next int) (swallowed, known bool) {
	if r.Columns == 0 || r.columns == r.Columns {
		return false, true
	}
	start := r.pos
	defer func() { r.pos = start }()
	r.pos += next
	end, size, ok := r.lineEnd(r.pos)
	a := attempt{end: end - r.pos, size: size}
	return ok && r.divide(&a, strict) == complete && a.breaks == 0 && r.columns == r.Columns, ok
}

// contain returns the record up to the end of the line on which the field
// a.torn opens a quote that is never closed. Reading goes on with the next line.
func (r *Reader) contain(a attempt) (*Row, error) {
	torn := a.torn
	r.divide(&a, closing)
	row, err := r.finish(a.end, a.size, a.breaks)
	r.refuse(UnclosedQuote, torn, "A quoted value opens in column %d and is not closed. Add the missing quote (%c), or remove the one that opens it.",
		torn, r.quote)
	return row, err
}
