package hubspot_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/hubspot"
	"github.com/kith-sync/kith/connector/hubspot/sandbox"
	"github.com/kith-sync/kith/internal/peer"
)

// node finds node and what the clients need, or skips. Where every test has to
// run the packages are installed.
func node(t *testing.T) string {
	t.Helper()
	program := peer.Program(t, "node", "nodejs")
	if _, err := os.Stat("clients/node_modules/@hubspot/api-client"); err == nil {
		return program
	}
	if os.Getenv("KITH_CI") != "1" {
		t.Skip("HubSpot's own client is not there: npm ci in connector/hubspot/clients installs it")
	}
	cmd := exec.Command(peer.Program(t, "npm", "npm"), "ci", "--no-audit", "--no-fund")
	cmd.Dir = "clients"
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v\n%s", err, out)
	}
	return program
}

// What HubSpot's own client sees of the sandbox.
const clientSaw = `properties | Email | string | text | true
create | ada@example.com | 3 | true
read by e-mail | true | {"createdate":"T","email":"ada@example.com","firstname":"Ada","hs_object_id":"N","lastmodifieddate":"T","lastname":null,"lifecyclestage":"lead"}
update | Byron | customer | true
create the same | 409 | CONFLICT | Contact already exists. Existing ID: N
create with a property that is not there | 400 | VALIDATION_ERROR | Property values were not valid: [{"error":"PR
read what is not there | 404 | OBJECT_NOT_FOUND | resource not found
a stage back | customer
a batch without traces | 409 | CONFLICT | Contact already exists. Existing ID: N
a batch with traces | COMPLETE | 4 | 1 | CONFLICT | ["2"] | true
read a batch by e-mail | 1 | 1 | OBJECT_NOT_FOUND | ["nobody@example.com","nobody2@example.com"]
update a batch | 1 | 1 | OBJECT_NOT_FOUND | ["7"]
update one twice | 400 | VALIDATION_ERROR | Duplicate IDs found in batch input: [N]. IDs
update a batch by e-mail | 400 | VALIDATION_ERROR | Unable to perform update/upsert by non-unique
upsert a batch | [["Ben",false],["Finn",true]]
search | ["ada@example.com ben@example.com of 6","cem@example.com dora@example.com of 6","eve@example.com finn@example.com of 6"]
search beyond 10,000 | 400 | VALIDATION_ERROR | Paging through more than N results is not sup
pages | [4,2] | true
all | 6
merge | true | true | cem@example.com | dora@example.com | 2
read what is archived | 404 | OBJECT_NOT_FOUND | resource not found
the archive | ["Ben","eve"] | true | true
erase | 204
create who was erased | 400 | VALIDATION_ERROR | The email address was deleted for privacy rea
another token | 401 | INVALID_AUTHENTICATION | Authentication credentials not found. This AP
`

// runClient runs HubSpot's own client against an address.
func runClient(t *testing.T, program, url string) {
	t.Helper()
	cmd := exec.Command(program, "client.cjs", url, sandbox.DefaultToken)
	cmd.Dir = "clients"
	out, err := cmd.CombinedOutput()
	saw := strings.Split(string(out), "\n")
	for i, want := range strings.Split(clientSaw, "\n") {
		got := "nothing"
		if i < len(saw) {
			got = plainTimes(saw[i])
		}
		if got != want {
			t.Errorf("HubSpot's client saw\n%s\nwant\n%s", got, want)
		}
	}
	if err != nil {
		t.Errorf("HubSpot's client: %v\n%s", err, out)
	}
}

// plainTimes puts letters in the place of times and ids in what a step read.
func plainTimes(line string) string {
	step, text, ok := strings.Cut(line, " | true | {")
	if !ok {
		return line
	}
	var values map[string]any
	if json.Unmarshal([]byte("{"+text), &values) != nil {
		return line
	}
	for name := range values {
		switch name {
		case "createdate", "lastmodifieddate":
			values[name] = "T"
		case "hs_object_id":
			values[name] = "N"
		}
	}
	plain, _ := json.Marshal(values)
	return step + " | true | " + string(plain)
}

func TestHubSpotsOwnClient(t *testing.T) {
	program := node(t)
	st := newStage(t, sandbox.Options{})
	runClient(t, program, st.http.URL)
}

