package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// People who are only invented are found as those who are there.
func TestInventedPeopleAreFoundAsOthers(t *testing.T) {
	light, whole := New(Options{}), New(Options{})
	for _, s := range []*Sandbox{light, whole} {
		s.Populate(150)
		s.Seed()
		for _, id := range []int{3, 70, 150} {
			s.Change(id, func(p *Person) { p.Name = "Zoe" })
		}
		s.Leave(9, 1)
		s.Delete(10)
		s.Delete(150)
	}
	for id := range whole.last {
		whole.touch(id + 1)
	}
	for _, c := range slices.Concat(conditions, []string{"", "subscribers.id > 100", "LOWER(subscribers.email) IN ('person10@example.com','person11@example.com')"}) {
		for _, lists := range [][]int{nil, {1}, {1, 2}} {
			a, wrong := asked(light, c, lists)
			b, also := asked(whole, c, lists)
			if !slices.Equal(a, b) || !reflect.DeepEqual(wrong, also) {
				t.Errorf("%s on lists %v: got %v, %v; want %v, %v", c, lists, a, wrong, b, also)
			}
		}
	}
}

// What listmonk's manual and source say, request by request.
func TestRequests(t *testing.T) {
	s := New(Options{User: "api", Token: "key"})
	s.Seed()
	for _, row := range []struct {
		sentence, method, path, body string
		status                       int
		want                         string // a part of the answer
	}{
		{"somebody is asked for by number", "GET", "/api/subscribers/1", "", 200, `"email":"ada.abel@example.org"`},
		{"a number that nobody has is a bad request", "GET", "/api/subscribers/99", "", 400, `"message":"Subscriber (99: ) not found"`},
		{"a page has 20 unless told, the last first", "GET", "/api/subscribers", "", 200, `"page":1,"per_page":20,"query":"","results":[{"id":9`},
		{"all are asked for by a word", "GET", "/api/subscribers?per_page=all&order_by=name&order=asc", "", 200, `"total":9`},
		{"a page is asked for by number", "GET", "/api/subscribers?per_page=2&page=2&order=asc&order_by=id", "", 200, `"results":[{"id":3`},
		{"a list is asked for, and a state on it", "GET", "/api/subscribers?list_id=1&subscription_status=unsubscribed", "", 200, `"total":2`},
		{"a text is looked for as an expression", "GET", "/api/subscribers?search=^ada", "", 200, `"total":1`},
		{"a search that is wrong is a bad request", "GET", "/api/subscribers?query=nobody+%3D+1", "", 400, `does not exist`},
		{"lists", "GET", "/api/lists?minimal=true", "", 200, `"name":"Newsletter"`},
		{"an address is there once", "POST", "/api/subscribers", `{"email":"Ada.Abel@example.org","name":"A"}`, 409, "E-mail already exists."},
		{"and not taken by a change", "PUT", "/api/subscribers/2", `{"email":"ada.abel@example.org","lists":[1]}`, 500, "duplicate key"},
		{"an address is checked", "POST", "/api/subscribers", `{"email":"x"}`, 400, "Invalid email."},
		{"a name is made from the address", "POST", "/api/subscribers", `{"email":"nora.quist@example.org"}`, 200, `"name":"Nora Quist"`},
		{"PATCH merges attributes and keeps lists", "PATCH", "/api/subscribers/1", `{"attribs":{"city":"Bath"}}`, 200, `"attribs":{"city":"Bath","company":"Northwind Tea","phone":"+44 20 7946 0100","tags":["demo"],"visits":0}`},
		{"PUT replaces attributes, and leaves lists it does not name", "PUT", "/api/subscribers/1", `{"email":"ada.abel@example.org"}`, 200, `"attribs":{},"status":"enabled","lists":[]`},
		{"add overwrites a state", "PUT", "/api/subscribers/lists", `{"ids":[3],"action":"add","target_list_ids":[1],"status":"confirmed"}`, 200, `"data":true`},
		{"add by a search does not", "PUT", "/api/subscribers/query/lists", `{"query":"subscribers.id = 7","action":"add","target_list_ids":[2],"status":"confirmed"}`, 200, `"data":true`},
		{"which is seen", "GET", "/api/subscribers?list_id=2&subscription_status=unsubscribed", "", 200, `"total":1`},
		{"a block unsubscribes from everything", "PUT", "/api/subscribers/6/blocklist", "", 200, `"data":true`},
		{"which is seen too", "GET", "/api/subscribers/6", "", 200, `"status":"blocklisted"`},
		{"who is deleted is gone", "DELETE", "/api/subscribers?id=5&id=6", "", 200, `"data":true`},
		{"without a trace", "GET", "/api/subscribers?per_page=all&query=id+IN+(5,6)", "", 200, `"total":0`},
		{"a path that is not there", "GET", "/api/nothing", "", 404, "Not Found"},
		{"a method that is not there", "PUT", "/api/subscribers", "{}", 405, "Method Not Allowed"},
		{"a form is not JSON", "POST", "/api/subscribers/blocklist", "", 405, "Method Not Allowed"},
	} {
		r := httptest.NewRequest(row.method, row.path, strings.NewReader(row.body))
		r.Header.Set("Authorization", "token api:key")
		if row.body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != row.status || !strings.Contains(w.Body.String(), row.want) || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s: got %d %s, want %d and %s", row.sentence, w.Code, w.Body, row.status, row.want)
		}
	}
}

