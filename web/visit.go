package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/service"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/syncfile"
)

// A visit is one request, made by somebody who may make it.
type visit struct {
	server    *Server
	w         http.ResponseWriter
	r         *http.Request
	who       account.Actor
	operation service.Operation
	asked     bool // a form was shown again: nothing was done
}

// A page is what the frame around every page needs.
type page struct {
	Title   string
	Nav     string // which entry of the menu is lit
	CLI     string // the same by command line
	API     string // the same by API: method and path
	Refresh bool   // without JavaScript it is loaded anew while something is at work
	Data    any
}

// view is what templates see.
type view struct {
	page
	Who   account.Actor
	Said  string // what was just done
	Error string // why it was not
	visit *visit
}

// May reports whether the visitor may ask for an operation: buttons that would be
// refused are not shown.
func (v view) May(operation string) bool { return v.Who.May(service.Find(operation).Least) }

// Demo reports whether the people here are invented.
func (v view) Demo() bool { return v.visit.service().Demo }

// Path is where the visitor is.
func (v view) Path() string { return v.visit.r.URL.RequestURI() }

func (v *visit) ctx() context.Context      { return v.r.Context() }
func (v *visit) service() *service.Service { return v.server.Service }

// wildcard is a part of the address, as in /syncs/{name}.
func (v *visit) wildcard(name string) string { return v.r.PathValue(name) }

// number is a part of the address that is a number.
func (v *visit) number(name string) (int64, error) {
	n, err := strconv.ParseInt(v.r.PathValue(name), 10, 64)
	if err != nil {
		return 0, errNoPage
	}
	return n, nil
}

// here are the numbers of the book and the contact in the address.
func (v *visit) here() (book, id int64, err error) {
	if book, err = v.number("book"); err != nil {
		return 0, 0, err
	}
	id, err = v.number("id")
	return book, id, err
}

// bookAt is the address book in the address.
func (v *visit) bookAt() (store.Book, error) {
	id, err := v.number("book")
	if err != nil {
		return store.Book{}, err
	}
	return v.service().BookOf(v.ctx(), id)
}

// contactAt is the contact in the address, with its book.
func (v *visit) contactAt() (store.Book, store.Contact, error) {
	book, id, err := v.here()
	if err != nil {
		return store.Book{}, store.Contact{}, err
	}
	return v.service().ContactOf(v.ctx(), book, id)
}

// form is a value of the form or the query.
func (v *visit) form(name string) string { return strings.TrimSpace(v.r.FormValue(name)) }

// ticked reports whether a box of the form is ticked.
func (v *visit) ticked(name string) bool { return v.r.FormValue(name) != "" }

// object names what a request is about for the audit log: numbers and names of
// things, as they stand in the address.
func (v *visit) object() string {
	var parts []string
	for _, name := range []string{"name", "id", "book", "run", "field"} {
		if value := v.r.PathValue(name); value != "" {
			parts = append(parts, name+":"+value)
		}
	}
	return strings.Join(parts, " ")
}

// fragment reports whether htmx asks for a part of a page.
func (v *visit) fragment() bool { return v.r.Header.Get("HX-Request") == "true" }

// show answers with a page.
func (v *visit) show(name string, p page) error { return v.write(http.StatusOK, name, "frame", p) }

// askAgain shows a form again that could not be carried out, with what is wrong.
func (v *visit) askAgain(name string, p page) error {
	v.asked = true
	return v.write(http.StatusUnprocessableEntity, name, "frame", p)
}

// showForm shows a form: as it is, or again with what is wrong.
func (v *visit) showForm(name string, p page, wrong string) error {
	if wrong != "" {
		return v.askAgain(name, p)
	}
	return v.show(name, p)
}

// follow goes to the page of a job that was put into the queue.
func (v *visit) follow(j store.Job, err error) error {
	if err != nil {
		return err
	}
	return v.goTo(fmt.Sprintf("/jobs/%d", j.ID), "")
}

// part answers with a part of a page, for htmx.
func (v *visit) part(name, block string, data any) error {
	return v.write(http.StatusOK, name, block, page{Data: data})
}

