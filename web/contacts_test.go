package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/kith-sync/kith/account"
)

const people = `email,first_name,last_name,phone,company,tags
ada@example.com,Ada,Archer,+44 20 7946 0001,Acme,vip
bo@example.org,Bo,Baker,+44 20 7946 0002,,
cy@example.com,<script>alert(1)</script>,Cole,,Acme,"vip, press"
`

func TestContactsList(t *testing.T) {
	w := newWorld(t)
	w.imports("friends", people)
	viewer := w.as(account.Viewer)
	for _, row := range []struct {
		sentence, query string
		names           []string
	}{
		{"everybody is listed", "", []string{"Ada Archer", "Bo Baker", "<script>alert(1)</script> Cole"}},
		{"an e-mail address is found at once", "?q=ADA@example.com", []string{"Ada Archer"}},
		{"a telephone number is found however it is written", "?q=%2B44(0)20+79460002", []string{"Bo Baker"}},
		{"an ID is found", "?q=2", []string{"Bo Baker"}},
		{"a text in any value is found, whatever its case", "?q=ACME", []string{"Ada Archer", "<script>alert(1)</script> Cole"}},
		{"what somebody is known by may stand elsewhere too", "?q=2&deep=1", []string{"Ada Archer", "Bo Baker"}},
		{"a condition chooses", "?f=company&is=blank&v=", []string{"Bo Baker"}},
		{"a tag is one of several", "?f=tags&is=tagged&v=Press", []string{"<script>alert(1)</script> Cole"}},
		{"all conditions have to hold", "?f=company&is=is&v=acme&f=email&is=begins&v=a", []string{"Ada Archer"}},
		{"a name is the same with more spaces and in small letters", "?f=last_name&is=is&v=++archer+", []string{"Ada Archer"}},
		{"an e-mail address is the same in capitals", "?f=email&is=is&v=BO@EXAMPLE.ORG", []string{"Bo Baker"}},
		{"a telephone is the same written otherwise", "?f=phone&is=is&v=%2B442079460002", []string{"Bo Baker"}},
		{"nobody is like that", "?q=zebra", nil},
	} {
		page := viewer.get("/contacts/1" + row.query).is(http.StatusOK)
		got := page.Find("#rows th").Map(func(_ int, s *goquery.Selection) string { return s.Text() })
		if strings.Join(got, "|") != strings.Join(row.names, "|") {
			t.Errorf("%s: got %q, want %q", row.sentence, got, row.names)
		}
	}
	operator := w.as(account.Operator)
	operator.get("/contacts/1?q=acme").has("select[name=who]", 1)
	operator.get("/contacts/1?q=ada@example.com").has("select[name=who]", 0).saysNot("main", "Export those") // it would find others too
	viewer.get("/contacts").is(http.StatusOK).says("tbody", "friends", "3").saysNot("main", "Import")
	viewer.get("/contacts/1").has("#rows input", 0).has(".bulk", 0).has("script:not([src])", 0)
	viewer.post("/contacts/1/bulk", url.Values{"do": {"set"}}).is(http.StatusForbidden)
	viewer.get("/contacts/99").is(http.StatusNotFound)
	viewer.get("/contacts/1?f=nosuch&is=is&v=1").is(http.StatusNotFound)
	viewer.get("/contacts/1?f=email&is=unlike&v=1").is(http.StatusUnprocessableEntity)
	viewer.get("/contacts/1?col=company").says("thead", "Company").saysNot("thead", "mail")
}

func TestContactsPages(t *testing.T) {
	w := newWorld(t)
	var text strings.Builder
	text.WriteString("email,company\n")
	for i := range 250 {
		fmt.Fprintf(&text, "p%03d@example.com,Acme\n", i)
	}
	w.imports("many", text.String())
	viewer := w.as(account.Viewer)
	for _, query := range []string{"", "?q=acme"} {
		to, seen := "/contacts/1"+query, 0
		for range 4 {
			page := viewer.get(to)
			seen += page.Find("#rows th").Length()
			next, more := page.Find(".goon a").Attr("href")
			if !more {
				break
			}
			to = next
		}
		if seen != 250 {
			t.Errorf("the pages of %q: got %d contacts, want 250", query, seen)
		}
	}
}

