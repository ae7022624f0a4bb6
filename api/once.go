package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/kith-sync/kith/store"
)

// keyHeader names a request, so that it can be sent again when its answer was lost
// (draft-ietf-httpapi-idempotency-key-header).
const (
	keyHeader    = "Idempotency-Key"
	repeatHeader = "Idempotent-Replayed"
	keyLength    = 200
	answersKept  = 24 * time.Hour
)

// once carries a request out, unless one with its key was: then it gets that one's
// answer. Another request with the key is refused. An answer that tells of our own
// failure is not kept, so that trying again tries again.
func (a *Server) once(v *visit, w http.ResponseWriter, key string, most int64, next func(http.ResponseWriter)) error {
	if len(key) > keyLength {
		return a.problem(http.StatusUnprocessableEntity, CodeInvalid, fmt.Sprintf("The %s is longer than %d bytes. Nothing was done", keyHeader, keyLength))
	}
	request, done, err := fingerprint(v.r, most)
	if err != nil {
		return err
	}
	defer done()
	kept := a.Service.Workspace.Store
	mine := store.Answer{Key: hashed(v.who.String(), key), Request: request, At: a.Service.Now()}
	first, fresh, err := kept.BeginAnswer(v.ctx(), mine, mine.At.Add(-answersKept))
	switch {
	case err != nil:
		return err
	case !fresh && first.Request != request:
		return a.problem(http.StatusUnprocessableEntity, CodeKeyUsed, "Another request had this "+keyHeader+". Nothing was done. Choose a new one for each request")
	case !fresh && first.Status == 0:
		return a.problem(http.StatusConflict, CodeUnfinished, "The first request with this "+keyHeader+" is still being carried out. Ask again in a moment")
	case !fresh:
		return a.repeat(w, first)
	}
	tape := &tape{ResponseWriter: w, status: http.StatusOK}
	defer func() {
		if mine.Status == 0 { // it failed, or it panicked: nothing was answered
			if err := kept.DropAnswer(noCancel(v), mine.Key); err != nil {
				a.Service.Log.Error("a key could not be given free", "error", err)
			}
		}
	}()
	next(tape)
	if tape.status >= http.StatusInternalServerError {
		return nil
	}
	if mine.Sealed, err = a.seal(said{tape.Header().Get("Content-Type"), tape.Header().Get("Location"), tape.Header().Get("ETag"), tape.body.Bytes()}); err != nil {
		return nil //nolint:nilerr // it was carried out and answered: a repetition is carried out again
	}
	mine.Status = tape.status
	if err := kept.KeepAnswer(noCancel(v), mine); err != nil {
		a.Service.Log.Error("an answer could not be kept", "error", err)
	}
	return nil
}

// said is what is repeated of an answer.
type said struct {
	Type, Location, ETag string
	Body                 []byte
}

// repeat answers once more what was answered before.
func (a *Server) repeat(w http.ResponseWriter, first store.Answer) error {
	in, err := a.Service.Workspace.Engine.Vault.Decrypt(bytes.NewReader(first.Sealed))
	if err != nil {
		return err
	}
	var s said
	if err := json.NewDecoder(in).Decode(&s); err != nil {
		return err
	}
	for name, value := range map[string]string{"Content-Type": s.Type, "Location": s.Location, "ETag": s.ETag, repeatHeader: "true"} {
		if value != "" {
			w.Header().Set(name, value)
		}
	}
	w.WriteHeader(first.Status)
	_, _ = w.Write(s.Body) // whoever is gone needs no answer
	return nil
}

// seal closes an answer: it may hold people, and a token that is shown only once.
func (a *Server) seal(s said) ([]byte, error) {
	var sealed bytes.Buffer
	out, err := a.Service.Workspace.Engine.Vault.Encrypt(&sealed)
	if err != nil {
		return nil, err
	}
	err = json.NewEncoder(out).Encode(s)
	return sealed.Bytes(), err
}

// A tape keeps what is answered.
type tape struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (t *tape) WriteHeader(status int) {
	t.status = status
	t.ResponseWriter.WriteHeader(status)
}

func (t *tape) Write(b []byte) (int, error) {
	t.body.Write(b)
	return t.ResponseWriter.Write(b)
}

func (t *tape) Unwrap() http.ResponseWriter { return t.ResponseWriter }

// inMemory is how much of a body is looked at without a file.
const inMemory = 1 << 20

// fingerprint hashes what is asked for, and leaves the body to be read once more.
func fingerprint(r *http.Request, most int64) (hash string, done func(), err error) {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s %s\n%s\n", r.Method, r.URL.RequestURI(), r.Header.Get("Content-Type"))
	in := io.TeeReader(http.MaxBytesReader(nil, r.Body, most), sum)
	var head bytes.Buffer
	if _, err := io.CopyN(&head, in, inMemory); errors.Is(err, io.EOF) {
		r.Body = io.NopCloser(&head)
		return hex.EncodeToString(sum.Sum(nil)), func() {}, nil
	} else if err != nil {
		return "", nil, err
	}
	file, err := os.CreateTemp("", "kith-request-*")
	if err != nil {
		return "", nil, err
	}
	done = func() { _ = errors.Join(file.Close(), os.Remove(file.Name())) } // nothing in it is needed any more
	if _, err := io.Copy(file, io.MultiReader(&head, in)); err != nil {
		done()
		return "", nil, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		done()
		return "", nil, err
	}
	r.Body = file
	return hex.EncodeToString(sum.Sum(nil)), done, nil
}

func hashed(parts ...string) string {
	sum := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(sum, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(sum.Sum(nil))
}
