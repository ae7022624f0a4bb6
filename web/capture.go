package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/service"
	"github.com/kith-sync/kith/store"
)

// The page by which people put themselves into the Leads Inbox. It is the one page
// without sign-in that stores something, so it does less than others: no cookie, no
// script, nothing of the installation but the form's title and fields; so many a day and
// from one address, 64 KB at most; and the same answer for everybody whose values are
// right.
func captureRoutes() []route {
	return []route{
		{pattern: "GET /capture/{token}", do: (*visit).capturePage, open: true},
		{pattern: "POST /capture/{token}", do: (*visit).capture, open: true, small: true},
	}
}

// captureView is what the page shows.
type captureView struct {
	Title  string
	Fields []captureField
	Thanks bool
	Again  string // where to go to for somebody else
	Error  string
	Trap   string
}

type captureField struct {
	inputView
	Auto     string // what a browser may fill in
	Required bool
}

// captureTrap is a field that people do not see, and that programs fill in: what has it
// is thanked and not stored. No field of a book has such a name.
const captureTrap = "=website"

func (v *visit) capturePage() error {
	f, err := v.service().OpenForm(v.ctx(), v.wildcard("token"))
	if err != nil {
		return v.captureFailed(err)
	}
	data := captureData(f, nil)
	if v.r.URL.Query().Get("done") != "" {
		data.Thanks, data.Again = true, v.r.URL.Path
	}
	return v.strange(http.StatusOK, data)
}

func (v *visit) capture() error {
	f, err := v.service().OpenForm(v.ctx(), v.wildcard("token"))
	if err != nil {
		return v.captureFailed(err)
	}
	typed, err := v.captured()
	if err == nil && typed[captureTrap] == "" {
		delete(typed, captureTrap)
		err = v.service().Capture(v.ctx(), f, v.from().Address, typed)
	}
	var wrong desk.FieldErrors
	var said *run.Error
	switch {
	case err == nil && v.sentJSON():
		return v.tellJSON(http.StatusAccepted, captureAnswer{Received: true})
	case err == nil:
		return v.goTo(v.r.URL.Path+"?done=1", "")
	case errors.As(err, &wrong), errors.As(err, &said):
		return v.captureWrong(f, typed, err)
	}
	return v.captureFailed(err)
}

// sentJSON reports whether a program sent values as JSON.
func (v *visit) sentJSON() bool {
	kind, _, err := mime.ParseMediaType(v.r.Header.Get("Content-Type"))
	return err == nil && kind == "application/json"
}

var errCaptureJSON = &run.Error{Code: desk.CodeUsage, Message: "The body is no JSON object of texts, as in {\"email\":\"ada@example.com\"}. Nothing was stored"}

// captured are the values that were sent, by field.
func (v *visit) captured() (map[string]string, error) {
	typed := map[string]string{}
	if !v.sentJSON() {
		for name, values := range v.r.PostForm {
			typed[name] = values[0]
		}
		return typed, nil
	}
	control := http.NewResponseController(v.w)
	_ = control.SetReadDeadline(time.Now().Add(formArrives)) // a writer of tests has none
	err := json.NewDecoder(v.r.Body).Decode(&typed)
	_ = control.SetReadDeadline(time.Time{})
	switch {
	case errors.As(err, new(*http.MaxBytesError)):
		return nil, err
	case err != nil || typed == nil:
		return nil, errCaptureJSON
	}
	return typed, nil
}

// captureAnswer is what a program is told.
type captureAnswer struct {
	Received bool              `json:"received"`
	Message  string            `json:"message,omitempty"`
	Errors   []desk.FieldError `json:"errors,omitempty"`
}

func (v *visit) tellJSON(status int, a captureAnswer) error {
	v.strangeHeaders()
	v.w.Header().Set("Content-Type", "application/json")
	v.w.WriteHeader(status)
	_ = json.NewEncoder(v.w).Encode(a) // whoever is gone needs no answer
	return nil
}

