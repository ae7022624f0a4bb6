package sandbox_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/csv"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector/salesforce/sandbox"
	"github.com/kith-sync/kith/internal/peer"
)

// The clients that others wrote, and real people use, judge the sandbox. They are
// in the folder clients, with the versions they are pinned to.
const clients = "../clients"

const accessToken = "00D000000000001!judge"

// judged is an org as the judges expect it: seeded, with an external id and a
// company of 5,000 leads, and now and then a short page.
func judged(t *testing.T, publicKey []byte) (*sandbox.Sandbox, string) {
	s := sandbox.New(sandbox.Options{Token: accessToken, ShortPage: 3, PublicKeyPEM: publicKey})
	s.Seed()
	s.AddField("Contact", sandbox.NewField{Name: "Ext__c", Length: 64, External: true, Unique: true})
	s.Fill("Lead", 5000, func(i int) map[string]string {
		return map[string]string{"LastName": fmt.Sprintf("Page %d", i), "Company": "Paging Ltd", "Email": fmt.Sprintf("page%d@example.com", i)}
	})
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, server.URL
}

// installed makes sure of the npm packages, which a run of everything installs.
func installed(t *testing.T) (node string) {
	node = peer.Program(t, "node", "nodejs")
	if _, err := os.Stat(clients + "/node_modules/jsforce"); err == nil {
		return node
	}
	if os.Getenv("KITH_CI") != "1" {
		t.Skip("the judges are not installed: run npm ci in connector/salesforce/clients")
	}
	if said, err := run(t, clients, 10*time.Minute, nil, peer.Program(t, "npm", "npm"), "ci", "--no-audit", "--no-fund", "--ignore-scripts"); err != nil {
		t.Fatal(err, said)
	}
	return node
}

// run runs a program to its end and returns what it said.
func run(t *testing.T, folder string, limit time.Duration, env []string, program string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Env = folder, append(os.Environ(), env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if errs.Len() > 0 {
		t.Logf("%s %s: %.2000s", filepath.Base(program), strings.Join(args, " "), errs.String())
	}
	return out.String(), err
}

// verdict fails the test for every check that is not ok.
func verdict(t *testing.T, said string, err error, atLeast int) {
	t.Helper()
	ok := 0
	for line := range strings.Lines(said) {
		if strings.HasPrefix(line, "ok ") {
			ok++
			t.Log(strings.TrimSpace(line))
		}
	}
	if err != nil || ok < atLeast {
		t.Errorf("%d checks ok, want %d: %v\n%s", ok, atLeast, err, said)
	}
}

func unbroken(t *testing.T, s *sandbox.Sandbox) {
	t.Helper()
	if c := s.Counts(); len(c.Breaches) > 0 {
		t.Errorf("the sandbox blames the client: %v", c.Breaches)
	}
}

func TestJSForce(t *testing.T) {
	node := installed(t)
	s, url := judged(t, nil)
	said, err := run(t, clients, 2*time.Minute, []string{"ORG=" + url}, node, "jsforce.js")
	verdict(t, said, err, 12)
	unbroken(t, s)
}

func TestGoSalesforce(t *testing.T) {
	program := filepath.Join(t.TempDir(), "judge")
	if said, err := run(t, clients, 5*time.Minute, []string{"GOFLAGS=-mod=readonly"}, peer.Program(t, "go", "golang"), "build", "-o", program, "."); err != nil {
		peer.Missing(t, "go-salesforce cannot be built: "+err.Error()+said)
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key.pem")
	peer.Write(t, file, string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})))
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	s, url := judged(t, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))
	said, err := run(t, clients, 2*time.Minute, nil, program, url, file)
	verdict(t, said, err, 7)
	unbroken(t, s)
}

// A terminal is a place where sf is typed.
type terminal struct {
	t         *testing.T
	node, url string
	home      string
}

// sf runs one command and returns its result.
func (tm *terminal) sf(args ...string) (status int, result map[string]any, said string) {
	tm.t.Helper()
	env := []string{"HOME=" + tm.home, "SF_ACCESS_TOKEN=" + accessToken, "SF_USE_GENERIC_UNIX_KEYCHAIN=true", "SF_DISABLE_TELEMETRY=true", "SF_AUTOUPDATE_DISABLE=true", "SF_ORG_API_VERSION=62.0", "SF_SKIP_NEW_VERSION_CHECK=true", "SF_DISABLE_LOG_FILE=true", "NO_COLOR=1", "SF_HIDE_RELEASE_NOTES=true"}
	folder, err := filepath.Abs(clients)
	if err != nil {
		tm.t.Fatal(err)
	}
	said, _ = run(tm.t, tm.home, 2*time.Minute, env, tm.node, append([]string{"--no-deprecation", folder + "/node_modules/@salesforce/cli/bin/run.js"}, args...)...)
	var answer struct {
		Status int
		Result json.RawMessage
	}
	if err := json.Unmarshal([]byte(said), &answer); err != nil {
		return -1, nil, said
	}
	_ = json.Unmarshal(answer.Result, &result) // a result may be a list
	return answer.Status, result, said
}