func TestBulk(t *testing.T) {
	w := newWorld(t)
	w.imports("friends", people)
	operator := w.as(account.Operator)
	values := func(id int, field string) string {
		t.Helper()
		_, c, err := w.ContactOf(t.Context(), 1, int64(id))
		if err != nil {
			return "gone"
		}
		b, err := w.BookOf(t.Context(), 1)
		w.no(err)
		return c.Values[b.Schema().Index(field)]
	}
	for _, row := range []struct {
		sentence string
		form     url.Values
		field    string
		want     [3]string
		says     string
	}{
		{"a field is set", url.Values{"id": {"1", "2"}, "do": {"set"}, "field": {"company"}, "value": {"Bee"}}, "company", [3]string{"Bee", "Bee", "Acme"}, "Changed 2 contacts"},
		{"a tag is added once", url.Values{"id": {"1", "2"}, "do": {"add_tag"}, "field": {"tags"}, "value": {"VIP"}}, "tags", [3]string{"vip", "VIP", "vip, press"}, "Changed 1 contact"},
		{"a tag is removed", url.Values{"id": {"3"}, "do": {"remove_tag"}, "field": {"tags"}, "value": {"vip"}}, "tags", [3]string{"vip", "VIP", "press"}, "Changed 1 contact"},
		{"all that are chosen", url.Values{"who": {"chosen"}, "q": {"bee"}, "do": {"set"}, "field": {"company"}, "value": {""}}, "company", [3]string{"", "", "Acme"}, "Changed 2 contacts"},
		{"the ticked are deleted", url.Values{"id": {"2"}, "do": {"set"}, "delete": {"1"}}, "email", [3]string{"ada@example.com", "gone", "cy@example.com"}, "into the trash"},
	} {
		done := operator.post("/contacts/1/bulk", row.form).is(http.StatusSeeOther)
		operator.get(done.to).says(".said", row.says)
		if got := [3]string{values(1, row.field), values(2, row.field), values(3, row.field)}; got != row.want {
			t.Errorf("%s: got %q, want %q", row.sentence, got, row.want)
		}
	}
	for sentence, form := range map[string]url.Values{
		"nobody is ticked":                     {"do": {"set"}, "field": {"company"}},
		"an e-mail address is nobody else's":   {"id": {"1"}, "do": {"set"}, "field": {"email"}, "value": {"x@example.com"}},
		"a tag has no comma":                   {"id": {"1"}, "do": {"add_tag"}, "field": {"tags"}, "value": {"a,b"}},
		"there are no other things to be done": {"id": {"1"}, "do": {"burn"}, "field": {"tags"}},
	} {
		if got := operator.post("/contacts/1/bulk", form); got.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: got status %d, want 422", sentence, got.status)
		}
	}
}

func TestSavedFilters(t *testing.T) {
	w := newWorld(t)
	w.imports("friends", people)
	operator := w.as(account.Operator)
	choice := url.Values{"q": {"acme"}, "f": {"tags"}, "is": {"tagged"}, "v": {"vip"}, "col": {"company"}}
	operator.get("/contacts/1?"+choice.Encode()).has("form[action$=filters]", 1)
	choice.Set("name", "Acme's")
	to := operator.post("/contacts/1/filters", choice).is(http.StatusSeeOther).to
	operator.get(to).says(".saved", "Acme's").has("#rows th", 2).has(".pill a[aria-current]", 1)
	operator.post("/contacts/1/filters/1/delete", nil).is(http.StatusSeeOther)
	operator.get("/contacts/1").has(".pill", 0)
	operator.post("/contacts/1/filters/1/delete", nil).is(http.StatusNotFound)
}