// captureWrong asks again, with what is wrong.
func (v *visit) captureWrong(f desk.OpenForm, typed map[string]string, err error) error {
	var wrong desk.FieldErrors
	errors.As(err, &wrong)
	for i := range wrong {
		wrong[i].Message = toStranger(wrong[i].Message)
	}
	text := "Nothing was sent yet. Some of it is not right."
	if len(wrong) == 0 {
		text = toStranger(sentenceOf(err))
	}
	if v.sentJSON() {
		return v.tellJSON(http.StatusUnprocessableEntity, captureAnswer{Message: text, Errors: wrong})
	}
	data := captureData(f, typed)
	data.Error = text
	for _, e := range wrong {
		for i := range data.Fields {
			if data.Fields[i].Name == e.Field {
				data.Fields[i].Error = e.Message
			}
		}
	}
	return v.strange(http.StatusUnprocessableEntity, data)
}

// toStranger is a sentence without what only matters to those who keep the book.
func toStranger(text string) string {
	return strings.TrimRight(strings.ReplaceAll(strings.ReplaceAll(text, " Nothing was changed.", ""), " Nothing was stored.", ""), ".") + "."
}

// captureFailed says why nothing can be sent: of a form that is closed the same as of one
// that never was.
func (v *visit) captureFailed(err error) error {
	status, data := http.StatusInternalServerError, captureView{Title: "That did not work", Error: "Please try again in a moment."}
	switch {
	case errors.Is(err, store.ErrNotFound):
		status, data = http.StatusNotFound, captureView{Title: "This form is not open", Error: "It may be over, or the address is mistyped."}
	case errors.Is(err, service.ErrCaptureBusy):
		v.w.Header().Set("Retry-After", "300")
		status, data = http.StatusTooManyRequests, captureView{Title: "Just a moment", Error: "Too many people send this form now. Please try again in a few minutes."}
	case errors.As(err, new(*http.MaxBytesError)):
		status, data = http.StatusRequestEntityTooLarge, captureView{Title: "That is too much", Error: "Nothing was stored."}
	default:
		v.service().Log.Error("a form failed", "route", v.r.Pattern, "error", err)
	}
	if v.sentJSON() {
		return v.tellJSON(status, captureAnswer{Message: data.Error})
	}
	return v.strange(status, data)
}

func captureData(f desk.OpenForm, typed map[string]string) captureView {
	data := captureView{Title: f.Title, Trap: captureTrap}
	for _, field := range f.Fields {
		in := captureField{inputView: inputOf(store.Book{}, field, typed[field.Name]), Auto: browserFills(field), Required: f.Needs(field.Name)}
		if field.Kind == contact.Phone {
			in.Hint = ""
		}
		data.Fields = append(data.Fields, in)
	}
	return data
}

// browserFills is what a browser may fill into a field by itself (HTML 4.10.18.7).
func browserFills(f contact.Field) string {
	known := map[string]string{"first_name": "given-name", "last_name": "family-name", "name": "name", "full_name": "name", "company": "organization",
		"organization": "organization", "title": "organization-title", "job_title": "organization-title"}
	switch f.Kind {
	case contact.Email:
		return "email"
	case contact.Phone:
		return "tel"
	case contact.URL:
		return "url"
	}
	if auto := known[f.Name]; auto != "" {
		return auto
	}
	return "off"
}

func (v *visit) strangeHeaders() {
	v.w.Header().Set("Referrer-Policy", "no-referrer") // its address is a secret
}

// strange answers a stranger with the page that has nothing of the frame around it.
func (v *visit) strange(status int, data captureView) error {
	var out bytes.Buffer
	if err := v.server.pages["capture"].ExecuteTemplate(&out, "public", data); err != nil {
		return err
	}
	v.strangeHeaders()
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.WriteHeader(status)
	_, _ = out.WriteTo(v.w) // a browser that is gone needs no answer
	return nil
}
