package plan

import "slices"

// Terms are what a connection asks of every sync on it, whatever the sync says
// (settled question 24).
type Terms struct {
	Protected bool   // values that its records have are not overwritten
	Gate      string // who may be created there, as a gate says it of the book's fields
}

// Under is a linked sync as it runs on such a connection. A gate of its own and that
// of the connection must both be open. What may never be written still is not.
func (s Sync) Under(t Terms) Sync {
	towards := s.Target.Connection != ""
	if t.Protected {
		protect := func(w *Write) {
			if *w != WriteNever {
				*w = WriteIfExistingBlank
			}
		}
		if !towards {
			protect(&s.Policy.Back)
		} else {
			protect(&s.Policy.Update)
			s.Map = slices.Clone(s.Map)
			for i := range s.Map {
				if s.Map[i].Write != "" {
					protect(&s.Map[i].Write)
				}
			}
		}
	}
	gate := &s.Gate
	if !towards {
		gate = &s.GateBack
	}
	switch {
	case t.Gate == "":
	case *gate == "":
		*gate = t.Gate
	default:
		*gate = "(" + *gate + ") && (" + t.Gate + ")"
	}
	return s
}
