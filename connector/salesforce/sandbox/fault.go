package sandbox

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Fault is something that goes wrong with calls, at the org or on the way to it.
type Fault struct {
	// Method and Path say with which calls: with those of the method whose path
	// below the version, with its query, contains Path. Empty: any.
	Method, Path string
	// Skip lets that many through first, and Times is how often it happens after
	// them: zero is once, negative until undone.
	Skip, Times int
	// Status, Code and Message are the answer instead of the real one; Body too,
	// when it is not empty. Header is added.
	Status        int
	Code, Message string
	Body          string
	Header        map[string]string
	// Late answers with Status, Code and Message although the call was carried out.
	Late bool
	// Drop breaks the connection before anything is done, DropLate after it, and
	// Cut in the middle of the answer.
	Drop, DropLate, Cut bool
	// Slow is how long, in real time, nothing happens first.
	Slow time.Duration
}

// Fail makes calls go wrong until it is used up or undone.
func (s *Sandbox) Fail(f Fault) (undo func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.Times == 0 {
		f.Times = 1
	}
	own := &f
	s.faults = append(slices.DeleteFunc(s.faults, func(f *Fault) bool { return f.Times == 0 }), own)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		own.Times = 0
	}
}

// fault is what goes wrong with a call, nil for nothing.
func (s *Sandbox) fault(c *call) *Fault {
	where := c.path
	if q := c.query.Encode(); q != "" {
		where += "?" + q
	}
	for _, f := range s.faults {
		if f.Times == 0 || f.Method != "" && f.Method != c.method || !strings.Contains(where, f.Path) {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		if f.Times > 0 {
			f.Times--
		}
		s.tally.faulted++
		happens := *f
		return &happens
	}
	return nil
}

// wait is the slowness. It reports false when the client has not waited.
func (f *Fault) wait(r *http.Request) bool {
	if f == nil {
		return true
	}
	if f.Slow > 0 {
		timer := time.NewTimer(f.Slow)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			return false
		}
	}
	if f.Drop {
		panic(http.ErrAbortHandler)
	}
	return true
}

// answer is the one instead of the real one, if there is to be one.
func (f *Fault) answer() (answer, bool) {
	if f == nil || f.Status == 0 || f.Late {
		return answer{}, false
	}
	return f.wrong(), true
}

func (f *Fault) wrong() answer {
	a := (&problem{status: f.Status, code: first(f.Code, "UNKNOWN_EXCEPTION"), message: first(f.Message, "An unexpected error occurred.")}).answer()
	if f.Body != "" {
		a = answer{status: f.Status, text: f.Body, kind: "text/html"}
	}
	a.header = f.Header
	return a
}

// send sends an answer as far as the fault lets it.
func (f *Fault) send(w http.ResponseWriter, a answer) {
	switch {
	case f == nil:
		a.send(w)
	case f.DropLate:
		panic(http.ErrAbortHandler)
	case f.Cut:
		whole := a.bytes()
		w.Header().Set("Content-Length", strconv.Itoa(len(whole)))
		w.WriteHeader(a.status)
		_, _ = w.Write(whole[:len(whole)/2])
		_ = http.NewResponseController(w).Flush() // else nothing of it is sent
		panic(http.ErrAbortHandler)
	case f.Late && f.Status != 0:
		f.wrong().send(w)
	default:
		a.send(w)
	}
}

// A RowFault is a record that the org does not take: a lock, a validation rule,
// a trigger.
type RowFault struct {
	// Object and Op, "create", "update" or "delete", say which; empty: any.
	Object, Op string
	// Where says it more closely, by the values the record would have.
	Where func(values map[string]string) bool
	// Times is how often; zero is once, negative until undone.
	Times int
	// Code and Message are what the org says; Fields, of which fields. Without a
	// code it is UNABLE_TO_LOCK_ROW.
	Code, Message string
	Fields        []string
	// Status is of a call for this one record. Zero: 500 for a lock, otherwise 400.
	Status int
}

// Refuse makes records be refused until it is used up or undone.
func (s *Sandbox) Refuse(f RowFault) (undo func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.Times == 0 {
		f.Times = 1
	}
	if f.Code == "" {
		f.Code = "UNABLE_TO_LOCK_ROW"
	}
	if f.Status == 0 {
		f.Status = map[bool]int{true: http.StatusInternalServerError, false: http.StatusBadRequest}[f.Code == "UNABLE_TO_LOCK_ROW"]
	}
	own := &f
	s.refuses = append(slices.DeleteFunc(s.refuses, func(f *RowFault) bool { return f.Times == 0 }), own)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		own.Times = 0
	}
}

// failRow is what is wrong with saving a row, if something is to be.
func (s *Sandbox) failRow(op string, o *object, old, now *row) *problem {
	for _, f := range s.refuses {
		r := now
		if r == nil {
			r = old
		}
		if f.Times == 0 || f.Object != "" && !strings.EqualFold(f.Object, o.name) || f.Op != "" && f.Op != op || f.Where != nil && !f.Where(s.plain(o, r)) {
			continue
		}
		if f.Times > 0 {
			f.Times--
		}
		message := f.Message
		if f.Code == "UNABLE_TO_LOCK_ROW" && message == "" {
			message = "unable to obtain exclusive access to this record or 1 records: " + makeID(o.prefix, r.n)
		}
		return refuse(f.Code, message, f.Fields...).at(f.Status)
	}
	return nil
}