// prism starts Prism between us and the sandbox. It holds every request and every
// answer against the contract, and refuses what breaks it: 422 for ours, 500 for
// the sandbox's.
func prism(t *testing.T, program, upstream string) (url string) {
	t.Helper()
	contract := filepath.Join(t.TempDir(), "contract.json")
	cmd := exec.Command(program, "contract.cjs", contract)
	cmd.Dir = "clients"
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("contract: %v\n%s", err, out)
	}
	script, err := filepath.Abs("clients/node_modules/@stoplight/prism-cli/dist/index.js")
	must(t, err)
	addr, port := peer.FreeAddr(t)
	peer.Start(t, addr, program, script, "proxy", "--errors", "-h", "127.0.0.1", "-p", port, contract, upstream)
	return "http://" + addr
}

// A watch stands before Prism and keeps what it calls a breach of the contract.
type watch struct {
	mu       sync.Mutex
	asked    int
	breaches []string
}

func (w *watch) before(t *testing.T, url string) string {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second}
	front := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		out, err := http.NewRequestWithContext(r.Context(), r.Method, url+r.URL.RequestURI(), r.Body)
		if err != nil {
			t.Error(err)
			return
		}
		out.Header, out.ContentLength = r.Header.Clone(), r.ContentLength
		answer, err := client.Do(out)
		if err != nil {
			t.Error(err)
			return
		}
		defer answer.Body.Close()
		text := readAll(answer)
		w.mu.Lock()
		if w.asked++; answer.StatusCode == http.StatusUnprocessableEntity || answer.StatusCode == http.StatusInternalServerError || answer.Header.Get("Sl-Violations") != "" {
			w.breaches = append(w.breaches, fmt.Sprintf("%s %s: %d %s %s", r.Method, r.URL.Path, answer.StatusCode, answer.Header.Get("Sl-Violations"), text))
		}
		w.mu.Unlock()
		for name, values := range answer.Header {
			rw.Header()[name] = values
		}
		rw.Header().Del("Content-Length")
		rw.Header().Del("Content-Encoding")
		rw.WriteHeader(answer.StatusCode)
		_, _ = fmt.Fprint(rw, text)
	}))
	t.Cleanup(front.Close)
	return front.URL
}

func TestPrismFindsNoBreachOfTheContract(t *testing.T) {
	program := node(t)
	st := newStage(t, sandbox.Options{})
	w := &watch{}
	url := w.before(t, prism(t, program, st.http.URL))
	runClient(t, program, url)
	theirs := w.asked

	s := st.settings()
	s.URL = url
	c, err := hubspot.Open(t.Context(), s, st.client, st.clock)
	must(t, err)
	st.pass(time.Hour)
	_, last := listed(t, c, "")
	out := c.Write(t.Context(), []connector.Write{
		create("email", "gul@example.com", "firstname", "Gül"), create("email", "ADA@example.com"), create("email", "no address"),
		create("firstname", "Hale", "interests", "fairs;news"), update("1001", "city", "Ely", "lastname", ""), update("5", "city", "Ely"),
	})
	got := ""
	for _, o := range out {
		got += faultOf(o.Fault) + ", "
	}
	if want := "no fault, taken, invalid, no fault, no fault, missing, "; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	_, err = c.Fetch(t.Context(), []string{"1001", "1002", "5", out[0].Record.ID})
	must(t, err)
	for field, text := range map[string]string{"email": "Gul@example.com", "phone": "+1 202 555 0101", "mobilephone": "020 7946 0000"} {
		_, err = c.Find(t.Context(), field, []string{text, "x" + text})
		must(t, err)
	}
	o := c.Write(t.Context(), []connector.Write{{Op: connector.OpDelete, ID: out[0].Record.ID}})[0]
	if o.Fault != nil {
		t.Errorf("delete: %v", o.Fault)
	}
	changes, _ := listed(t, c, last.Cursor)
	if !changes[out[0].Record.ID].Gone || changes[out[3].Record.ID].ID == "" {
		t.Errorf("changes: got %+v", changes)
	}
	t.Logf("Prism saw %d requests of HubSpot's client and %d of ours", theirs, w.asked-theirs)
	if len(w.breaches) > 0 || w.asked-theirs < 10 {
		t.Errorf("got %d breaches:\n%s", len(w.breaches), strings.Join(w.breaches, "\n"))
	}
}

func readAll(answer *http.Response) string {
	text := new(strings.Builder)
	_, _ = io.Copy(text, answer.Body) // what there is of it
	return text.String()
}