func TestContact(t *testing.T) {
	w := newWorld(t)
	w.imports("friends", people)
	operator, manager, viewer := w.as(account.Operator), w.as(account.Manager), w.as(account.Viewer)
	viewer.get("/contacts/1/1").is(http.StatusOK).says("h1", "Ada Archer").says("tbody", "ada@example.com", "friends.csv", "column email").
		says(".history", "created").has("main button", 0).saysNot("main", "Erase")
	viewer.get("/contacts/1/3").is(http.StatusOK).says("h1", "<script>alert(1)</script>").has("main script", 0)
	viewer.get("/contacts/1/99").is(http.StatusNotFound)
	viewer.get("/contacts/1/one").is(http.StatusNotFound)
	for _, path := range []string{"/contacts/1/1/edit", "/contacts/1/new", "/contacts/1/1/erase", "/contacts/1/1/disclose"} {
		viewer.get(path).is(http.StatusForbidden)
	}
	operator.post("/contacts/1/1/delete", nil).is(http.StatusSeeOther)
	operator.get("/contacts/1/1").is(http.StatusOK).says("main", "in the trash", "Restore")
	operator.post("/contacts/1/1/restore", nil).is(http.StatusSeeOther)
	operator.get("/contacts/1/1").says(".history", "deleted", "taken out of the trash").saysNot("main", "Restore")
	viewer.get("/contacts/1/1/explain").is(http.StatusOK).says("tbody", "line 2")
	viewer.get("/contacts/1/explain?who=zoe@example.com").is(http.StatusOK).says("main", "Nobody is known")

	file := manager.get("/contacts/1/1/disclose").is(http.StatusOK)
	if got, want := file.header.Get("Content-Disposition"), `attachment; filename="contact-1-1.json"`; !strings.HasPrefix(got, want) {
		t.Errorf("disclosure: got %q, want %q", got, want)
	}
	if !strings.Contains(file.body, "ada@example.com") {
		t.Errorf("disclosure: got %s, want the e-mail address in it", file.body)
	}
	manager.get("/contacts/1/1/erase").is(http.StatusOK).says(".alarm", "Erase contact 1 (Ada Archer)")
	manager.post("/contacts/1/1/erase", nil).is(http.StatusUnprocessableEntity)
	manager.post("/contacts/1/1/erase", url.Values{"sure": {"on"}}).is(http.StatusOK).says("main", "1 contact", "Suppression 1")
	viewer.get("/contacts/1/1").is(http.StatusNotFound)
	operator.post("/contacts/1/new", url.Values{"f.email": {"ada@example.com"}}).is(http.StatusUnprocessableEntity).says(".alarm", "erased on request")
}

func TestEditContact(t *testing.T) {
	w := newWorld(t)
	w.imports("friends", people)
	operator := w.as(account.Operator)
	form := operator.get("/contacts/1/1/edit").is(http.StatusOK)
	if got, _ := form.Find("input[name='f.email']").Attr("value"); got != "ada@example.com" {
		t.Errorf("the form's e-mail: got %q, want ada@example.com", got)
	}
	edit := func(version, was, company string) url.Values {
		return url.Values{"version": {version}, "f.company": {company}, "was.company": {was}, "f.email": {"ada@example.com"}, "was.email": {"ada@example.com"}}
	}
	operator.post("/contacts/1/1/edit", edit("1", "Acme", "Bee")).is(http.StatusSeeOther)
	operator.get("/contacts/1/1").says("tbody", "Bee", "by hand")

	moved := operator.post("/contacts/1/1/edit", edit("1", "Acme", "Cee")).is(http.StatusUnprocessableEntity).says("[role=alert]", "changed while").says(".wrong", "It is now: Bee")
	if got, _ := moved.Find("input[name='f.company']").Attr("value"); got != "Cee" {
		t.Errorf("what was typed: got %q, want Cee", got)
	}
	version, _ := moved.Find("input[name=version]").Attr("value")
	operator.post("/contacts/1/1/edit", edit(version, "Bee", "Cee")).is(http.StatusSeeOther)

	for _, row := range []struct{ sentence, field, value, says string }{
		{"what is no e-mail address", "email", "ada at home", "not an e-mail address"},
		{"somebody else's e-mail address", "email", "bo@example.org", "Contact 2"},
	} {
		again := operator.post("/contacts/1/1/edit", url.Values{"version": {"3"}, "f." + row.field: {row.value}}).is(http.StatusUnprocessableEntity)
		again.says("main", row.says)
		if got, _ := again.Find("input[name='f." + row.field + "']").Attr("value"); got != row.value {
			t.Errorf("%s: the form came back with %q, want %q", row.sentence, got, row.value)
		}
	}
	added := operator.post("/contacts/1/new", url.Values{"f.email": {"di@example.com"}, "f.first_name": {"Di"}}).is(http.StatusSeeOther)
	operator.get(added.to).says("h1", "Di").says(".history", "created")
	operator.post("/contacts/1/new", url.Values{"f.email": {" "}}).is(http.StatusUnprocessableEntity).says(".alarm", "at least one value")
}

