package desk_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// A lobby is a workspace with a book and its inbox.
type lobby struct {
	*workspace.Workspace
	t    *testing.T
	book string
}

var leadFields = []contact.Field{
	{Name: "email", Label: "E-mail", Kind: contact.Email}, {Name: "first_name", Label: "First name", Kind: contact.Name}, {Name: "last_name", Label: "Last name", Kind: contact.Name},
	{Name: "company", Label: "Company", Kind: contact.Text}, {Name: "phone", Label: "Phone", Kind: contact.Phone}, {Name: "note", Label: "Note", Kind: contact.Text},
	{Name: "news", Label: "Newsletter", Kind: contact.Consent}, {Name: "secret", Label: "Secret", Kind: contact.Password},
}

func newLobby(t *testing.T, fields ...contact.Field) *lobby {
	t.Helper()
	room, err := workspace.Open(t.Context(), workspace.Options{Folder: t.TempDir(), Now: func() time.Time { return time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC) }})
	l := &lobby{Workspace: room, t: t, book: "people"}
	l.no(err)
	t.Cleanup(func() { _ = room.Close() })
	if fields == nil {
		fields = leadFields
	}
	_, err = room.Store.CreateBook(t.Context(), store.Book{Name: l.book, Fields: fields})
	l.no(err)
	return l
}

func (l *lobby) no(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

func (l *lobby) b() store.Book {
	l.t.Helper()
	b, err := l.Store.Book(l.t.Context(), l.book)
	l.no(err)
	return b
}

// has puts a contact into the book: "email=a@example.org company=X".
func (l *lobby) has(text string) {
	l.t.Helper()
	b, values := l.b(), make([]string, len(l.b().Fields))
	for name, value := range fieldsOf(text) {
		values[b.Schema().Index(name)] = value
	}
	_, err := l.Engine.Edit(l.t.Context(), b, "add", []plan.Change{{Action: plan.Create, Values: values}})
	l.no(err)
}

func fieldsOf(text string) map[string]string {
	values := map[string]string{}
	for part := range strings.SplitSeq(text, "; ") {
		name, value, _ := strings.Cut(part, "=")
		values[name] = value
	}
	return values
}

// comes puts somebody into the inbox.
func (l *lobby) comes(texts ...string) {
	l.t.Helper()
	for _, text := range texts {
		l.no(desk.AddLeads(l.t.Context(), l.Workspace, l.b(), 0, store.CameByAPI, []desk.LeadEntry{{Fields: fieldsOf(text)}}))
	}
}

// waiting are those who wait, the latest first.
func (l *lobby) waiting() []desk.LeadReport {
	l.t.Helper()
	all, _, err := desk.Leads(l.t.Context(), l.Workspace, l.b(), desk.LeadsQuery{Limit: 100})
	l.no(err)
	return all
}

func (l *lobby) take(t desk.LeadTaking) desk.TakeReport {
	l.t.Helper()
	if t.Leads == nil {
		for _, r := range l.waiting() {
			t.Leads = append(t.Leads, r.Lead)
		}
	}
	r, err := desk.TakeLeads(l.t.Context(), l.Workspace, l.b(), t, "user:1")
	l.no(err)
	return r
}

// contacts are those of the book, each on one line.
func (l *lobby) contacts() (lines []string) {
	l.t.Helper()
	b := l.b()
	for c, err := range l.Store.Contacts(l.t.Context(), b, 0) {
		l.no(err)
		var parts []string
		for i, f := range b.Fields {
			if c.Values[i] != "" {
				parts = append(parts, f.Name+"="+c.Values[i])
			}
		}
		lines = append(lines, strings.Join(parts, "; "))
	}
	return lines
}

func TestCompanyOfALead(t *testing.T) {
	for _, row := range []struct {
		sentence string
		contacts []string
		lead     string
		want     desk.CompanyGuess
	}{
		{"most contacts at the domain have it", []string{"email=a@example.org; company=Old Ltd", "email=b@example.org; company=New Ltd", "email=c@EXAMPLE.org; company=New Ltd"}, "email=d@example.org",
			desk.CompanyGuess{Value: "New Ltd", Why: "from other contacts at example.org"}},
		{"of two that are as frequent the first counts", []string{"email=a@example.org; company=One", "email=b@example.org; company=Two"}, "email=d@example.org",
			desk.CompanyGuess{Value: "One", Why: "from other contacts at example.org"}},
		{"a domain that nobody has gives its own name", nil, "email=ada@mail.acme-tools.co.uk", desk.CompanyGuess{Value: "Acme Tools", Why: "from the e-mail's domain mail.acme-tools.co.uk"}},
		{"contacts without a company tell nothing", []string{"email=a@example.org"}, "email=d@example.org", desk.CompanyGuess{Value: "Example", Why: "from the e-mail's domain example.org"}},
		{"contacts of a domain within it are others", []string{"email=a@uk.example.org; company=UK"}, "email=d@example.org", desk.CompanyGuess{Value: "Example", Why: "from the e-mail's domain example.org"}},
		{"a domain of another script is written in it", nil, "email=ada@bücher.example", desk.CompanyGuess{Value: "Bücher", Why: "from the e-mail's domain xn--bcher-kva.example"}},
		{"a provider for everybody is nobody's company", []string{"email=a@gmail.com; company=Acme"}, "email=d@gmail.com", desk.CompanyGuess{}},
		{"nor is it in capitals", nil, "email=D@GMail.COM", desk.CompanyGuess{}},
		{"what was said is not guessed", []string{"email=a@example.org; company=Old"}, "email=d@example.org; company=Mine", desk.CompanyGuess{}},
		{"without an e-mail nothing is known", nil, "first_name=Ada", desk.CompanyGuess{}},
		{"a machine has no name", nil, "email=ada@[192.0.2.1]", desk.CompanyGuess{}},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			l := newLobby(t)
			for _, c := range row.contacts {
				l.has(c)
			}
			l.comes(row.lead)
			var got desk.CompanyGuess
			if g := l.waiting()[0].Company; g != nil {
				got = *g
			}
			if got != row.want {
				t.Errorf("got %+v, want %+v", got, row.want)
			}
		})
	}
	l := newLobby(t, contact.Field{Name: "email", Kind: contact.Email})
	l.comes("email=ada@example.org")
	if got := l.waiting()[0].Company; got != nil {
		t.Errorf("in a book without the field: got %+v, want nothing", got)
	}
}

