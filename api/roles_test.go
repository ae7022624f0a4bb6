package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/api"
	"github.com/kith-sync/kith/service"
	"github.com/kith-sync/kith/web"
)

// An offered operation is one of the document.
type offered struct {
	id, method, path, role, scope string
	inPerson                      bool
}

// document reads the operations from the document that a server shows.
func document(w *world) (all []offered) {
	w.t.Helper()
	a := w.nobody().get("/api/openapi.json").is(http.StatusOK)
	var doc struct {
		Paths map[string]map[string]struct {
			ID       string `json:"operationId"`
			Role     string `json:"x-role"`
			Scope    string `json:"x-scope"`
			InPerson bool   `json:"x-in-person"`
		}
	}
	w.no(json.Unmarshal([]byte(a.body), &doc))
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		for _, method := range slices.Sorted(maps.Keys(doc.Paths[path])) {
			o := doc.Paths[path][method]
			all = append(all, offered{o.ID, strings.ToUpper(method), path, o.Role, o.Scope, o.InPerson})
		}
	}
	return all
}

// operation is the operation of package service that one of the document offers.
func (o offered) operation() service.Operation {
	parts := strings.SplitN(o.id, ".", 3)
	return service.Find(parts[0] + "." + parts[1])
}

var wildcard = regexp.MustCompile(`\{[a-z]+\}`)

// address leads to nothing that is there.
func (o offered) address() string {
	path := wildcard.ReplaceAllStringFunc(o.path, func(name string) string {
		switch name {
		case "{sync}", "{field}", "{import}", "{connection}", "{channel}", "{email}":
			return "none"
		}
		return "999999"
	})
	return path
}

// Every cell of roles and scopes x operations: who may not is told so whatever they
// send, and who may is never told that they may not.
func TestEveryRoleAtEveryOperation(t *testing.T) {
	w := newWorld(t)
	w.as(account.Owner)
	type somebody struct {
		name string
		who  *program
		may  func(o offered) bool
	}
	all := []somebody{{"nobody", w.nobody(), nil}}
	for _, role := range account.Roles() {
		all = append(all, somebody{"a browser of a " + string(role), w.browser(role), func(o offered) bool { return role.May(account.Role(o.role)) }})
	}
	for _, scope := range account.Scopes() {
		all = append(all, somebody{"an owner's token for " + string(scope), w.token(account.Owner, scope), func(o offered) bool { return o.scope == string(scope) }})
	}
	demoted := w.token(account.Manager, account.Read, account.Run, account.Write)
	w.no(w.Accounts.SetRole(t.Context(), account.Console(), w.user[account.Manager].ID, account.Viewer))
	all = append(all, somebody{"a token of somebody who is a viewer now", demoted, func(o offered) bool { return o.role == string(account.Viewer) }})
	w.no(w.Accounts.SetRole(t.Context(), account.Console(), w.user[account.Manager].ID, account.Manager))
	demotedFirst := all[len(all)-1]
	cells := 0
	check := func(one somebody, o offered) {
		cells++
		a := one.who.ask(o.method, o.address(), bodyFor(o))
		code, _ := a.value["code"].(string)
		isToken := one.who.header.Get("Authorization") != ""
		switch {
		case one.may == nil:
			if a.status != 401 || code != "access.nobody" {
				t.Errorf("%s, %s: got %d %s, want 401 access.nobody", one.name, o.id, a.status, code)
			}
		case !one.may(o):
			if a.status != 403 || code != "access.forbidden" {
				t.Errorf("%s, %s: got %d %s, want 403 access.forbidden", one.name, o.id, a.status, code)
			}
		case o.inPerson && isToken:
			if a.status != 403 || code != "access.prove" {
				t.Errorf("%s, %s: got %d %s, want 403 access.prove", one.name, o.id, a.status, code)
			}
		case a.status == 401 || a.status == 403 || a.status >= 500:
			t.Errorf("%s, %s: got %d %s, want to be let in", one.name, o.id, a.status, a.body)
		}
	}
	operations := document(w)
	w.no(w.Accounts.SetRole(t.Context(), account.Console(), w.user[account.Manager].ID, account.Viewer))
	for _, o := range operations {
		check(demotedFirst, o)
	}
	w.no(w.Accounts.SetRole(t.Context(), account.Console(), w.user[account.Manager].ID, account.Manager))
	for _, one := range all[:len(all)-1] {
		for _, o := range operations {
			check(one, o)
		}
	}
	t.Logf("%d operations, %d cells", len(operations), cells)
}

