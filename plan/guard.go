package plan

import (
	"fmt"
	"strconv"
	"strings"
)

// A Limit is a share of the contacts in scope, in hundredths of a percent, or
// unset. "10%" is a limit that 10.00 % passes and 10.01 % does not.
type Limit struct{ set, basisPoints int64 }

// NoLimit is the limit of somebody who wants none; an unset one takes the default.
var NoLimit = Limit{set: 2}

// Percent is a limit of n percent.
func Percent(n int64) Limit { return Limit{1, n * 100} }

// ParseLimit reads "10%", "2.5 %" or "none".
func ParseLimit(s string) (Limit, error) {
	s = strings.TrimSpace(s)
	switch s {
	case "":
		return Limit{}, nil
	case "none":
		return NoLimit, nil
	}
	number, ok := strings.CutSuffix(s, "%")
	f, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if !ok || err != nil || !(f >= 0 && f <= 100) { // NaN fails too
		return Limit{}, fmt.Errorf("%q is not a share such as 10%%, nor none", s)
	}
	return Limit{1, int64(f*100 + 0.5)}, nil
}

// Set reports whether there is a limit at all.
func (l Limit) Set() bool { return l.set == 1 }

// String returns the limit as people write it: "10%".
func (l Limit) String() string {
	if !l.Set() {
		return "none"
	}
	return strconv.FormatFloat(float64(l.basisPoints)/100, 'f', -1, 64) + "%"
}

// Exceeded reports whether n of base is more than the limit; exactly the limit
// passes (C39, settled question 4). Anything of nothing exceeds every limit.
func (l Limit) Exceeded(n, base int64) bool {
	return l.Set() && n*10000 > l.basisPoints*base
}

// MarshalText and UnmarshalText are the limit's form in files.
func (l Limit) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (l *Limit) UnmarshalText(b []byte) (err error) { *l, err = ParseLimit(string(b)); return err }

// Guard is the mass-change guard (C39): a plan that exceeds it is not applied,
// not even in part, until a person approves exactly that plan.
type Guard struct {
	Deletes    Limit `json:"deletes,omitzero" yaml:"deletes,omitempty"`
	Changes    Limit `json:"changes,omitzero" yaml:"changes,omitempty"` // deletes + updates + marks: the Contact Manager's reading
	MaxDeletes int64 `json:"max_deletes,omitempty" yaml:"max_deletes,omitempty"`
	Day        Limit `json:"deletes_per_24h,omitzero" yaml:"deletes_per_24h,omitempty"` // the rolling total (I5)
	Explicit   bool  `json:"explicit,omitempty" yaml:"-"`                               // named in the sync file: guards every run
}

// A Stop is the guard's objection to a plan.
type Stop struct {
	What  string `json:"what"` // "deletes" or "changes"
	Count int64  `json:"count"`
	Base  int64  `json:"base"`
	Limit string `json:"limit"`
	// Of Count and Base, what earlier runs of the last 24 hours deleted.
	Before int64 `json:"before,omitempty"`
}

// OfPlan is how much of what the guard objects to this plan would do.
func (s Stop) OfPlan() int64 { return s.Count - s.Before }

// Check returns the guard's objection to a plan with these totals, or nil.
// Base is the number of contacts in delete scope before the run. Adds never
// count.
func (g Guard) Check(t Totals, base int64) *Stop {
	switch changes := t.Deleted + t.Updated + t.Marked; {
	case g.Changes.Exceeded(changes, base):
		return &Stop{What: "changes", Count: changes, Base: base, Limit: g.Changes.String()}
	case g.Deletes.Exceeded(t.Deleted, base):
		return &Stop{What: "deletes", Count: t.Deleted, Base: base, Limit: g.Deletes.String()}
	case g.MaxDeletes > 0 && t.Deleted > g.MaxDeletes:
		return &Stop{What: "deletes", Count: t.Deleted, Base: base, Limit: strconv.FormatInt(g.MaxDeletes, 10)}
	}
	return nil
}

// DayLimit is the limit of 24 hours. Where none is named it is a fifth (settled question
// 4), or twice the share that one run may remove, where that is more; none, where a run
// may remove any share.
func (g Guard) DayLimit() Limit {
	once := g.Deletes // who removes changes: the stricter of the two holds
	if !once.Set() || g.Changes.Set() && g.Changes.basisPoints < once.basisPoints {
		once = g.Changes
	}
	switch {
	case g.Day != (Limit{}):
		return g.Day
	case !once.Set():
		return NoLimit
	}
	return Limit{1, min(max(2000, 2*once.basisPoints), 10000)}
}

// perDay ends a limit that counts the last 24 hours.
const perDay = " in 24 hours"

// CheckDay returns the guard's objection to a plan that deletes so many records, together
// with those that were deleted in the last 24 hours, or nil. Base is the number of records
// in delete scope before the run. A run with none before it is judged by Check alone.
func (g Guard) CheckDay(deletes, before, base int64) *Stop {
	limit := g.DayLimit()
	if before == 0 || !limit.Exceeded(deletes+before, base+before) {
		return nil
	}
	return &Stop{What: "deletes", Count: deletes + before, Base: base + before, Limit: limit.String() + perDay, Before: before}
}

// share is the count in percent of the base, with as many decimals as it takes
// to tell it from the limit.
func (s Stop) share() string {
	limit, _ := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSuffix(s.Limit, perDay), "%"), 64)
	for decimals := 1; ; decimals++ {
		text := strconv.FormatFloat(float64(s.Count)*100/float64(s.Base), 'f', decimals, 64)
		if shown, _ := strconv.ParseFloat(text, 64); shown != limit || decimals == 6 {
			return text
		}
	}
}

// Message says what happened, what is safe, and what to do next.
func (s Stop) Message() string {
	share := "all"
	if s.Base > 0 {
		share = s.share() + " %"
	}
	limit := strings.Replace(s.Limit, "%", " %", 1)
	if s.Before > 0 {
		return fmt.Sprintf("%d more would be deleted, %d of %d contacts (%s) with what this sync deleted in the last 24 hours; the limit is %s. Nothing was written.",
			s.OfPlan(), s.Count, s.Base, share, limit)
	}
	verb := map[string]string{"deletes": "deleted", "changes": "deleted or changed"}[s.What]
	return fmt.Sprintf("%d of %d contacts (%s) would be %s; the limit is %s. Nothing was written.", s.Count, s.Base, share, verb, limit)
}
