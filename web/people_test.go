package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/kith-sync/kith/account"
)

func TestUsers(t *testing.T) {
	w := newWorld(t)
	owner, manager := w.as(account.Owner), w.as(account.Manager)
	manager.get("/settings/users").is(http.StatusForbidden)
	manager.get("/settings").is(http.StatusOK).saysNot(".tabs", "Users", "Audit log")
	owner.get("/settings/users").is(http.StatusOK).says("tbody", "manager@example.org", "owner@example.org", "(you)")
	owner.post("/settings/users", url.Values{"email": {"nobody"}, "role": {"viewer"}}).is(http.StatusUnprocessableEntity).says("main", "not an e-mail address")
	owner.post("/settings/users", url.Values{"email": {"manager@example.org"}, "role": {"viewer"}}).is(http.StatusUnprocessableEntity).says("main", "Somebody has this e-mail already")
	link := owner.post("/settings/users", url.Values{"email": {"new@example.org"}, "person": {"<b>New</b>"}, "role": {"operator"}}).is(http.StatusOK).words(".once code")
	owner.get("/settings/users").says("main", "Invited", "<b>New</b>").has(".once", 0)

	path := strings.TrimPrefix(link, w.url)
	newcomer := w.stranger()
	newcomer.get(path).is(http.StatusOK)
	u, err := url.Parse(path)
	w.no(err)
	if to := newcomer.post("/invited", url.Values{"link": {u.Query().Get("link")}, "password": {password}}).to; to != "/" {
		t.Fatalf("joining led to %q, want /", to)
	}
	users, err := w.Service.Users(t.Context(), account.Console())
	w.no(err)
	var one string
	for _, p := range users {
		if p.Email == "new@example.org" {
			one = "/settings/users/" + strings.TrimSpace(string(rune('0'+p.ID)))
		}
	}
	owner.post(one, url.Values{"do": {"role"}, "role": {"viewer"}}).is(http.StatusSeeOther)
	owner.get(one).is(http.StatusOK).has(`option[value="viewer"][selected]`, 1)
	owner.post(one, url.Values{"do": {"role"}, "role": {"king"}}).is(http.StatusUnprocessableEntity)
	reset := owner.post(one+"/reset", nil).is(http.StatusOK).words(".once code")
	r, err := url.Parse(reset)
	w.no(err)
	forgetful := w.stranger()
	forgetful.get(strings.TrimPrefix(reset, w.url)).is(http.StatusOK).has(`input[name="password"]`, 1)
	forgetful.post("/reset", url.Values{"link": r.Query()["link"], "password": {"short"}}).is(http.StatusUnprocessableEntity).says("main", "too short")
	if to := forgetful.post("/reset", url.Values{"link": r.Query()["link"], "password": {"marble kettle orbits slowly"}}).to; to != "/signin" {
		t.Errorf("a new password led to %q, want /signin", to)
	}
	if to := newcomer.get("/").to; !strings.HasPrefix(to, "/signin") {
		t.Errorf("the session from before: got %q, want the sign-in", to)
	}
	owner.post(one, url.Values{"do": {"disable"}}).is(http.StatusSeeOther)
	owner.get(one).says("main", "Disabled", "Let them in again")
	if n := w.count("user.invite"); n != 1 {
		t.Errorf("one invitation: got %d entries in the audit log, want 1", n)
	}
	if n := w.count("users.invite") + w.count("users.change"); n != 0 {
		t.Errorf("what the gate has noted: got %d more entries, want none", n)
	}
}

func (w *world) count(action string) (n int) {
	for e, err := range w.Accounts.Audit(w.t.Context(), 0) {
		w.no(err)
		if e.Action == action {
			n++
		}
	}
	return n
}

