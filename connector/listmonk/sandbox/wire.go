package sandbox

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// shown is a subscriber as the API shows one.
type shown struct {
	ID        int              `json:"id"`
	CreatedAt time.Time        `json:"created_at"`
	UpdatedAt time.Time        `json:"updated_at"`
	UUID      string           `json:"uuid"`
	Email     string           `json:"email"`
	Name      string           `json:"name"`
	Attribs   map[string]any   `json:"attribs"`
	Status    string           `json:"status"`
	Lists     []map[string]any `json:"lists"`
}

func (s *Sandbox) show(p *person) shown {
	out := shown{ID: p.id, CreatedAt: p.created, UpdatedAt: p.updated, UUID: uuid("subscriber", p.id), Email: p.email, Name: p.name, Attribs: p.attribs, Status: p.status, Lists: []map[string]any{}}
	for _, on := range p.on {
		l := s.lists[on.list-1]
		one := map[string]any{"subscription_status": on.status, "subscription_created_at": on.created, "id": l.ID, "uuid": l.UUID, "name": l.Name, "type": l.Type,
			"optin": l.Optin, "tags": l.Tags, "description": l.Description, "created_at": l.CreatedAt, "updated_at": l.UpdatedAt}
		if !s.options.Old {
			one["subscription_updated_at"], one["subscription_meta"] = on.updated, map[string]any{}
		}
		out.Lists = append(out.Lists, one)
	}
	return out
}

// reply answers with what was asked for.
func reply(w http.ResponseWriter, data any) {
	send(w, http.StatusOK, map[string]any{"data": data})
}

func refuse(w http.ResponseWriter, status int, message string) {
	send(w, status, map[string]any{"message": message})
}

func send(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that is gone reads nothing
}

// decode reads JSON, numbers as they are written.
func decode(r io.Reader, into any) error {
	d := json.NewDecoder(r)
	d.UseNumber()
	return d.Decode(into)
}

func body(r *http.Request, into any) *problem {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		return &problem{http.StatusUnsupportedMediaType, "Unsupported Media Type"}
	}
	if err := decode(io.LimitReader(r.Body, 16<<20), into); err != nil {
		return bad("%s", err)
	}
	return nil
}

// idIn is the number in a path.
func idIn(r *http.Request) int {
	for part := range strings.SplitSeq(r.URL.Path, "/") {
		if n, err := strconv.Atoi(part); err == nil {
			return n
		}
	}
	return 0
}

// numbers are the values of a parameter that may be there several times.
func numbers(r *http.Request, name string) (all []int, err *problem) {
	for _, text := range r.URL.Query()[name] {
		n, wrong := strconv.Atoi(text)
		if wrong != nil {
			return nil, bad("Invalid ID(s)")
		}
		all = append(all, n)
	}
	return all, nil
}

// page reads which part of a result is asked for: 20 unless told, all for "all".
func (s *Sandbox) page(r *http.Request) (number, size int) {
	number, _ = strconv.Atoi(r.URL.Query().Get("page"))
	size, err := strconv.Atoi(r.URL.Query().Get("per_page"))
	switch {
	case r.URL.Query().Get("per_page") == "all":
		size = 0
	case err != nil || size < 1:
		size = 20
	}
	if most := s.options.MaxPage; most > 0 && (size == 0 || size > most) {
		size = most
	}
	return max(number, 1), size
}