func TestFreeMailIsSorted(t *testing.T) {
	l := newLobby(t)
	for _, domain := range []string{"126.com", "gmail.com", "web.de", "zoho.com", "me.com", "yahoo.co.uk", "hotmail.com"} {
		l.comes("email=ada@" + domain)
		if got := l.waiting()[0].Company; got != nil {
			t.Errorf("%s: got %+v, want nothing", domain, got)
		}
	}
}

func TestTakingLeads(t *testing.T) {
	for _, row := range []struct {
		sentence string
		contacts []string
		leads    []string
		want     []string // contacts
		report   string
	}{
		{"somebody new becomes a contact, with a company", nil, []string{"email=ada@example.org; first_name=Ada"}, []string{"email=ada@example.org; first_name=Ada; company=Example"}, "1 created, 0 updated, 0 same, left"},
		{"who is known gets what was blank, and nothing else", []string{"email=ada@example.org; first_name=Augusta"}, []string{"email=ADA@example.org; first_name=Ada; phone=+44 20 7946 0123"},
			[]string{"email=ada@example.org; first_name=Augusta; company=Example; phone=+44 20 7946 0123"}, "0 created, 1 updated, 0 same, left"},
		{"who has all of it stays", []string{"email=ada@example.org; company=Acme"}, []string{"email=ada@example.org"}, []string{"email=ada@example.org; company=Acme"}, "0 created, 0 updated, 1 same, left"},
		{"two leads of one person are one contact", nil, []string{"email=ada@example.org; first_name=Ada; company=", "email=ada@EXAMPLE.org; last_name=Byron"},
			[]string{"email=ada@example.org; first_name=Ada; last_name=Byron; company=Example"}, "1 created, 0 updated, 0 same, left"},
		{"two leads fill one contact", []string{"email=ada@example.org; company=Acme"}, []string{"email=ada@example.org; first_name=Ada", "email=ada@example.org; last_name=Byron"},
			[]string{"email=ada@example.org; first_name=Ada; last_name=Byron; company=Acme"}, "0 created, 1 updated, 0 same, left"},
		{"who could be several goes on waiting", []string{"email=ada@example.org; first_name=A; company=X", "email=ada@example.org; first_name=B; company=X"}, []string{"email=ada@example.org", "email=bob@example.org"},
			[]string{"email=ada@example.org; first_name=A; company=X", "email=ada@example.org; first_name=B; company=X", "email=bob@example.org; company=X"}, "1 created, 0 updated, 0 same, left 1 match.several"},
		{"who has no e-mail is somebody new", []string{"email=ada@example.org; first_name=Ada; company=X"}, []string{"first_name=Ada"}, []string{"email=ada@example.org; first_name=Ada; company=X", "first_name=Ada"}, "1 created, 0 updated, 0 same, left"},
		{"of consents the strictest counts", []string{"email=ada@example.org; company=X; news=unsubscribed"}, []string{"email=ada@example.org; news=subscribed"},
			[]string{"email=ada@example.org; company=X; news=unsubscribed"}, "0 created, 0 updated, 1 same, left"},
		{"whoever says no now is heard", []string{"email=ada@example.org; company=X; news=subscribed"}, []string{"email=ada@example.org; news=unsubscribed"},
			[]string{"email=ada@example.org; company=X; news=unsubscribed"}, "0 created, 1 updated, 0 same, left"},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			l := newLobby(t)
			for _, c := range row.contacts {
				l.has(c)
			}
			before := l.contacts()
			l.comes(row.leads...)
			ids := []int64{}
			for i := range row.leads {
				ids = append(ids, int64(i+1))
			}
			r := l.take(desk.LeadTaking{Leads: ids})
			report := fmt.Sprintf("%d created, %d updated, %d same, left", r.Created, r.Updated, r.Same)
			for _, left := range r.Left {
				report += fmt.Sprintf(" %d %s", left.Lead, left.Code)
			}
			if report != row.report {
				t.Errorf("got %s, want %s", report, row.report)
			}
			if got := l.contacts(); !slices.Equal(got, row.want) {
				t.Errorf("contacts: got %q, want %q", got, row.want)
			}
			if got := len(l.waiting()); got != len(r.Left) {
				t.Errorf("who waits: got %d, want %d", got, len(r.Left))
			}
			if r.Run == 0 {
				return
			}
			taken, err := l.Store.Run(t.Context(), r.Run)
			l.no(err)
			sync, err := desk.SyncOf(t.Context(), l.Workspace, taken)
			l.no(err)
			_, err = l.Undo(t.Context(), sync, taken)
			l.no(err)
			if got := l.contacts(); !slices.Equal(got, before) {
				t.Errorf("contacts when it is undone: got %q, want %q", got, before)
			}
		})
	}
}