func (tm *terminal) must(args ...string) map[string]any {
	tm.t.Helper()
	status, result, said := tm.sf(args...)
	if status != 0 {
		tm.t.Fatalf("sf %s: %.3000s", strings.Join(args, " "), said)
	}
	return result
}

func (tm *terminal) file(name, text string) string {
	path := filepath.Join(tm.home, name)
	peer.Write(tm.t, path, text)
	return path
}

func TestSalesforceCLI(t *testing.T) {
	if testing.Short() {
		t.Skip("sf takes seconds to start")
	}
	node := installed(t)
	s, url := judged(t, nil)
	tm := &terminal{t, node, url, t.TempDir()}
	who := tm.must("org", "login", "access-token", "--instance-url", url, "--no-prompt", "--json")["username"].(string)
	org := []string{"--target-org", who, "--json"}
	with := func(args ...string) []string { return append(args, org...) }

	found := tm.must(with("data", "query", "--query", "SELECT Id, Email FROM Lead WHERE Company = 'Paging Ltd'")...)
	if got := len(found["records"].([]any)); got != 5000 {
		t.Errorf("query: got %d records, want 5000", got)
	}
	if status, _, said := tm.sf(with("data", "query", "--query", "SELECT Nonsense FROM Lead")...); status == 0 || !strings.Contains(said, "INVALID_FIELD") {
		t.Errorf("query of an unknown field: got %d, %.500s", status, said)
	}
	id := tm.must(with("data", "create", "record", "--sobject", "Contact", "--values", "LastName=Terminal Email=Term@Example.com Ext__c=sf-1")...)["id"].(string)
	tm.must(with("data", "update", "record", "--sobject", "Contact", "--record-id", id, "--values", "Title=Buyer")...)
	if got := s.Values(id); got["Title"] != "Buyer" || got["Email"] != "term@example.com" {
		t.Errorf("after create and update: got %v", got)
	}

	rows := "LastName,Ext__c,Email\n"
	for i := range 50 {
		rows += fmt.Sprintf("Row %d,sf-%d,%s\n", i, i, map[bool]string{true: "wrong", false: fmt.Sprintf("row%d@example.com", i)}[i%25 == 24])
	}
	status, _, said := tm.sf(with("data", "upsert", "bulk", "--sobject", "Contact", "--external-id", "Ext__c", "--file", tm.file("rows.csv", rows), "--wait", "2")...)
	if status == 0 || !strings.Contains(said, "FAILED") && !strings.Contains(said, "failed") {
		t.Errorf("upsert bulk with 2 bad rows: got %d: %.1000s", status, said)
	}
	if got := s.Values(id)["LastName"]; got != "Row 1" {
		t.Errorf("upsert bulk: the record that was there has the name %q, want \"Row 1\"", got)
	}
	exported := filepath.Join(tm.home, "out.csv")
	tm.must(with("data", "export", "bulk", "--query", "SELECT Id, LastName, Ext__c FROM Contact WHERE Ext__c LIKE 'sf-%'", "--output-file", exported, "--result-format", "csv", "--wait", "2")...)
	text, err := os.ReadFile(exported)
	if err != nil {
		t.Fatal(err)
	}
	table, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil || len(table) != 49 {
		t.Errorf("export bulk: got %d lines with the header, want 49: %v", len(table), err)
	}
	body := `{"records":[{"attributes":{"type":"Lead"},"LastName":"A","Company":"B"},{"attributes":{"type":"Lead"},"LastName":"A"}]}`
	_, _, said = tm.sf("api", "request", "rest", "/services/data/v62.0/composite/sobjects", "--method", "POST", "--body", body, "--target-org", who)
	if !strings.Contains(said, "REQUIRED_FIELD_MISSING") || !strings.Contains(said, `"00Q`) {
		t.Errorf("a collection by api request: got %.800s", said)
	}
	if got := tm.must(with("sobject", "describe", "--sobject", "Contact")...); got["name"] != "Contact" {
		t.Errorf("describe: got %v", got["name"])
	}
	tm.must(with("data", "delete", "record", "--sobject", "Contact", "--record-id", id)...)
	if s.Values(id) != nil {
		t.Error("delete record: it is still there")
	}
	unbroken(t, s)
}