func TestMergeAndDuplicates(t *testing.T) {
	w := newWorld(t)
	w.imports("friends", people+"ada@example.net,Ada,Archer,+44 20 7946 0001,Other,\n")
	w.imports("work", "email,first_name\nbo@example.org,Robert\n")
	operator, viewer := w.as(account.Operator), w.as(account.Viewer)
	viewer.get("/contacts/1/duplicates").is(http.StatusOK).has(".group", 1).says(".group", "ada@example.com", "ada@example.net").saysNot(".group", "Side by side")
	viewer.get("/contacts/1/duplicates?share=name").is(http.StatusOK).has(".group", 1).says(".group", "Ada Archer")
	viewer.get("/contacts/1/duplicates?share=email").is(http.StatusOK).has(".group", 1).says(".group", "friends, contact 2", "work, contact 1")
	viewer.get("/contacts/1/duplicates?share=hats").is(http.StatusUnprocessableEntity)

	operator.get("/contacts/1/1/merge?q=archer").is(http.StatusOK).says(".needs", "contact 4").saysNot(".needs", "contact 1 ")
	to, _ := operator.get("/contacts/1/duplicates").Find(".group a.button").Attr("href")
	side := operator.get(to).is(http.StatusOK).has("thead th", 3).says(".differs", "Acme", "Other")
	form := url.Values{"with": {"4"}, "pick.company": {"4"}, "pick.email": {"1"}}
	side.Find("input[name^=version]").Each(func(_ int, s *goquery.Selection) { form.Set(s.AttrOr("name", ""), s.AttrOr("value", "")) })
	stale := url.Values{"with": {"4"}, "version.1": {"7"}}
	operator.post("/contacts/1/1/merge", stale).is(http.StatusUnprocessableEntity).says("[role=alert]", "changed this contact meanwhile")
	operator.post("/contacts/1/1/merge", form).is(http.StatusSeeOther)
	viewer.get("/contacts/1/1").says("tbody", "ada@example.com", "Other", "by a merge")
	viewer.get("/contacts/1/4").says("main", "merged into").saysNot("main", "Restore")
	viewer.get("/contacts/1/duplicates").has(".group", 0)
}

func TestTrashPage(t *testing.T) {
	w := newWorld(t)
	w.imports("friends", people)
	operator, manager := w.as(account.Operator), w.as(account.Manager)
	operator.post("/contacts/1/bulk", url.Values{"id": {"1", "2"}, "delete": {"1"}}).is(http.StatusSeeOther)
	operator.get("/contacts/1/trash").is(http.StatusOK).has("#rows tr", 2).saysNot("main", "Empty the trash")
	operator.post("/contacts/1/trash/restore", url.Values{"id": {"1"}}).is(http.StatusSeeOther)
	operator.get("/contacts/1/1").saysNot("main", "in the trash")
	operator.post("/contacts/1/trash/empty", url.Values{"sure": {"on"}}).is(http.StatusForbidden)
	manager.post("/contacts/1/trash/empty", nil).is(http.StatusUnprocessableEntity)
	manager.post("/contacts/1/trash/empty", url.Values{"sure": {"on"}}).is(http.StatusSeeOther)
	manager.get("/contacts/1/trash").says("main", "The trash is empty")
}

func TestExport(t *testing.T) {
	w := newWorld(t)
	w.imports("my \"best\" frïends", people)
	operator := w.as(account.Operator)
	for _, row := range []struct {
		sentence, query string
		file            string
		want, without   []string
	}{
		{"data, byte for byte", "?form=data", ".csv", []string{"email,first_name", "bo@example.org,Bo"}, []string{"kith:spreadsheet"}},
		{"a sheet that runs nothing", "?form=spreadsheet", ".csv", []string{"kith:spreadsheet", "'+44 20 7946 0001"}, nil},
		{"cards", "?form=vcard", ".vcf", []string{"BEGIN:VCARD", "ada@example.com"}, nil},
		{"those that are chosen", "?form=data&q=acme", ".csv", []string{"ada@example.com"}, []string{"bo@example.org"}},
	} {
		got := operator.get("/contacts/1/export" + row.query).is(http.StatusOK)
		disposition := got.header.Get("Content-Disposition")
		if want := `attachment; filename="my--best--fr-ends-2026-11-22` + row.file + `"; filename*=UTF-8''my%20%22best%22%20fr%C3%AFends-2026-11-22` + row.file; disposition != want {
			t.Errorf("%s: got %s, want %s", row.sentence, disposition, want)
		}
		for _, text := range row.want {
			if !strings.Contains(got.body, text) {
				t.Errorf("%s: got %q, want it to have %q", row.sentence, got.body, text)
			}
		}
		for _, text := range row.without {
			if strings.Contains(got.body, text) {
				t.Errorf("%s: got %q, want it without %q", row.sentence, got.body, text)
			}
		}
	}
	ticked := operator.post("/contacts/1/export", url.Values{"id": {"2"}, "form": {"data"}, "do": {"set"}}).is(http.StatusOK)
	if !strings.Contains(ticked.body, "bo@example.org") || strings.Contains(ticked.body, "ada@example.com") {
		t.Errorf("the ticked: got %q, want bo@example.org alone", ticked.body)
	}
	operator.post("/contacts/1/export", nil).is(http.StatusUnprocessableEntity)
	operator.get("/contacts/1/export?form=xls").is(http.StatusUnprocessableEntity)
	w.as(account.Viewer).get("/contacts/1/export").is(http.StatusForbidden)
}