func TestWhoIsTakenJoinsTheEvent(t *testing.T) {
	l := newLobby(t)
	event := func(name string) int64 {
		o, err := l.Store.SaveOccasion(t.Context(), store.Occasion{BookID: l.b().ID, Kind: store.KindEvent, Name: name})
		l.no(err)
		return o.ID
	}
	expo, fair := event("Expo"), event("Fair")
	l.no(desk.AddLeads(t.Context(), l.Workspace, l.b(), expo, store.CameByAPI, []desk.LeadEntry{{Fields: fieldsOf("email=ada@example.org"), Note: "wants a demo"}, {Fields: fieldsOf("email=bob@example.org")}}))
	l.take(desk.LeadTaking{Leads: []int64{1}, Status: "attended"})
	l.take(desk.LeadTaking{Leads: []int64{2}, Event: &fair, Status: "invited"})
	for event, want := range map[int64]string{expo: "1 attended", fair: "2 invited"} {
		all, err := l.Store.Attendances(t.Context(), event)
		l.no(err)
		if len(all) != 1 || fmt.Sprintf("%d %s", store.Number(all[0].Ref), all[0].Status) != want {
			t.Errorf("event %d: got %+v, want %s", event, all, want)
		}
	}
	if got := l.contacts()[0]; !strings.Contains(got, "note=wants a demo") {
		t.Errorf("the note: got %q, want it to become the contact's", got)
	}
	taken, err := desk.Lead(t.Context(), l.Workspace, l.b(), 2)
	l.no(err)
	if taken.Contact != 2 || taken.By != "user:1" || taken.Event != fair || taken.Run == 0 || taken.Settled == nil {
		t.Errorf("a lead that was taken: got %+v", taken)
	}
	nothing := int64(99)
	if _, err := desk.TakeLeads(t.Context(), l.Workspace, l.b(), desk.LeadTaking{Leads: []int64{1}, Event: &nothing}, ""); err == nil {
		t.Error("taken to an event that is not there")
	}
}