// bodyFor is a body that is refused, or does nothing.
func bodyFor(o offered) string {
	if o.method == http.MethodGet || o.method == http.MethodDelete {
		return ""
	}
	return "{}"
}

func TestTheDocumentNamesTheRolesOfTheService(t *testing.T) {
	w := newWorld(t)
	seen := map[string]bool{}
	for _, o := range document(w) {
		if seen[o.id] {
			t.Errorf("%s stands in the document twice", o.id)
		}
		seen[o.id] = true
		if want := string(o.operation().Least); o.role != want {
			t.Errorf("%s: got role %s, want %s", o.id, o.role, want)
		}
		if i := slices.Index(account.Roles(), account.Role(o.role)); i < 0 || o.scope != string(account.Scopes()[i]) {
			t.Errorf("%s: scope %s does not go with role %s", o.id, o.scope, o.role)
		}
	}
}

// Everything that the pages can do, programs can do.
func TestThePagesCanDoNothingMore(t *testing.T) {
	w := newWorld(t)
	offers := map[string]bool{}
	for _, o := range document(w) {
		offers[o.operation().ID] = true
	}
	for _, id := range web.Operations() {
		if !offers[id] {
			t.Errorf("the pages offer %s, the API does not", id)
		}
	}
	var missing []string
	for _, o := range service.Operations() {
		if !offers[o.ID] {
			missing = append(missing, o.ID)
		}
	}
	t.Logf("%d operations of %d are offered; not yet: %v", len(service.Operations())-len(missing), len(service.Operations()), missing)
}

// What the pages name as "the same by API" is there.
func TestTheAddressesThatPagesNameAreThere(t *testing.T) {
	w := newWorld(t)
	var known []*regexp.Regexp
	for _, o := range document(w) {
		known = append(known, regexp.MustCompile("^"+o.method+" "+strings.ReplaceAll(regexp.QuoteMeta(wildcard.ReplaceAllString(o.path, "\x00")), "\x00", "[^/]+")+"$"))
	}
	names := regexp.MustCompile(`API:\s+(?:fmt\.Sprintf\()?"((?:GET|POST|PUT|PATCH|DELETE) /api/v1/[^"]*)"((?: \+ [^,"]+ \+ "[^"]*"| \+ [^,"}]+)*)`)
	files, err := os.ReadDir("../web")
	w.no(err)
	found := 0
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		text, err := os.ReadFile("../web/" + f.Name())
		w.no(err)
		for _, m := range names.FindAllStringSubmatch(string(text), -1) {
			found++
			address := strings.NewReplacer("%d", "7", "%s", "x", "%v", "x").Replace(m[1])
			for _, part := range regexp.MustCompile(`\+ ([^+"]+)|"([^"]*)"`).FindAllStringSubmatch(m[2], -1) {
				if strings.HasPrefix(part[0], `"`) {
					address += part[2]
				} else {
					address += "x"
				}
			}
			address, _, _ = strings.Cut(address, "?")
			if !slices.ContainsFunc(known, func(r *regexp.Regexp) bool { return r.MatchString(address) }) {
				t.Errorf("%s: the page names %q, which the API does not have", f.Name(), address)
			}
		}
	}
	if found < 5 {
		t.Errorf("got %d addresses in the pages' sources; is the pattern right?", found)
	}
}

func TestTheDocumentIsUpToDate(t *testing.T) {
	got, err := os.ReadFile("../docs/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want, err := api.Description()
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Error("docs/openapi.yaml is not what the code says; run go generate ./api")
	}
}

func TestTheDocumentIsShown(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/api/openapi.json", "/api/openapi.yaml", "/api", "/help/errors"} {
		a := w.nobody().get(path).is(http.StatusOK)
		if a.header.Get("Content-Security-Policy") == "" {
			t.Errorf("%s has no Content-Security-Policy", path)
		}
		if strings.HasPrefix(path, "/api/") {
			continue
		}
		for _, wrong := range []string{"<script>", " style=", "https://cdn", "//unpkg"} {
			if strings.Contains(a.body, wrong) {
				t.Errorf("%s has %q", path, wrong)
			}
		}
	}
	viewer := w.nobody().get("/api").body
	for _, o := range document(w) {
		if !strings.Contains(viewer, fmt.Sprintf("<article id=%q>", o.id)) {
			t.Errorf("the viewer does not show %s", o.id)
		}
	}
}