func TestBooks(t *testing.T) {
	w := newWorld(t)
	owner, manager, viewer := w.as(account.Owner), w.as(account.Manager), w.as(account.Viewer)
	viewer.get("/contacts").says("main", "no address book yet").saysNot("main", "New address book")
	viewer.get("/contacts/new").is(http.StatusForbidden)
	manager.get("/contacts/new").is(http.StatusOK)
	manager.post("/contacts/new", url.Values{"name": {"Members"}, "region": {"UK"}}).is(http.StatusUnprocessableEntity).says("[role=alert]", "Did you mean GB?")
	made := manager.post("/contacts/new", url.Values{"name": {"Members"}, "fields": {"first_name, phone\nborn:date"}, "key": {"member_no"}, "region": {"gb"}}).is(http.StatusSeeOther)
	if made.to != "/contacts/1" {
		t.Errorf("a new book: got %s, want /contacts/1", made.to)
	}
	manager.post("/contacts/new", url.Values{"name": {"Members"}}).is(http.StatusUnprocessableEntity).says("[role=alert]", "already")
	manager.get("/contacts/1/settings").is(http.StatusOK).says("tbody", "member_no", "born").saysNot("main", "Delete this address book")
	viewer.get("/contacts/1/settings").is(http.StatusOK).has("main form", 0)

	manager.post("/contacts/1/fields", url.Values{"name": {"hat"}, "kind": {"text"}}).is(http.StatusSeeOther)
	manager.post("/contacts/1/fields", url.Values{"name": {"hat"}, "kind": {"text"}}).is(http.StatusUnprocessableEntity).says("[role=alert]", "already")
	manager.post("/contacts/1/fields/hat/change", url.Values{"label": {"Hat size"}, "kind": {"text"}}).is(http.StatusSeeOther)
	if got, _ := manager.get("/contacts/1/settings").Find(`form[action$="hat/change"] input`).Attr("value"); got != "Hat size" {
		t.Errorf("the label of a changed field: got %q, want Hat size", got)
	}
	manager.post("/contacts/1/fields/hat/delete", nil).is(http.StatusSeeOther)
	manager.get("/contacts/1/settings").saysNot("tbody", "hat")
	manager.post("/contacts/1/fields/member_no/delete", nil).is(http.StatusUnprocessableEntity).says("[role=alert]", "unique identifier")
	manager.post("/contacts/1/new", url.Values{"f.member_no": {"7"}, "f.email": {"ada@example.com"}}).is(http.StatusSeeOther)
	manager.post("/contacts/1/fields/email/change", url.Values{"kind": {"text"}}).is(http.StatusUnprocessableEntity)
	manager.post("/contacts/1/settings", url.Values{"key": {"member_no"}, "region": {"DE"}}).is(http.StatusUnprocessableEntity).says("[role=alert]", "1 contacts")
	manager.post("/contacts/1/settings", url.Values{"key": {"member_no"}, "region": {"GB"}, "formula": {`first_name + "!"`}}).is(http.StatusSeeOther)

	manager.post("/contacts/1/delete", url.Values{"typed": {"Members"}}).is(http.StatusForbidden)
	owner.post("/contacts/1/delete", url.Values{"typed": {"members"}}).is(http.StatusUnprocessableEntity).says("[role=alert]", "Nothing was deleted")
	owner.post("/contacts/1/delete", url.Values{"typed": {"Members"}}).is(http.StatusSeeOther)
	owner.get("/contacts/1").is(http.StatusNotFound)
}

