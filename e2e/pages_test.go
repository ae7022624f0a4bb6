//go:build e2e

package e2e

import (
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kith-sync/kith/plan"
)

// Every page that links lead to, from the menu on, is accessible in light and
// dark, fits a wide and a small screen, loads nothing from elsewhere and causes no
// complaint of the browser.
func TestEveryPageIsFine(t *testing.T) {
	w, b := owned(t)
	w.lived(b)
	seen := map[string]string{}
	for waiting := slices.Clone(sure); len(waiting) > 0; waiting = waiting[1:] {
		path := waiting[0]
		kind := kindOf(path)
		if seen[kind] != "" || !w.isPage(b, path) {
			continue
		}
		seen[kind] = path
		t.Run(strings.Trim(strings.ReplaceAll(path, "/", " "), " "), func(t *testing.T) {
			here := *b
			here.t = t
			here.open(path).fine()
			if path == nowhere {
				here.watch.complaints() // that it is not there
			}
			here.quiet()
		})
		for _, l := range b.MustEval(`() => [...document.querySelectorAll('main a[href], header a[href]')].map(a => a.href)`).Arr() {
			if u, err := url.Parse(l.Str()); err == nil && u.Host == b.watch.host {
				waiting = append(waiting, u.RequestURI())
			}
		}
	}
	t.Logf("%d pages: %s", len(seen), strings.Join(slices.Sorted(maps.Values(seen)), " "))
}

// sure are the pages that are looked at in any case: the menu, and runs in each
// of their states.
var sure = []string{"/", "/contacts", "/events", "/events/new", "/meetings", "/meetings/new", "/imports", "/syncs", "/runs", "/conflicts", "/connections", "/settings", "/me",
	"/runs/1?", "/runs/2?", "/runs/3?", "/runs/4?", "/runs/1/rejects", "/imports/new", "/search?q=ada", nowhere}

const nowhere = "/nowhere"

// lived fills a world with what there is to see: contacts, an import with
// rejects, one that the guard stopped, one taken back, one begun, a connection, an
// event with everybody of the import and a meeting.
func (w *world) lived(b *tab) {
	w.t.Helper()
	w.imports("contacts", attendees, plan.Sync{Policy: plan.Policy{Update: "always"}})
	w.imports("members", people(30), mirror)
	w.imports("members", people(20), mirror)
	w.connects("hr")
	w.places("people.csv", attendees)
	b.fromNetwork("hr", "people.csv")
	b.press("Next").press("Schedule import").at("Schedule import")
	b.open("/runs/1").press("Add these people to an event").fill("Name of the event", "Spring Expo").press("Add to event").at("Spring Expo")
	b.open("/meetings/new?event=1").fill("Subject", "A talk").press("Add meeting").at("A talk")
	b.open("/syncs/import-contacts").press("Plan").at("Run 4")
}

var (
	numbers = regexp.MustCompile(`/\d+`)
	drafts  = regexp.MustCompile(`^/imports/[^/?]{8,}`)
	named   = regexp.MustCompile(`^/(contacts|syncs|connections|books)/[^/?]+`)
)

// kindOf says what kind of page an address leads to: of pages that differ by a
// number or a name only, one is looked at.
func kindOf(path string) string {
	if strings.HasSuffix(path, "?") {
		return path
	}
	path, _, _ = strings.Cut(path, "?")
	path = drafts.ReplaceAllString(path, "/imports/*")
	if !strings.HasSuffix(path, "/new") {
		path = named.ReplaceAllString(path, "/$1/*")
	}
	return numbers.ReplaceAllString(path, "/#")
}

// isPage reports whether an address leads to a page, not to a file.
func (w *world) isPage(b *tab, path string) bool {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.BaseURL+path, nil)
	w.no(err)
	for _, c := range b.MustCookies(w.BaseURL) {
		r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
	resp, err := http.DefaultClient.Do(r)
	w.no(err)
	resp.Body.Close()
	if resp.StatusCode == http.StatusNotFound && path != nowhere {
		w.t.Errorf("a link leads to %s, where there is nothing", path)
		return false
	}
	return strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html")
}
