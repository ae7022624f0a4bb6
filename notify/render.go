package notify

import (
	"fmt"
	"html/template"
	"strings"
)

// Subject is the subject of a mail: one line, at most 200 characters. What looks
// like an encoded word (RFC 2047) is none: decoded it might be two lines.
func (m Message) Subject() string {
	line := []rune(strings.ReplaceAll(Line(m.subject()), "=?", "= ?"))
	if len(line) > 200 {
		line = append(line[:199], '…')
	}
	return string(line)
}

// Text is the message as plain text, a line of which is never one from outside.
func (m Message) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n%s\n", Line(m.Title), Line(m.What))
	if counts := m.counts(); counts != "" {
		fmt.Fprintf(&b, "%s\n", counts)
	}
	if len(m.Causes) > 0 {
		fmt.Fprintf(&b, "\n%s:\n", labelWhy)
		for _, c := range m.Causes {
			fmt.Fprintf(&b, "  %s\n", c.line())
		}
	}
	b.WriteByte('\n')
	for _, p := range m.pointers() {
		fmt.Fprintf(&b, "%s:  %s\n", p.Label, Line(p.Text))
	}
	if head := m.headline(); head != "" {
		fmt.Fprintf(&b, "\n%s\n", Line(head))
	}
	return b.String()
}

func (c Cause) line() string {
	if c.Count == 0 {
		return Line(c.Title + " (" + c.Code + ")")
	}
	return Line(fmt.Sprintf("%s x %s (%s)", thousands(c.Count), c.Title, c.Code))
}

type pointer struct{ Label, Text, Link string }

func (m Message) pointers() (all []pointer) {
	if m.Next != "" {
		all = append(all, pointer{Label: labelNext, Text: m.Next})
	}
	if m.Link != "" {
		all = append(all, pointer{Label: labelLook, Text: m.Link, Link: m.Link})
	}
	if m.Command != "" {
		all = append(all, pointer{Label: labelCommand, Text: m.Command})
	}
	return all
}

// Every value is escaped by the template for the place it stands in.
var page = template.Must(template.New("mail").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{.Title}}</title></head>
<body style="font-family: sans-serif; max-width: 40em">
<h1 style="font-size: 1.2em">{{.Title}}</h1>
<p>{{.What}}</p>
{{with .Counts}}<p>{{.}}</p>
{{end}}{{with .Causes}}<p>` + labelWhy + `:</p>
<ul>{{range .}}<li>{{.}}</li>{{end}}</ul>
{{end}}{{range .Pointers}}<p>{{.Label}}: {{if .Link}}<a href="{{.Link}}">{{.Text}}</a>{{else}}{{.Text}}{{end}}</p>
{{end}}<p style="color: #555">{{with .Headline}}{{.}}<br>{{end}}` + footer + `</p>
</body></html>
`))

// HTML is the message as a small web page that loads nothing.
func (m Message) HTML() string {
	causes := make([]string, len(m.Causes))
	for i, c := range m.Causes {
		causes[i] = c.line()
	}
	var b strings.Builder
	err := page.Execute(&b, map[string]any{"Title": Line(m.Title), "What": Line(m.What), "Counts": m.counts(), "Causes": causes,
		"Pointers": m.pointers(), "Headline": m.headline()})
	if err != nil {
		panic(err) // the template is ours, and strings do not fail
	}
	return b.String()
}

// Summary is the message for a place with little room, such as a chat: what is
// essential, without the title.
func (m Message) Summary() string {
	parts := []string{Line(m.What)}
	for _, c := range m.Causes {
		parts = append(parts, "- "+c.line())
	}
	if m.Link != "" {
		parts = append(parts, Line(m.Link))
	} else if m.Command != "" {
		parts = append(parts, Line(m.Command))
	}
	return strings.Join(parts, "\n")
}