func TestErasedPeopleDoNotComeBack(t *testing.T) {
	l := newLobby(t)
	l.has("email=eve@example.org")
	l.comes("email=eve@example.org; first_name=Eve", "email=ada@example.org")
	p, err := desk.PersonNamed(t.Context(), l.Workspace, l.b(), "eve@example.org")
	l.no(err)
	done, err := desk.Erase(t.Context(), l.Workspace, p, false)
	l.no(err)
	if done.Leads != 1 {
		t.Errorf("leads that were erased: got %d, want 1", done.Leads)
	}
	form, err := desk.AddForm(t.Context(), l.Workspace, l.b(), desk.FormRequest{Title: "Visit us"})
	l.no(err)
	open, err := desk.FormAt(t.Context(), l.Workspace, strings.TrimPrefix(form.Address, desk.CapturePath))
	l.no(err)
	l.no(open.Capture(t.Context(), l.Workspace, fieldsOf("email=Eve@Example.org"))) // the same answer as for all
	l.comes("email=eve@example.org")
	if got := l.waiting(); len(got) != 1 || got[0].Fields["email"] != "ada@example.org" {
		t.Errorf("who waits: got %+v, want ada only", got)
	}
	if err := desk.EditLead(t.Context(), l.Workspace, l.b(), l.waiting()[0].Lead, desk.LeadChange{Fields: fieldsOf("email=eve@example.org")}); err == nil {
		t.Error("a lead was corrected to be somebody who was erased")
	}
	report, err := desk.Disclosure(t.Context(), l.Workspace, "", "ada@example.org")
	l.no(err)
	if len(report.Books) != 1 || len(report.Books[0].Leads) != 1 || report.Books[0].Leads[0].Fields["email"] != "ada@example.org" {
		t.Errorf("what is known of somebody who only waits: got %+v", report.Books)
	}
}

func TestWhatAnInboxRefuses(t *testing.T) {
	l := newLobby(t)
	for _, row := range []struct {
		sentence string
		fields   map[string]string
		want     string
	}{
		{"an unknown field", fieldsOf("e_mail=ada@example.org"), "email"},
		{"an e-mail that is none", fieldsOf("email=ada"), "ada@example.com"},
		{"a password", fieldsOf("secret=x"), "not for an inbox"},
		{"a value without end", fieldsOf("first_name=" + strings.Repeat("é", 2001)), "2000 letters"},
		{"a consent that is none", fieldsOf("news=perhaps"), "subscribed"},
		{"nobody", fieldsOf("email= "), "Nothing is filled in"},
		{"nothing", nil, "Nothing is filled in"},
	} {
		err := desk.AddLeads(t.Context(), l.Workspace, l.b(), 0, store.CameByAPI, []desk.LeadEntry{{Fields: row.fields}})
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want %q", row.sentence, err, row.want)
		}
	}
	if got := l.waiting(); len(got) != 0 {
		t.Errorf("who waits: got %+v, want nobody", got)
	}
}

func TestLeadsAreCorrectedAndSettled(t *testing.T) {
	l := newLobby(t)
	l.comes("email=ada@example.org; first_name=Ida")
	edit := func(c desk.LeadChange) error { return desk.EditLead(t.Context(), l.Workspace, l.b(), 1, c) }
	l.no(edit(desk.LeadChange{Fields: fieldsOf("first_name=Ada; company=")}))
	if got := l.waiting()[0]; got.Fields["first_name"] != "Ada" || got.Fields["email"] != "ada@example.org" || got.Company != nil {
		t.Errorf("a corrected lead: got %+v, want no company", got)
	}
	var wrong desk.FieldErrors
	if err := edit(desk.LeadChange{Fields: fieldsOf("email=x")}); !errors.As(err, &wrong) || wrong[0].Field != "email" {
		t.Errorf("a wrong value: got %v, want what is wrong with email", err)
	}
	if err := edit(desk.LeadChange{Fields: fieldsOf("first_name=B"), Version: 1}); err == nil || !strings.Contains(err.Error(), "Somebody else") {
		t.Errorf("a stale correction: got %v", err)
	}
	if n, err := desk.DismissLeads(t.Context(), l.Workspace, l.b(), []int64{1}, "user:1"); n != 1 || err != nil {
		t.Errorf("dismissed: got %d, %v", n, err)
	}
	if r := l.take(desk.LeadTaking{Leads: []int64{1}}); r.Run != 0 || len(r.Left) != 1 {
		t.Errorf("taking what was dismissed: got %+v", r)
	}
	if err := edit(desk.LeadChange{Fields: fieldsOf("first_name=B")}); err == nil {
		t.Error("what was dismissed was corrected")
	}
	if n, err := desk.RestoreLeads(t.Context(), l.Workspace, l.b(), []int64{1}); n != 1 || err != nil || len(l.waiting()) != 1 {
		t.Errorf("restored: got %d, %v", n, err)
	}
	if _, err := desk.DismissLeads(t.Context(), l.Workspace, l.b(), []int64{9}, ""); err == nil {
		t.Error("a lead that is not there was dismissed")
	}
}

