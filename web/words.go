package web

import (
	"fmt"
	"html/template"
	"net/url"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/kith-sync/kith/catalogue"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/service"
	"github.com/kith-sync/kith/store"
)

// functions are what templates can say.
func (s *Server) functions() template.FuncMap {
	return template.FuncMap{
		"asset":   func(name string) string { return "/assets/" + s.assets[name].name },
		"count":   count,
		"several": several,
		"when":    when,
		"ago":     s.ago,
		"moment":  moment,
		"cell":    desk.Cell,
		"short":   desk.Short,
		"quoted":  desk.Quoted,
		"status":  statusText,
		"tone":    statusTone,
		"state":   stateText,
		"mark":    stateTone,
		"cause":   catalogueText,
		"fix":     catalogueFix,
		"escape":  url.PathEscape,
		"bytes":   func(n int64) string { return strings.ReplaceAll(humanize.IBytes(uint64(max(n, 0))), " ", "\u00a0") },
		"dict":    dict,
		"list":    func(all ...any) []any { return all },
	}
}

// dict makes a map of its arguments, key after value, for parts that need several.
func dict(pairs ...any) (map[string]any, error) {
	m := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		key, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: %v is no key", pairs[i])
		}
		m[key] = pairs[i+1]
	}
	return m, nil
}

// count writes a number the way people read it: 12,480.
func count(n any) string {
	switch n := n.(type) {
	case int64:
		return humanize.Comma(n)
	case int:
		return humanize.Comma(int64(n))
	}
	return fmt.Sprint(n)
}

// several counts things: 1 contact, 2 contacts.
func several(n any, thing string) string {
	text := count(n)
	if text == "1" {
		return "1 " + thing
	}
	return text + " " + thing + "s"
}

// when writes a moment as an element: the page's script shows it in the visitor's
// zone, and without it UTC stands there.
func when(t any) template.HTML {
	at := momentOf(t)
	if at.IsZero() {
		return "—"
	}
	at = at.UTC()
	return template.HTML(fmt.Sprintf(`<time datetime="%s">%s UTC</time>`, at.Format(time.RFC3339), at.Format("2 Jan 2006 15:04"))) //nolint:gosec // nothing of it was typed in
}

// ago writes a moment as the time that has passed since.
func (s *Server) ago(t any) template.HTML {
	at := momentOf(t)
	if at.IsZero() {
		return "never"
	}
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s UTC">%s</time>`, at.UTC().Format(time.RFC3339), at.UTC().Format("2 Jan 2006 15:04:05"), template.HTMLEscapeString(humanize.RelTime(at, s.Service.Now(), "ago", "from now")))) //nolint:gosec // nothing of it was typed in
}

func momentOf(t any) time.Time {
	switch t := t.(type) {
	case time.Time:
		return t
	case *time.Time:
		if t != nil {
			return *t
		}
	}
	return time.Time{}
}

// statusText says the status of a run.
func statusText(s store.Status) string {
	switch s {
	case store.Planned:
		return "Plan, not applied"
	case store.SkippedUnchanged:
		return "Up to date"
	case store.WithErrors:
		return "Finished with rejects"
	case store.WithWarnings:
		return "Succeeded with warnings"
	case store.Blocked:
		return "Waiting for approval"
	case store.PausedQuota:
		return "Paused for quota"
	}
	text := strings.ReplaceAll(string(s), "_", " ")
	return strings.ToUpper(text[:1]) + text[1:]
}

// statusTone chooses a colour; the text beside it says the same.
func statusTone(s store.Status) string {
	switch s {
	case store.Succeeded:
		return "good"
	case store.WithErrors, store.WithWarnings, store.Blocked, store.PausedQuota:
		return "warn"
	case store.Failed, store.Cancelled:
		return "bad"
	}
	return "plain"
}

func stateText(s service.State) string {
	switch s {
	case service.StateNew:
		return "New"
	case service.StateOK:
		return "OK"
	case service.StateRunning:
		return "Running"
	case service.StateRejects:
		return "Finished with rejects"
	case service.StateApproval:
		return "Waiting for approval"
	case service.StateHeld:
		return "Needs a decision"
	case service.StateLate:
		return "Late"
	case service.StatePaused:
		return "Paused"
	}
	return "Failed"
}

func stateTone(s service.State) string {
	switch s {
	case service.StateOK:
		return "good"
	case service.StateRejects, service.StateApproval, service.StateHeld, service.StateLate:
		return "warn"
	case service.StateFailed:
		return "bad"
	}
	return "plain"
}

func catalogueText(code any) string {
	if e, ok := catalogue.Find(fmt.Sprint(code)); ok {
		return e.What
	}
	return fmt.Sprint(code)
}

func catalogueFix(code any) string {
	if e, ok := catalogue.Find(fmt.Sprint(code)); ok {
		return e.Fix
	}
	return ""
}
