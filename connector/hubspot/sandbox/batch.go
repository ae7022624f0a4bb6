package sandbox

import (
	"maps"
	"net/http"
	"slices"
)

// maxBatch is how many inputs a batch takes.
const maxBatch = 100

type batch struct {
	Inputs     []input  `json:"inputs"`
	Properties []string `json:"properties"`
	IDProperty string   `json:"idProperty"`
}

// readBatch reads a batch that is not too large and names nobody twice.
func (s *Sandbox) readBatch(r *http.Request) (b batch, p *problem) {
	if p := decode(r, &b); p != nil {
		return b, p
	}
	if len(b.Inputs) == 0 {
		return b, invalid("Some required fields were not set: [inputs]")
	}
	if len(b.Inputs) > maxBatch {
		s.breach("a batch of %d", len(b.Inputs))
		return b, invalid("The maximum number of inputs supported in a batch request for object contacts is %d, but %d were sent", maxBatch, len(b.Inputs))
	}
	seen := map[string]bool{}
	for _, in := range b.Inputs {
		if in.ID != "" && seen[in.ID] {
			p := invalid("Duplicate IDs found in batch input: [%s]. IDs must be unique", in.ID)
			p.context = map[string][]string{"ids": {in.ID}}
			return b, p
		}
		seen[in.ID] = true
	}
	return b, nil
}

// An outcome is what became of a batch so far.
type outcome struct {
	results  []any
	errors   []any
	missing  []string
	problems []*problem
}

func (o *outcome) fail(p *problem, trace string) {
	o.problems = append(o.problems, p)
	context := map[string][]string{}
	maps.Copy(context, p.context)
	context["objectWriteTraceId"] = []string{trace}
	o.errors = append(o.errors, itemError(p.category, p.message, context, p.errors))
}

// itemError is an entry among a batch's errors: with all that the contract asks
// for, which not all replies that were seen have.
func itemError(category, message string, context map[string][]string, details []detail) map[string]any {
	return map[string]any{"status": "error", "category": category, "message": message, "context": context,
		"errors": append([]detail{}, details...), "links": map[string]string{}}
}

// send answers with results, and one more entry for all that are not there.
func (o *outcome) send(s *Sandbox, w http.ResponseWriter, status int) {
	if len(o.missing) > 0 {
		o.errors = append(o.errors, itemError("OBJECT_NOT_FOUND", "Could not get some CONTACT objects, they may be deleted or not exist. Check that ids are valid.",
			map[string][]string{"ids": o.missing}, nil))
	}
	slices.Reverse(o.results) // nobody has promised an order
	if o.results == nil {
		o.results = []any{}
	}
	now := stamp(s.now())
	body := map[string]any{"status": "COMPLETE", "results": o.results, "startedAt": now, "completedAt": now}
	if len(o.errors) > 0 {
		status = http.StatusMultiStatus
		body["errors"], body["numErrors"] = o.errors, len(o.errors)
	}
	s.answer(w, status, body)
}

func (s *Sandbox) batchRead(w http.ResponseWriter, r *http.Request) *problem {
	b, p := s.readBatch(r)
	if p != nil {
		return p
	}
	archived := r.URL.Query().Get("archived") == "true"
	var o outcome
	shown := map[int64]bool{}
	for _, in := range b.Inputs {
		v, p := s.find(in.ID, b.IDProperty)
		switch {
		case p != nil && !p.notFound:
			return p
		case p != nil || v.archived != archived:
			o.missing = append(o.missing, in.ID)
		case b.IDProperty == "" && s.options.MergedLeftOut && in.ID != v.value("hs_object_id"), shown[v.id]:
		default:
			shown[v.id] = true
			o.results = append(o.results, s.object(v, b.Properties))
		}
	}
	o.send(s, w, http.StatusOK)
	return nil
}

// traced reports whether every input has its trace id: only then does one that
// fails not stop the others.
func traced(inputs []input) bool {
	return !slices.ContainsFunc(inputs, func(in input) bool { return in.Trace == "" })
}