func TestMe(t *testing.T) {
	w := newWorld(t)
	viewer := w.as(account.Viewer)
	viewer.get("/me").is(http.StatusOK).says("main", "viewer@example.org", "This one", "Off").has(`input[name="email"]`, 0)
	viewer.post("/me", url.Values{"person": {"<script>Vi</script>"}}).is(http.StatusSeeOther)
	viewer.get("/me").says(".me", "<script>Vi</script>").has("script:not([src])", 0)
	viewer.post("/me", url.Values{"person": {"Vi"}, "email": {"else@example.org"}}).is(http.StatusForbidden)
	viewer.post("/me/password", url.Values{"present": {"wrong"}, "password": {"marble kettle orbits slowly"}}).is(http.StatusUnprocessableEntity).says(".wrong", "not your password")
	viewer.post("/me/password", url.Values{"present": {password}, "password": {"password1234"}}).is(http.StatusUnprocessableEntity).says(".wrong", "guessed first")
	viewer.post("/me/password", url.Values{"present": {password}, "password": {"marble kettle orbits slowly"}}).is(http.StatusSeeOther)
	viewer.get("/").is(http.StatusOK)
}

func TestTokens(t *testing.T) {
	w := newWorld(t)
	operator := w.as(account.Operator)
	operator.get("/me/tokens").is(http.StatusOK).has(`input[name="scope"]`, 2)
	operator.post("/me/tokens", url.Values{"name": {"nightly"}, "days": {"90 days"}}).is(http.StatusUnprocessableEntity).says("main", "Tick at least one")
	made := operator.post("/me/tokens", url.Values{"name": {"nightly"}, "scope": {"read", "run"}, "days": {"90 days"}}).is(http.StatusOK).words(".once p:last-child code")
	if who, err := w.Accounts.Token(t.Context(), made, account.From{}); err != nil || who.User.Email != "operator@example.org" {
		t.Fatalf("the token %q: got %v, want one of the operator", made, err)
	}
	if page := operator.get("/me/tokens").says("tbody", "nightly", "read, run"); strings.Contains(page.body, made) {
		t.Error("a token is shown a second time")
	}
	operator.post("/me/tokens", url.Values{"name": {"too far"}, "scope": {"admin"}, "days": {"never"}}).is(http.StatusForbidden)

	w.now = w.now.Add(time.Hour) // the proof of the sign-in is over
	to := operator.post("/me/tokens", url.Values{"name": {"later"}, "scope": {"read"}, "days": {"never"}}).to
	if !strings.HasPrefix(to, "/me/prove?next=") {
		t.Fatalf("without a fresh proof: got %q, want /me/prove", to)
	}
	operator.get(to).is(http.StatusOK).has(`input[name="proof"]`, 1)
	operator.post("/me/prove", url.Values{"proof": {"wrong"}, "next": {"/me/tokens"}}).is(http.StatusUnprocessableEntity).says("main", "not your password")
	if to := operator.post("/me/prove", url.Values{"proof": {password}, "next": {"/me/tokens"}}).to; to != "/me/tokens" {
		t.Errorf("a proof led to %q, want /me/tokens", to)
	}
	operator.post("/me/tokens", url.Values{"name": {"later"}, "scope": {"read"}, "days": {"never"}}).is(http.StatusOK).has(".once", 1)
	operator.post("/me/tokens/1/revoke", nil).is(http.StatusSeeOther)
	operator.get("/me/tokens").says("tbody", "Revoked")
	if _, err := w.Accounts.Token(t.Context(), made, account.From{}); err == nil {
		t.Error("a revoked token is good")
	}
}

func TestSecondFactor(t *testing.T) {
	w := newWorld(t)
	viewer := w.as(account.Viewer)
	viewer.get("/me/totp").is(http.StatusOK).says("main", "Off").has("img", 1)
	page := viewer.post("/me/totp/begin", nil).is(http.StatusOK).has(`img.qr[src^="data:image/png;base64,"]`, 1)
	key := strings.ReplaceAll(page.words("main p > code"), " ", "")
	viewer.post("/me/totp", url.Values{"code": {"000000"}}).is(http.StatusUnprocessableEntity).says("main", "not right").has("img.qr", 0)
	code, err := totp.GenerateCode(key, w.now)
	w.no(err)
	viewer.post("/me/totp", url.Values{"code": {code}}).is(http.StatusOK).says("main", "recovery codes").has(".codes li", 8)
	viewer.get("/me").is(http.StatusOK).says("main", "8 recovery codes left")
	viewer.post("/me/totp/recovery", nil).is(http.StatusOK).has(".codes li", 8)
	w.now = w.now.Add(time.Hour)
	if to := viewer.post("/me/totp/remove", nil).to; !strings.HasPrefix(to, "/me/prove") {
		t.Errorf("without a fresh proof: got %q, want /me/prove", to)
	}
	code, err = totp.GenerateCode(key, w.now)
	w.no(err)
	viewer.post("/me/prove", url.Values{"proof": {code}}).is(http.StatusSeeOther)
	viewer.post("/me/totp/remove", nil).is(http.StatusSeeOther)
	viewer.get("/me/totp").says("main", "Off")
	if to := w.stranger().get("/me/totp").to; !strings.HasPrefix(to, "/signin") {
		t.Errorf("a stranger: got %q, want the sign-in", to)
	}
}

