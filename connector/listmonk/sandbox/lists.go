package sandbox

import (
	"net/http"
	"strings"
)

func (s *Sandbox) getLists(w http.ResponseWriter, r *http.Request) *problem {
	found := []list{}
	for _, l := range s.lists {
		if strings.Contains(strings.ToLower(l.Name), strings.ToLower(r.URL.Query().Get("query"))) {
			found = append(found, l)
		}
	}
	number, size := s.page(r)
	total := len(found)
	if size > 0 && r.URL.Query().Get("minimal") != "true" {
		found = found[min(total, (number-1)*size):min(total, number*size)]
	}
	reply(w, map[string]any{"results": found, "total": total, "page": number, "per_page": size})
	return nil
}

func (s *Sandbox) getList(w http.ResponseWriter, r *http.Request) *problem {
	n := idIn(r)
	if n < 1 || n > len(s.lists) {
		return bad("List not found")
	}
	reply(w, s.lists[n-1])
	return nil
}

func (s *Sandbox) postList(w http.ResponseWriter, r *http.Request) *problem {
	var l list
	if err := body(r, &l); err != nil {
		return err
	}
	if l.Name == "" || l.Optin != "single" && l.Optin != "double" {
		return bad("Invalid name or opt-in")
	}
	reply(w, s.addList(l.Name, l.Optin))
	return nil
}