// write renders first and answers then, so that a mistake is never half a page.
func (v *visit) write(status int, name, block string, p page) error {
	t, ok := v.server.pages[name]
	if !ok {
		return errors.New("there is no page " + name)
	}
	var out bytes.Buffer
	if err := t.ExecuteTemplate(&out, block, view{page: p, Who: v.who, Said: v.said(), visit: v}); err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.WriteHeader(status)
	_, _ = out.WriteTo(v.w) // a browser that is gone needs no answer
	return nil
}

// goTo answers with another page to go to, which says what was done.
func (v *visit) goTo(path, said string) error {
	if said != "" {
		v.leave(said)
	}
	if v.fragment() {
		v.w.Header().Set("HX-Redirect", path)
		v.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	http.Redirect(v.w, v.r, path, http.StatusSeeOther)
	return nil
}

// back is the page a form was sent from, on this server.
func (v *visit) back(otherwise string) string {
	u, err := url.Parse(v.r.Referer())
	if err != nil || u.Host != v.r.Host || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "//") {
		return otherwise
	}
	return u.RequestURI()
}

// from says where a request comes from, for sign-in and the audit log.
func (v *visit) from() account.From {
	host, _, err := net.SplitHostPort(v.r.RemoteAddr)
	if err != nil {
		host = v.r.RemoteAddr
	}
	return account.From{Address: host, Agent: v.r.UserAgent()}
}

// A problem is an error with its own page.
type problem struct {
	status int
	title  string
	text   string
}

func (p *problem) Error() string { return p.text }

// fail answers with what went wrong, said for people. What nobody expected goes
// to the log, not onto the page.
func (v *visit) fail(err error) {
	if errors.Is(err, account.ErrProve) && v.goTo(provePath(v.back("/me")), "") == nil {
		return // and back again to the form
	}
	p := problemOf(err)
	if p.status == http.StatusInternalServerError {
		v.service().Log.Error("a page failed", "method", v.r.Method, "route", v.r.Pattern, "error", err)
	}
	if v.fragment() {
		v.w.Header().Set("HX-Retarget", "#error")
		v.w.Header().Set("HX-Reswap", "innerHTML")
		if err := v.write(p.status, "error", "alert", page{Data: p.view()}); err == nil {
			return
		}
	}
	if err := v.write(p.status, "error", "frame", page{Title: p.title, Data: p.view()}); err != nil {
		http.Error(v.w, "Something went wrong.", http.StatusInternalServerError)
	}
}

type problemView struct {
	Title, Text, Code string
	Lines             []string
}

func (p *problem) view() problemView { return problemView{Title: p.title, Text: p.text} }

func problemOf(err error) *problem {
	var known *problem
	var said *run.Error
	var soon *account.TooSoon
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &said) && said.Code == "not_found", errors.Is(err, store.ErrNotFound):
		return &problem{http.StatusNotFound, "It is not there", sentenceOf(err)}
	case errors.As(err, &said):
		return &problem{http.StatusUnprocessableEntity, "That was not done", sentenceOf(err)}
	case errors.Is(err, account.ErrForbidden):
		return &problem{http.StatusForbidden, "You may not do this", "Your role does not allow this. Ask an owner of this installation."}
	case errors.Is(err, account.ErrProve):
		return &problem{http.StatusForbidden, "Enter your password once more", "This needs a fresh proof of who you are. Sign in again, then come back."}
	case errors.As(err, &soon):
		return &problem{http.StatusTooManyRequests, "Too many attempts", soon.Error()}
	case len(syncfile.All(err)) > 0:
		return &problem{http.StatusUnprocessableEntity, "The settings are not right", sentenceOf(err)}
	case errors.As(err, new(*http.MaxBytesError)):
		return &problem{http.StatusRequestEntityTooLarge, "The file is too large", "Nothing was stored. Split it, or have the server fetch it from a folder."}
	}
	return &problem{http.StatusInternalServerError, "Something went wrong", "Kith did not expect this. What was written before stays complete; the server's log says more."}
}

func sentenceOf(err error) string {
	_, message := service.Say(err)
	if all := syncfile.All(err); len(all) > 0 {
		message = err.Error()
	}
	return strings.TrimRight(message, ".") + "."
}