func TestSuppressions(t *testing.T) {
	w := newWorld(t)
	w.imports("friends", people)
	manager := w.as(account.Manager)
	manager.get("/suppressions").is(http.StatusOK).says("main", "Nobody was erased")
	manager.post("/contacts/1/2/erase", url.Values{"sure": {"on"}}).is(http.StatusOK)
	manager.get("/suppressions").says("tbody", "friends").saysNot("main", "bo@example.org")
	manager.post("/suppressions/1/lift", nil).is(http.StatusSeeOther)
	manager.post("/suppressions/1/lift", nil).is(http.StatusNotFound)
	w.as(account.Operator).get("/suppressions").is(http.StatusForbidden)
}

func TestSearch(t *testing.T) {
	w := newWorld(t)
	w.imports("friends", people)
	w.imports("work", "email,first_name\nbo@example.org,Robert\n")
	viewer := w.as(account.Viewer)
	viewer.get("/search?q=bo@example.org").is(http.StatusOK).says("main", "friends, contact 2", "work, contact 1")
	viewer.get("/search?q=acme").is(http.StatusOK).says("main", "Ada Archer", "<script>alert(1)</script> Cole").has("main script", 0)
	viewer.get("/search?q=import-work").is(http.StatusOK).says("main", "Run 2")
	viewer.get("/search?q=friends").is(http.StatusOK).says("main", "Address books")
	viewer.get("/search?q=zebra").is(http.StatusOK).says(".empty", "zebra")
	viewer.get("/search").is(http.StatusOK)
	viewer.get("/").has("form.find[action='/search'] input[name=q]", 1)
}

// What the contact's page says at once is what Explain says after a long look,
// but for the line of the file.
func TestOriginsAgreeWithExplain(t *testing.T) {
	w := newWorld(t)
	w.imports("friends", people+"ada@example.net,Ada,Archer,,Other,late\n")
	w.imports("friends", "email,company\nada@example.com,Changed\n")
	operator := w.as(account.Operator)
	operator.post("/contacts/1/2/edit", url.Values{"version": {"1"}, "f.company": {"By hand"}}).is(http.StatusSeeOther)
	operator.post("/contacts/1/2/delete", nil).is(http.StatusSeeOther)
	operator.post("/contacts/1/2/restore", nil).is(http.StatusSeeOther)
	operator.post("/contacts/1/new", url.Values{"f.email": {"di@example.com"}, "f.first_name": {"Di"}}).is(http.StatusSeeOther)
	operator.post("/contacts/1/1/merge", url.Values{"with": {"4"}, "pick.company": {"4"}}).is(http.StatusSeeOther)
	for _, id := range []int64{1, 2, 3, 5} {
		quick, err := w.Contact(t.Context(), 1, id)
		w.no(err)
		long, err := w.Explain(t.Context(), 1, fmt.Sprint(id))
		w.no(err)
		if len(long) != 1 || len(quick.Values) != len(long[0].Fields) || len(quick.Values) == 0 {
			t.Fatalf("contact %d: got %d values, want those of %d stories", id, len(quick.Values), len(long))
		}
		for i, want := range long[0].Fields {
			if want.Line = 0; quick.Values[i].Line != 0 {
				want.Line = long[0].Fields[i].Line
			}
			if got := quick.Values[i]; got != want {
				t.Errorf("contact %d, %s: got %+v, want %+v", id, want.Name, got, want)
			}
		}
	}
}

// A click on a telephone number dials it, where it is one.
func TestTelephoneNumbersAreDialled(t *testing.T) {
	w := newWorld(t)
	w.imports("friends", "email,phone\nada@example.com,+46 8 123 456 78\nbo@example.org,+44 20 7946 0002 ext. 12\ncy@example.com,see the notes\n")
	viewer := w.as(account.Viewer)
	for id, want := range map[int]string{1: "tel:+46812345678", 2: "tel:+442079460002;ext=12", 3: ""} {
		page := viewer.get(fmt.Sprintf("/contacts/1/%d", id)).is(http.StatusOK).has("a[href*=Zgotmpl]", 0).has("td.value a[href^=mailto]", 1)
		if got := page.Find("a[href^='tel:']").AttrOr("href", ""); got != want {
			t.Errorf("contact %d: its telephone leads to %q, want %q", id, got, want)
		}
	}
	viewer.get("/contacts/1/explain?who=1").has("a[href^='tel:']", 1)
}