func TestSecondFactorIsRequired(t *testing.T) {
	w := newWorld(t)
	w.Accounts.RequireTOTP = true
	_, err := w.Accounts.AddUser(t.Context(), account.Console(), account.NewUser{Email: "vi@example.org", Role: account.Viewer, Password: password})
	w.no(err)
	p := w.stranger()
	if to := p.post("/signin", url.Values{"email": {"vi@example.org"}, "password": {password}}).to; to != "/me/totp" {
		t.Fatalf("signing in led to %q, want /me/totp", to)
	}
	if to := p.get("/contacts").to; to != "/signin/code" {
		t.Errorf("going on without: got %q, want /signin/code", to)
	}
	if to := p.get("/signin/code").to; to != "/me/totp" {
		t.Errorf("there is no code yet: got %q, want /me/totp", to)
	}
	p.get("/me/totp").is(http.StatusOK).says("main", "asks everybody for a second factor").has("header nav", 0)
	page := p.post("/me/totp/begin", nil).is(http.StatusOK)
	code, err := totp.GenerateCode(strings.ReplaceAll(page.words("main p > code"), " ", ""), w.now)
	w.no(err)
	p.post("/me/totp", url.Values{"code": {code}}).is(http.StatusOK).has(".codes li", 8)
	p.get("/contacts").is(http.StatusOK)
}

func TestSettings(t *testing.T) {
	w := newWorld(t)
	viewer, manager, owner := w.as(account.Viewer), w.as(account.Manager), w.as(account.Owner)
	viewer.get("/settings").is(http.StatusOK)
	viewer.get("/settings/installation").is(http.StatusForbidden)
	manager.get("/settings/installation").is(http.StatusOK).says("main", "SQLite", "Kith test", "30 days").has("main form", 0)
	if page := manager.get("/settings/installation"); strings.Contains(page.body, w.Workspace.Folder) {
		t.Error("the page names a folder of the machine")
	}
	owner.post("/settings/installation", url.Values{"region": {"UK"}, "email": {"nobody"}}).is(http.StatusUnprocessableEntity).says("main", "two letters", "is not an e-mail address")
	owner.post("/settings/installation", url.Values{"region": {"gb"}, "email": {"ops@example.org"}}).is(http.StatusSeeOther)
	manager.get("/settings/installation").says("main", "GB", "ops@example.org")
	d, err := w.BeginImport(t.Context(), account.Console(), "")
	w.no(err)
	if d.Region != "GB" || d.Email != "ops@example.org" {
		t.Errorf("a new import: got %q and %q, want it to begin with the defaults", d.Region, d.Email)
	}
	manager.get("/settings/audit").is(http.StatusForbidden)
	owner.get("/settings/audit").is(http.StatusOK).says("tbody", "settings.save", "login")
	owner.get("/settings/audit?check=1").says(".said", "The log is whole")
	file := owner.get("/settings/audit.csv").is(http.StatusOK)
	if !strings.HasPrefix(file.body, "entry,at,actor,action,object,address,detail,hash\n1,") {
		t.Errorf("the exported log: got %.80q, want its head and the first entry", file.body)
	}
}

func TestAuditPages(t *testing.T) {
	w := newWorld(t)
	owner := w.as(account.Owner)
	for range 230 {
		w.no(w.Accounts.Note(t.Context(), account.Console(), account.Event{Action: "test.note"}))
	}
	to, seen := "/settings/audit", 0
	for to != "" {
		page := owner.get(to).is(http.StatusOK)
		seen += page.Find("#rows tr").Length()
		to, _ = page.Find("main p > a.button").Attr("href")
	}
	if seen < 230 {
		t.Errorf("all pages: got %d entries, want at least 230", seen)
	}
}
