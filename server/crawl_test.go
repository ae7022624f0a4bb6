package server_test

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/kith-sync/kith/account"
)

// A filled is a form of a page, as a browser would send it.
type filled struct {
	action string
	values url.Values
	typed  []string // fields that people type into
}

// crawl asks for every page that can be reached from home, and returns them with the
// forms that they have.
func (p *person) crawl(from ...string) (pages map[string]answer, forms map[string]filled) {
	p.t.Helper()
	pages, forms = map[string]answer{}, map[string]filled{}
	queue, kinds := append(from, "/"), map[string]int{}
	for len(queue) > 0 && len(pages) < 400 {
		path := queue[0]
		queue = queue[1:]
		if _, seen := pages[path]; seen {
			continue
		}
		a := p.get(path)
		pages[path] = a
		doc, err := goquery.NewDocumentFromReader(strings.NewReader(a.body))
		p.no(err)
		doc.Find("a[href]").Each(func(_ int, s *goquery.Selection) {
			href, _ := s.Attr("href")
			u, err := url.Parse(href)
			if err != nil || u.Host != "" || !strings.HasPrefix(href, "/") || strings.HasPrefix(href, "/assets/") {
				return
			}
			u.Fragment = ""
			kind := u.Path + " " + strings.Join(slices.Sorted(maps.Keys(u.Query())), ",")
			if kinds[kind]++; kinds[kind] <= 3 { // not every page of a list
				queue = append(queue, u.RequestURI())
			}
		})
		doc.Find("form").Each(func(_ int, s *goquery.Selection) {
			f := filled{action: s.AttrOr("action", path), values: url.Values{}}
			if u, err := url.Parse(f.action); err != nil || u.Host != "" || s.AttrOr("method", "get") != "post" {
				return
			}
			s.Find("input[name],select[name],textarea[name],button[name]").Each(func(_ int, in *goquery.Selection) {
				name := in.AttrOr("name", "")
				switch kind := in.AttrOr("type", goquery.NodeName(in)); kind {
				case "checkbox", "radio", "hidden", "submit", "button", "file":
					f.values.Add(name, in.AttrOr("value", "on"))
				case "select":
					f.values.Add(name, in.Find("option[selected],option").First().AttrOr("value", ""))
				default:
					f.typed = append(f.typed, name)
				}
			})
			forms[f.action+" "+strings.Join(slices.Sorted(maps.Keys(f.values)), ",")] = f
		})
	}
	return pages, forms
}

// naughty are texts that programs stumble over. Those with kith in them show it when
// a page takes them for something else than text.
func naughty() []string {
	return []string{
		`<kith-evil>`, `"><kith-evil onkith="1">`, `'><kith-evil onkith=1>`, `" onkith="1`, `' onkith='1`, `</textarea><kith-evil>`, `</title><kith-evil>`, `</script><kith-evil>`, "`onkith=1", `javascript:kith()`, `&lt;kith-evil&gt;`,
		`{{.Secret}}`, `{{template "frame" .}}`, `${env:HOME}`, `$(kith)`, "'; DROP TABLE contact; --", `" OR 1=1 --`, `%00`, `%s%n%d`, `../../../../etc/passwd`, `..\..\kith`, `\`, `/`, `//evil.example.org`, `.`, `..`, `-`, `--help`,
		"a\x00b", "\x00", "a\r\nBcc: b@example.org", "a\nb", "\t", " ", "\u202e\u200b\ufeff", "\u2028\u2029", "\xff\xfe", "é", "ﷺ", "Ω≈ç√∫", "田中さん", "🏳️‍🌈👩‍👩‍👧", "ｔｅｓｔ", "İıſK",
		"-1", "0", "9223372036854775808", "1e309", "NaN", "Infinity", "0x7f", "１２３", "2026-02-30", "24:60", "Europe/Nowhere", "RRULE:FREQ=SECONDLY", "=1+1|cmd", "@SUM(1)", "null", "undefined", "true", "[]", "{}", "*", "?", "[a-", "(", "a@b", "a@b@c", "@example.com",
		strings.Repeat("A", 70_000), strings.Repeat("🙂", 2000), "http://[::1", "https://user:pw@example.org/", "ftp://", "carddav", "https://169.254.169.254/latest/",
	}
}

