package sandbox

import (
	"net/http"
	"slices"
	"strings"
)

// A DuplicateRule finds records that stand for somebody who is there already.
type DuplicateRule struct {
	// Object is what is saved and Against where to look, the object itself when
	// empty. Fields must all be equal, and not empty; they are indexed ones,
	// Email above all.
	Object  string
	Against []string
	Fields  []string
	// Alert only warns: Sforce-Duplicate-Rule-Header allowSave=true passes it.
	Alert bool
}

// duplicates are the active duplicate rules.
func (s *Sandbox) duplicates(by saver, o *object, old, r *row) *problem {
	for _, rule := range s.options.Duplicates {
		if !strings.EqualFold(rule.Object, o.name) || rule.Alert && by.allow {
			continue
		}
		if old != nil && !slices.ContainsFunc(rule.Fields, func(name string) bool { return old.get(o.field(name)) != r.get(o.field(name)) }) {
			continue
		}
		against := rule.Against
		if against == nil {
			against = []string{o.name}
		}
		for _, name := range against {
			to := s.objects[lower(name)]
			if found := s.alike(o, r, to, rule.Fields); found != nil {
				return s.duplicate(by, rule, to, found)
			}
		}
	}
	return nil
}

// alike are the rows that have a row's values in all the fields.
func (s *Sandbox) alike(o *object, r *row, to *object, fields []string) (out []*row) {
	for i, name := range fields {
		v, f := r.get(o.field(name)), to.field(name)
		if v == "" || f == nil {
			return nil
		}
		if i == 0 {
			for _, other := range s.holders(to, f, v) {
				if to != o || other.n != r.n {
					out = append(out, other)
				}
			}
			continue
		}
		out = slices.DeleteFunc(out, func(other *row) bool { return !strings.EqualFold(s.value(to, other, f), v) })
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

func (s *Sandbox) duplicate(by saver, rule DuplicateRule, to *object, found []*row) *problem {
	p := refuse("DUPLICATES_DETECTED", "Use one of these records?").at(http.StatusBadRequest)
	name := "Standard_" + rule.Object + "_Duplicate_Rule"
	records := []any{}
	for _, r := range found {
		record := map[string]any{"attributes": map[string]any{"type": to.name, "url": "/services/data/v60.0/sobjects/" + to.name + "/" + makeID(to.prefix, r.n)}, "Id": makeID(to.prefix, r.n)}
		if by.details {
			for k, v := range s.plain(to, r) {
				record[k] = v
			}
		}
		records = append(records, map[string]any{"additionalInformation": []any{}, "fieldDiffs": []any{}, "matchConfidence": 100.0, "record": record})
	}
	p.spelled = first(s.options.DuplicateKey, "duplicateResut")
	p.result = map[string]any{"allowSave": rule.Alert, "duplicateRule": name, "duplicateRuleEntityType": rule.Object, "errorMessage": "Use one of these records?",
		"matchResults": []any{map[string]any{"entityType": to.name, "errors": []any{}, "matchEngine": "ExactMatchEngine", "matchRecords": records, "rule": "Standard_" + to.name + "_Match_Rule_v1_1", "size": len(found), "success": true}}}
	return p
}