func TestSyncsSayWhatALeadIsMissing(t *testing.T) {
	l := newLobby(t)
	_, err := l.Store.SaveSync(t.Context(), plan.Sync{Name: "crm", Source: plan.Endpoint{Book: "people"}, Target: plan.Endpoint{Connection: "crm", Object: "Contact"},
		Map: []plan.Mapping{{From: "email", To: "Email"}, {From: "last_name", To: "LastName"}, {From: "company", To: "Company"}, {From: "phone", To: "Phone"}}, Required: []string{"LastName", "Email", "Company"}}, "")
	l.no(err)
	l.comes("email=ada@gmail.com")
	if got, want := l.waiting()[0].Waiting(), "waiting: missing Last name, Company"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	l.comes("email=ada@example.org; last_name=Byron")
	if got := l.waiting()[0].Waiting(); got != "" {
		t.Errorf("with a company of its domain: got %q, want nothing", got)
	}
}

func TestAFileGoesIntoTheInbox(t *testing.T) {
	l := newLobby(t)
	path := filepath.Join(t.TempDir(), "badges.csv")
	l.no(os.WriteFile(path, []byte("First Name,Surname,E-mail Address,Badge colour\nAda,Byron,ada@example.org,red\nBob,,not-an-address,blue\n,,,green\n"), 0o600))
	r, err := desk.ImportLeads(t.Context(), l.Workspace, l.b(), path, 0)
	l.no(err)
	if r.Came != 1 || r.Lines != 3 || len(r.Left) != 2 || r.Left[0].Line != 3 || !slices.Equal(r.Unread, []string{"Badge colour"}) {
		t.Errorf("got %+v, want 1 of 3, and a column that is not read", r)
	}
	got := l.waiting()
	if len(got) != 1 || got[0].Fields["last_name"] != "Byron" || got[0].Came != store.CameByCSV {
		t.Errorf("who waits: got %+v", got)
	}
	l.no(os.WriteFile(path, []byte("Badge colour\nred\n"), 0o600))
	if _, err := desk.ImportLeads(t.Context(), l.Workspace, l.b(), path, 0); err == nil {
		t.Error("a file without a known column was taken")
	}
}

func TestForms(t *testing.T) {
	l := newLobby(t)
	form, err := desk.AddForm(t.Context(), l.Workspace, l.b(), desk.FormRequest{Title: "Visit us", Fields: []string{"email", "first_name"}})
	l.no(err)
	secret := strings.TrimPrefix(form.Address, desk.CapturePath)
	if !slices.Equal(form.Required, []string{"email"}) || len(secret) < 26 {
		t.Errorf("a form: got %+v", form)
	}
	open, err := desk.FormAt(t.Context(), l.Workspace, secret)
	l.no(err)
	for _, row := range []struct{ sentence, typed, want string }{
		{"a field of the book that is not asked for", "email=a@example.org; phone=1", "phone"},
		{"a required field that is blank", "first_name=Ada", "email"},
		{"an e-mail that is none", "email=x", "email"},
	} {
		var wrong desk.FieldErrors
		if err := open.Capture(t.Context(), l.Workspace, fieldsOf(row.typed)); !errors.As(err, &wrong) || wrong[0].Field != row.want {
			t.Errorf("%s: got %v, want what is wrong with %s", row.sentence, err, row.want)
		}
	}
	l.no(open.Capture(t.Context(), l.Workspace, fieldsOf("email=ada@example.org")))
	if got := l.waiting(); len(got) != 1 || got[0].Came != store.CameByForm || got[0].Form != form.Form {
		t.Errorf("who waits: got %+v", got)
	}
	l.no(desk.CloseForm(t.Context(), l.Workspace, l.b(), form.Form, true))
	for what, secret := range map[string]string{"a closed form": secret, "a form that never was": "x", "no secret": ""} {
		if _, err := desk.FormAt(t.Context(), l.Workspace, secret); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: got %v, want ErrNotFound", what, err)
		}
	}
	for what, q := range map[string]desk.FormRequest{
		"without a title":                    {Fields: []string{"email"}},
		"for an unknown field":               {Title: "x", Fields: []string{"nothing"}},
		"for a password":                     {Title: "x", Fields: []string{"secret"}},
		"for a field twice":                  {Title: "x", Fields: []string{"email", "email"}},
		"that requires what it does not ask": {Title: "x", Fields: []string{"email"}, Required: []string{"phone"}},
		"of an event that is not there":      {Title: "x", Event: 7},
	} {
		if _, err := desk.AddForm(t.Context(), l.Workspace, l.b(), q); err == nil {
			t.Errorf("a form %s was made", what)
		}
	}
}
