package sandbox

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
)

// The limits of one batch add and of one batch of operations.
const (
	maxBatchAdd   = 500
	maxOperations = 1000
)

// batchAdd adds and updates members, each by itself: the answer is 200 whatever
// becomes of them.
func (s *Sandbox) batchAdd(w http.ResponseWriter, r *http.Request, a *Audience) {
	var given struct {
		Members []body `json:"members"`
		Update  bool   `json:"update_existing"`
		Sync    bool   `json:"sync_tags"`
	}
	if !s.read(w, r, &given) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(given.Members) > maxBatchAdd {
		s.breach("batch add")
		s.refuse(w, *invalid("The resource is not valid.", fieldError{"members", "No more than 500 members can be added at once."}))
		return
	}
	made, changed, wrong := []map[string]any{}, []map[string]any{}, []map[string]any{}
	seen := map[string]bool{}
	for _, b := range given.Members {
		email := strings.ToLower(strings.TrimSpace(value(b.Email)))
		n, isNew, p := int32(0), false, invalid("This address is in the request more than once.")
		if !seen[email] {
			n, isNew, p = a.addOne(b, given.Update, skips(r))
		}
		seen[email] = true
		switch {
		case p != nil:
			wrong = append(wrong, batchError(value(b.Email), p))
		case isNew:
			made = append(made, a.aboutInBatch(n))
		default:
			changed = append(changed, a.aboutInBatch(n))
		}
	}
	answer(w, r, map[string]any{"new_members": made, "updated_members": changed, "errors": wrong,
		"total_created": len(made), "total_updated": len(changed), "error_count": len(wrong)})
}

func (a *Audience) addOne(b body, update, skip bool) (n int32, isNew bool, p *problem) {
	n, known := a.byHash[hashOf(value(b.Email))]
	o := a.s.options
	switch {
	case b.Status == nil && o.BatchNeedsStatus:
		return 0, false, invalid("The resource is not valid.", fieldError{"status", "This value should not be blank."})
	case known && !update:
		return n, false, &exists
	case known:
		return n, false, a.update(n, b, skip)
	case b.Status == nil && o.BatchMakes != "":
		n, p = a.create(b, o.BatchMakes, skip)
	default:
		n, p = a.create(b, value(b.Status), skip)
	}
	return n, true, p
}

func batchError(email string, p *problem) map[string]any {
	e := map[string]any{"email_address": email, "error": p.detail, "error_code": "ERROR_GENERIC", "field": "", "field_message": ""}
	if p == &exists {
		e["error_code"] = "ERROR_CONTACT_EXISTS"
	}
	if len(p.errors) > 0 {
		e["field"], e["field_message"] = p.errors[0].Field, p.errors[0].Message
	}
	return e
}

// A batch is a number of requests that the server makes by itself.
type batch struct {
	id         string
	total, bad int
	polls      int
	archive    []byte
	submitted  string
}

func (s *Sandbox) startBatch(w http.ResponseWriter, r *http.Request) {
	var given struct {
		Operations []struct {
			Method string         `json:"method"`
			Path   string         `json:"path"`
			Params map[string]any `json:"params"`
			Body   string         `json:"body"`
			ID     string         `json:"operation_id"`
		} `json:"operations"`
	}
	if !s.read(w, r, &given) {
		return
	}
	if len(given.Operations) > maxOperations {
		s.mu.Lock()
		s.breach("operations")
		s.mu.Unlock()
		s.refuse(w, *invalid("The resource is not valid.", fieldError{"operations", "No more than 1000 operations can be in one batch."}))
		return
	}
	b := &batch{total: len(given.Operations), submitted: stamp(s.time().Unix())}
	results := []map[string]any{}
	for _, op := range given.Operations {
		inner := httptest.NewRequest(op.Method, "/3.0"+op.Path, strings.NewReader(op.Body))
		q := inner.URL.Query()
		for name, v := range op.Params {
			q.Set(name, fmt.Sprint(v))
		}
		inner.URL.RawQuery = q.Encode()
		inner.SetBasicAuth("batch", s.options.Key)
		to := httptest.NewRecorder()
		s.routes.ServeHTTP(to, inner)
		if to.Code >= 400 {
			b.bad++
		}
		results = append(results, map[string]any{"status_code": to.Code, "operation_id": op.ID, "response": to.Body.String()})
	}
	b.archive = packed(results)
	s.mu.Lock()
	b.id = fmt.Sprintf("b%09x", len(s.batches)+1)
	s.batches[b.id] = b
	about := s.aboutBatch(b, r)
	s.mu.Unlock()
	answer(w, r, about)
}

// packed is the archive of results: a folder and files of a hundred results.
func packed(results []map[string]any) []byte {
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	files := tar.NewWriter(zip)
	_ = files.WriteHeader(&tar.Header{Name: "./", Typeflag: tar.TypeDir, Mode: 0o755}) // a Buffer takes everything
	for i := 0; len(results) > 0; i++ {
		some := results[:min(100, len(results))]
		results = results[len(some):]
		text, _ := json.Marshal(some) // of strings and numbers
		_ = files.WriteHeader(&tar.Header{Name: fmt.Sprintf("./part-%d.json", i), Mode: 0o644, Size: int64(len(text))})
		_, _ = files.Write(text)
	}
	_ = files.Close()
	_ = zip.Close()
	return out.Bytes()
}

func (s *Sandbox) aboutBatch(b *batch, r *http.Request) map[string]any {
	about := map[string]any{"id": b.id, "status": "pending", "total_operations": b.total, "finished_operations": 0, "errored_operations": 0, "submitted_at": b.submitted, "response_body_url": ""}
	switch {
	case b.polls >= s.options.Polls:
		about["status"], about["finished_operations"], about["errored_operations"], about["completed_at"] = "finished", b.total, b.bad, b.submitted
		about["response_body_url"] = "http://" + r.Host + "/batch-results/" + b.id
	case b.polls > 0:
		about["status"] = "started"
	}
	return about
}

func (s *Sandbox) batchStatus(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.batches[r.PathValue("batch")]
	if b == nil {
		s.refuse(w, notFound)
		return
	}
	b.polls++
	answer(w, r, s.aboutBatch(b, r))
}

// batchResults is on another server in real life, where the address itself
// gives the right to read it; whoever sends the key there gives it away.
func (s *Sandbox) batchResults(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	b := s.batches[r.PathValue("batch")]
	if r.Header.Get("Authorization") != "" {
		s.breach("key shown to another server")
	}
	s.mu.Unlock()
	if b == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/gzip")
	_, _ = w.Write(b.archive) // a client that is gone reads nothing
}
