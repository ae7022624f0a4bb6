package sandbox

import (
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// The web page of the org, for people who try something out: they look at
// records, change them, delete them and convert leads, as a colleague would.
var frontPage = template.Must(template.New("front").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{.Title}} | Salesforce sandbox</title>
<style>body{font:15px/1.5 system-ui,sans-serif;margin:0;background:#f3f3f3;color:#181818}header{background:#0b5cab;color:#fff;padding:.6rem 1.5rem}header a{color:#fff;margin-right:1.2rem;text-decoration:none}
main{max-width:60rem;margin:1.5rem auto;background:#fff;padding:1.5rem 2rem;border:1px solid #ddd;border-radius:.5rem}h1{font-size:1.4rem;margin:0 0 1rem}h2{font-size:1.1rem;margin:1.5rem 0 .5rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.25rem .8rem .25rem 0;border-bottom:1px solid #eee;vertical-align:top;overflow-wrap:anywhere}th{font-weight:600;color:#444}
button{font:inherit;padding:.25rem .9rem;border-radius:.3rem;border:1px solid #555;background:#fff;cursor:pointer}form{display:inline-block;margin:.3rem .6rem .3rem 0}input,select{font:inherit;padding:.2rem .4rem}.said{background:#fef3cd;padding:.5rem 1rem;border-radius:.3rem}small{color:#555}</style></head>
<body><header><a href="/"><strong>{{.Org}}</strong></a>{{range .Tabs}}<a href="/lightning/o/{{.}}/list">{{.}}</a>{{end}}</header><main>
<h1>{{.Title}}</h1>
{{with .Said}}<p class="said">{{.}}</p>{{end}}
{{range .Lines}}<p>{{.}}</p>{{end}}
{{with .ID}}<p><small>{{.}}</small></p>{{end}}
{{range .Tables}}{{with .Title}}<h2>{{.}}</h2>{{end}}<table>{{with .Head}}<tr>{{range .}}<th scope="col">{{.}}</th>{{end}}</tr>{{end}}
{{range .Rows}}<tr>{{range .}}<td>{{if .Link}}<a href="{{.Link}}">{{.Text}}</a>{{else}}{{.Text}}{{end}}</td>{{end}}</tr>
{{end}}</table>{{end}}
{{if .Fields}}<h2>What a colleague may do</h2>
<form method="post"><label>Set <select name="field">{{range .Fields}}<option>{{.}}</option>{{end}}</select></label> <label>to <input name="value"></label> <button name="do" value="change">Save</button></form>{{end}}
{{range .Buttons}}<form method="post"><button name="do" value="{{.}}">{{.}}</button></form>{{end}}
<p><small>This is a sandbox: nobody here is real.</small></p></main></body></html>
`))

type front struct {
	Title, Org, ID, Said string
	Tabs, Lines          []string
	Tables               []frontTable
	Fields, Buttons      []string
}

type frontTable struct {
	Title string
	Head  []string
	Rows  [][]frontCell
}

type frontCell struct{ Text, Link string }

// front answers outside the API, for people.
func (s *Sandbox) front(c *call) answer {
	p := parts(c.path)
	switch {
	case len(p) == 0:
		return s.home(c)
	case len(p) == 4 && p[0] == "lightning" && p[1] == "o":
		return s.list(p[2])
	case len(p) == 5 && p[0] == "lightning" && p[1] == "r":
		return s.visit(c, p[3])
	case len(p) == 4 && p[0] == "lightning" && p[1] == "r":
		return s.visit(c, p[2])
	case len(p) == 1:
		return s.visit(c, p[0])
	}
	return answer{status: http.StatusNotFound, text: "URL No Longer Exists", kind: "text/html"}
}

func (s *Sandbox) send(f front) answer {
	f.Org, f.Tabs = s.orgName(), []string{"Lead", "Contact", "Account", "Campaign", "Event"}
	var b strings.Builder
	if err := frontPage.Execute(&b, f); err != nil { // our own values only
		panic(err)
	}
	return answer{status: http.StatusOK, text: b.String(), kind: "text/html; charset=utf-8", header: map[string]string{"Cache-Control": "no-store"}}
}

// home tells how to connect, and what is there.
func (s *Sandbox) home(c *call) answer {
	f := front{Title: "A Salesforce org to try things in", Lines: []string{"Client id " + s.clientID() + ", client secret " + s.clientSecret() + ", address " + c.host + "."}}
	t := frontTable{Head: []string{"Object", "Records"}}
	for _, o := range s.order {
		if !o.tooling {
			t.Rows = append(t.Rows, []frontCell{{o.plural, "/lightning/o/" + o.name + "/list"}, {amount(o.live).String(), ""}})
		}
	}
	f.Tables = []frontTable{t, {Title: "Asked of the API", Rows: [][]frontCell{
		{{"Calls in the last 24 hours", ""}, {amount(s.tally.used(s.now())).String() + " of " + amount(s.daily()).String(), ""}},
		{{"Records sent", ""}, {amount(s.tally.records).String(), ""}}, {{"Records saved", ""}, {amount(s.tally.saved).String(), ""}}}}}
	return s.send(f)
}

const listed = 200

// list shows the records of an object that were changed last.
func (s *Sandbox) list(name string) answer {
	o := s.objects[lower(name)]
	if o == nil {
		return answer{status: http.StatusNotFound, text: "URL No Longer Exists", kind: "text/html"}
	}
	t := frontTable{}
	var shown []*field
	for _, want := range []string{"Name", "Subject", "Label", "Username", "Company", "Email", "Phone", "Title", "Status", "SystemModstamp"} {
		if f := o.field(want); f != nil {
			t.Head, shown = append(t.Head, f.label), append(shown, f)
		}
	}
	for i, e := range slices.Backward(o.journal) {
		r := o.rows[e.n]
		if r == nil || r.deleted || r.at != int32(i) {
			continue
		}
		var cells []frontCell
		for j, f := range shown {
			cell := frontCell{Text: s.value(o, r, f)}
			if j == 0 {
				cell = frontCell{first(cell.Text, makeID(o.prefix, r.n)), "/" + makeID(o.prefix, r.n)}
			}
			cells = append(cells, cell)
		}
		if t.Rows = append(t.Rows, cells); len(t.Rows) == listed {
			break
		}
	}
	return s.send(front{Title: o.plural, Tables: []frontTable{t}, Lines: []string{amount(o.live).String() + " records, the latest first"}})
}

// visit shows a record, and does first what a person has pressed.
func (s *Sandbox) visit(c *call, id string) answer {
	wide, ok := wideID(id)
	if !ok || s.prefix[wide[:3]] == nil || s.prefix[wide[:3]].row(number(wide)) == nil {
		return answer{status: http.StatusNotFound, text: "URL No Longer Exists", kind: "text/html"}
	}
	o := s.prefix[wide[:3]]
	said := ""
	if c.method == http.MethodPost {
		said = s.press(c, o, wide)
	}
	r := o.row(number(wide))
	f := front{Title: o.label, ID: wide, Said: said, Tables: []frontTable{{}}}
	if n := o.nameField(); n != nil {
		f.Title = o.label + ": " + s.value(o, r, n)
	}
	for _, fl := range o.fields {
		v := s.value(o, r, fl)
		if v == "" || fl.kind == "address" {
			continue
		}
		f.Tables[0].Rows = append(f.Tables[0].Rows, []frontCell{{fl.label, ""}, s.linked(fl, v)})
	}
	s.below(&f, o, wide)
	switch {
	case r.deleted:
		f.Buttons = []string{"undelete"}
	case o.fixed:
	default:
		for _, fl := range o.fields {
			if !fl.noUpdate {
				f.Fields = append(f.Fields, fl.name)
			}
		}
		f.Buttons = []string{"delete"}
		if o.name == "Lead" && r.get(o.field("IsConverted")) == "" {
			f.Buttons = append(f.Buttons, "convert")
		}
	}
	return s.send(f)
}

// linked is a value, of a reference the name of what it refers to.
func (s *Sandbox) linked(f *field, v string) frontCell {
	if f.kind != "reference" || s.prefix[v[:3]] == nil {
		return frontCell{Text: v}
	}
	o := s.prefix[v[:3]]
	r, n := o.row(number(v)), o.nameField()
	if r == nil || n == nil {
		return frontCell{v, "/" + v}
	}
	return frontCell{first(s.value(o, r, n), v), "/" + v}
}

// below lists what refers to a record.
func (s *Sandbox) below(f *front, o *object, id string) {
	for _, ch := range o.children {
		t := frontTable{Title: ch.object.plural}
		if ch.field.index == nil {
			continue
		}
		for _, r := range s.holders(ch.object, ch.field, id) {
			own := makeID(ch.object.prefix, r.n)
			cells := []frontCell{{own, "/" + own}}
			if n := ch.object.nameField(); n != nil {
				cells[0].Text = first(s.value(ch.object, r, n), own)
			}
			if campaign := ch.object.field("CampaignId"); campaign != nil && campaign != ch.field {
				cells = append(cells, s.linked(campaign, r.get(campaign)))
			}
			if status := ch.object.field("Status"); status != nil {
				cells = append(cells, frontCell{Text: s.value(ch.object, r, status)})
			}
			if t.Rows = append(t.Rows, cells); len(t.Rows) == listed {
				break
			}
		}
		if t.Rows != nil {
			f.Tables = append(f.Tables, t)
		}
	}
}

// press does what the page offers, and tells what became of it.
func (s *Sandbox) press(c *call, o *object, id string) string {
	form, err := url.ParseQuery(string(c.body))
	if site := c.header.Get("Sec-Fetch-Site"); err != nil || site != "" && site != "same-origin" {
		return "That did not come from this page."
	}
	r := o.row(number(id))
	switch do := form.Get("do"); {
	case do == "undelete" && r.deleted:
		s.undelete(id)
		return "It is back."
	case r.deleted:
		return "It is in the recycle bin."
	case do == "change":
		values := s.pageForm(o, map[string]string{form.Get("field"): form.Get("value")})
		by := s.person()
		by.automatic = false
		if _, p := s.update(by, o, r, anyValues(values)); p != nil {
			return p.message
		}
		return "Saved."
	case do == "delete" && !o.noDelete && !o.fixed:
		s.bury(s.person().user, o, r, "")
		return "It is in the recycle bin."
	case do == "convert" && o.name == "Lead" && r.get(o.field("IsConverted")) == "":
		s.convert(id, Conversion{})
		return "Converted."
	}
	return "That cannot be done."
}