func TestWhoIsLetIn(t *testing.T) {
	s := New(Options{User: "api", Token: "key", PerMinute: 7})
	s.Seed()
	basic := func(user, token string) string {
		r := httptest.NewRequest("GET", "/", nil)
		r.SetBasicAuth(user, token)
		return r.Header.Get("Authorization")
	}
	for _, row := range []struct {
		sentence, path, header string
		status                 int
	}{
		{"health is for everybody", "/api/health", "", 200},
		{"a name and a token", "/api/lists", basic("api", "key"), 200},
		{"in a header of its own", "/api/lists", "token api:key", 200},
		{"another token is forbidden, not unauthorized", "/api/lists", basic("api", "other"), 403},
		{"another name too", "/api/lists", "token other:key", 403},
		{"nobody too", "/api/lists", "", 403},
		{"and so is another way", "/api/lists", "Bearer key", 403},
		{"the proxy in front counts", "/api/lists", basic("api", "key"), 429},
	} {
		r := httptest.NewRequest("GET", row.path, nil)
		r.Header.Set("Authorization", row.header)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != row.status || (w.Code == 429) != (w.Header().Get("Retry-After") != "") {
			t.Errorf("%s: got %d %v, want %d", row.sentence, w.Code, w.Header(), row.status)
		}
	}
	if c := s.Counts(); c.Total != 8 || c.Breaches != 1 || c.Calls["GET /api/lists"] != 7 {
		t.Errorf("got %+v, want 8 calls and one breach", c)
	}
	if c := s.Counts(); c.Total != 0 {
		t.Errorf("counted again: got %+v, want nothing", c)
	}
}

func TestTheSeedSaysHowToConnect(t *testing.T) {
	s := New(Options{URL: "http://127.0.0.1:1", User: "api", Token: "key"})
	s.Populate(20)
	s.Seed()
	hint := strings.Join(s.Hint(), "\n")
	for _, want := range []string{"http://127.0.0.1:1", "api", "key", "Newsletter", "Club"} {
		if !strings.Contains(hint, want) {
			t.Errorf("got %s, want %s in it", hint, want)
		}
	}
	r := httptest.NewRequest("GET", "/api/subscribers?per_page=all", nil)
	r.SetBasicAuth("api", "key")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	var got struct{ Data struct{ Total int } }
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got.Data.Total != 29 || w.Code != http.StatusOK {
		t.Errorf("got %s", fmt.Sprint(w.Code, err, got))
	}
}