// Every field of every form is given texts that programs stumble over. None makes the
// server fail, and on no page does one become anything but text.
func TestNaughtyStringsThroughEveryForm(t *testing.T) {
	w := newWorld(t)
	evil := `"><kith-evil onkith="1">`
	w.imports("people", "email,name,"+`"<kith-evil>"`+"\nada@example.com,\"<kith-evil>\",\"' onkith='1\"\nnobody,"+`"""><kith-evil>"`+",x\n,,\n")
	owner := w.as(account.Owner)
	id := owner.json("POST", "/api/v1/imports", `{}`).is(201).header.Get("Location")
	owner.send("PUT", id+"/file?name="+url.QueryEscape(evil+".csv"), "application/octet-stream", "email,<kith-evil>\nbob@example.com,<kith-evil>\n").is(200)
	draft := strings.TrimPrefix(id, "/api/v1")
	from := []string{draft, draft + "/preview", draft + "/map", "/connections/new", "/connections/new?type=carddav", "/connections/new?type=sftp", "/settings/channels/new?type=smtp", "/search?q=" + url.QueryEscape(evil), "/contacts?q=" + url.QueryEscape(evil), "/nothing/" + url.PathEscape(evil)}
	owner.json("PUT", "/api/v1/connections/dav", `{"type":"carddav","settings":{"url":"http://127.0.0.1:1/","user":`+quoted(evil)+`},"secret":"x"}`).is(200)
	form := w.captureForm("email", "name")
	w.stranger().json("POST", form, `{"email":"eve@example.com","name":`+quoted(evil)+`}`).is(202)
	from = append(from, form, "/leads/1", "/leads/1/forms")
	pages, forms := owner.crawl(from...)
	if len(pages) < 40 || len(forms) < 30 {
		t.Fatalf("found %d pages and %d forms; the test no longer understands them", len(pages), len(forms))
	}
	texts, posts := naughty(), 0
	for _, key := range slices.Sorted(maps.Keys(forms)) {
		f := forms[key]
		if strings.ContainsAny(f.action, "<>") || slices.ContainsFunc([]string{"signout", "delete", "erase", "discard", "totp", "password", "/sessions", "/test", "/disable"}, func(end string) bool { return strings.Contains(f.action, end) }) {
			continue
		}
		rounds := min(len(texts), 8)
		if len(f.typed) == 0 {
			rounds = 0 // nothing is typed here
		}
		for round := range rounds {
			values := maps.Clone(f.values)
			for i, name := range f.typed {
				values.Set(name, texts[(round*len(texts)/rounds+posts+i*7)%len(texts)])
			}
			a := owner.form(f.action, values)
			posts++
			if a.status >= 500 {
				t.Errorf("%s with %.300q: got %d", f.action, values, a.status)
			}
			plainText(t, f.action, a)
		}
	}
	for path := range naughtyPaths(texts) {
		if a := owner.get(path); a.status >= 500 {
			t.Errorf("%.200s: got %d", path, a.status)
		} else {
			plainText(t, path, a)
		}
	}
	pages, _ = owner.crawl(from...)
	for path, a := range pages {
		if a.status >= 500 {
			t.Errorf("%s: got %d", path, a.status)
		}
		plainText(t, path, a)
	}
	if posts < 150 {
		t.Errorf("sent %d forms, want 150 or more", posts)
	}
	t.Logf("%d forms, %d sent, %d pages looked at; %s", len(forms), posts, len(pages), failures(w.log.String()))
}

func failures(log string) string {
	return fmt.Sprintf("%d failures in the log", strings.Count(log, "a page failed"))
}

// naughtyPaths have the texts in their query and in their address.
func naughtyPaths(texts []string) map[string]bool {
	paths := map[string]bool{}
	for _, text := range texts {
		if text = text[:min(len(text), 4000)]; text != "" {
			for _, p := range []string{"/search?q=", "/contacts?q=", "/contacts?book=", "/contacts?sort=", "/signin?next=", "/settings/audit?before=", "/runs?sync=", "/imports/new?edit=", "/connections/new?type=", "/schedule/next?at=", "/config/document?kind=Sync&name="} {
				paths[p+url.QueryEscape(text)] = true
			}
			for _, p := range []string{"/syncs/", "/runs/", "/contacts/", "/connections/", "/imports/", "/jobs/", "/settings/users/"} {
				paths[p+strings.ReplaceAll(url.PathEscape(text), ".", "%2E")] = true
			}
		}
	}
	return paths
}

// plainText fails when a page has taken a text for markup. A download is no page.
func plainText(t *testing.T, where string, a answer) {
	t.Helper()
	if strings.HasPrefix(a.header.Get("Content-Disposition"), "attachment") && !strings.Contains(a.header.Get("Content-Type"), "html") {
		return
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(a.body))
	if err != nil {
		t.Fatal(err)
	}
	if n := doc.Find("kith-evil,[onkith]").Length(); n > 0 {
		t.Errorf("%.200s: %d elements were made of a text", where, n)
	}
	doc.Find("[href],[src],[action]").Each(func(_ int, s *goquery.Selection) {
		for _, name := range []string{"href", "src", "action"} {
			if strings.HasPrefix(strings.ToLower(strings.TrimSpace(s.AttrOr(name, ""))), "javascript:") {
				t.Errorf("%.200s: a link runs a script", where)
			}
		}
	})
	doc.Find("script").Each(func(_ int, s *goquery.Selection) {
		if s.AttrOr("src", "") == "" {
			t.Errorf("%.200s: a script stands in the page", where)
		}
	})
}