// write carries out a batch: as a whole or not at all, unless it is traced.
func (s *Sandbox) write(w http.ResponseWriter, b batch, status int, try func(input) (map[string]any, *problem)) *problem {
	var before func() book
	if !traced(b.Inputs) || s.options.WholeBatch {
		before = s.book.copied()
	}
	var o outcome
	for _, in := range b.Inputs {
		object, p := try(in)
		if p == nil {
			if in.Trace != "" && s.options.EchoTrace {
				object["objectWriteTraceId"] = in.Trace
			}
			o.results = append(o.results, object)
			continue
		}
		if p.notFound {
			o.missing = append(o.missing, in.ID)
			continue
		}
		if before != nil {
			s.book = before()
			if whole := *p; p.conflict && s.options.ShortConflict {
				whole.message, whole.context = "Contact already exists", nil
				return &whole
			}
			return p
		}
		o.fail(p, in.Trace)
	}
	o.send(s, w, status)
	return nil
}

// copied remembers the book, to be put back. Only the people it has made one by
// one can have changed.
func (b *book) copied() (restore func() book) {
	c := *b
	c.byEmail, c.blocked = maps.Clone(b.byEmail), maps.Clone(b.blocked)
	c.ids, c.changes = slices.Clip(b.ids), slices.Clip(b.changes)
	c.people = make(map[int64]*person, len(b.people))
	for id, p := range b.people {
		one := *p
		one.values, one.past = maps.Clone(p.values), slices.Clip(p.past)
		c.people[id] = &one
	}
	return func() book { return c }
}

func (s *Sandbox) batchCreate(w http.ResponseWriter, r *http.Request) *problem {
	b, p := s.readBatch(r)
	if p != nil {
		return p
	}
	return s.write(w, b, http.StatusCreated, func(in input) (map[string]any, *problem) {
		made, p := s.create(in.Properties)
		if p != nil {
			return nil, p
		}
		return s.written(made.view(), nil), nil
	})
}

func (s *Sandbox) batchUpdate(w http.ResponseWriter, r *http.Request) *problem {
	b, p := s.readBatch(r)
	if p != nil {
		return p
	}
	for _, in := range b.Inputs {
		if p := s.property(in.IDProperty); in.IDProperty != "" && (p == nil || !p.Unique) {
			return invalid("Unable to perform update/upsert by non-unique 0-1 property: %s", in.IDProperty)
		}
	}
	return s.write(w, b, http.StatusOK, func(in input) (map[string]any, *problem) {
		v, p := s.find(in.ID, in.IDProperty)
		if p == nil && v.archived {
			p = notFound("resource not found")
		}
		if p == nil {
			p = s.update(s.book.person(v.id), in.Properties)
		}
		if p != nil {
			return nil, p
		}
		return s.written(s.book.person(v.id).view(), in.Properties), nil
	})
}

func (s *Sandbox) batchUpsert(w http.ResponseWriter, r *http.Request) *problem {
	b, p := s.readBatch(r)
	if p != nil {
		return p
	}
	for _, in := range b.Inputs {
		if p := s.property(in.IDProperty); in.IDProperty != "email" && (p == nil || !p.Unique) {
			return invalid("Unable to perform update/upsert by non-unique 0-1 property: %s", in.IDProperty)
		}
	}
	return s.write(w, b, http.StatusOK, func(in input) (map[string]any, *problem) {
		values := maps.Clone(in.Properties)
		values[in.IDProperty] = in.ID
		v, p := s.find(in.ID, in.IDProperty)
		if p == nil && !v.archived {
			if p := s.update(s.book.person(v.id), values); p != nil {
				return nil, p
			}
			object := s.written(s.book.person(v.id).view(), values)
			object["new"] = false
			return object, nil
		}
		made, p := s.create(values)
		if p != nil {
			return nil, p
		}
		object := s.written(made.view(), nil)
		object["new"] = true
		return object, nil
	})
}

// batchArchive answers 204 whatever the ids are.
func (s *Sandbox) batchArchive(w http.ResponseWriter, r *http.Request) *problem {
	b, p := s.readBatch(r)
	if p != nil {
		return p
	}
	for _, in := range b.Inputs {
		s.archive(in.ID)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
