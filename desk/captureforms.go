package desk

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// A FormReport is a page by which people put themselves into the Leads Inbox.
type FormReport struct {
	Form     int64      `json:"form"`
	Title    string     `json:"title"`
	Event    int64      `json:"event,omitempty"`
	Fields   []string   `json:"fields"`
	Required []string   `json:"required"`
	Closed   bool       `json:"closed,omitempty"` // it takes nobody any more
	Created  *time.Time `json:"created,omitempty"`
	Address  string     `json:"address,omitempty"` // only when it was just made: it cannot be seen again
}

// A FormRequest is a form that somebody wants.
type FormRequest struct {
	Title    string   `json:"title" minLength:"1" maxLength:"200" doc:"What stands above it."`
	Event    int64    `json:"event,omitempty" doc:"The event where those who come by it were met."`
	Fields   []string `json:"fields,omitempty" maxItems:"30" doc:"Fields of the book, in the order in which they are asked for. None: name, e-mail, telephone, company and title, as far as the book has them."`
	Required []string `json:"required,omitempty" maxItems:"30" doc:"Those of them that have to be filled. Without it the e-mail is."`
}

// CapturePath is where the pages of forms are, without sign-in.
const CapturePath = "/capture/"

// formDaily is how many may come by one form in a day.
const formDaily = 1_000

// AddForm makes a form. Its address is a secret that is shown this once: whoever has it
// can put people into the inbox, and see nobody.
func AddForm(ctx context.Context, w *workspace.Workspace, b store.Book, q FormRequest) (FormReport, error) {
	q.Title = contact.Trim(q.Title)
	if q.Title == "" || utf8.RuneCountInString(q.Title) > 200 {
		return FormReport{}, usage("A form needs a title of up to 200 letters. Nothing was changed")
	}
	if q.Event != 0 {
		if _, err := OccasionOf(ctx, w, b, store.KindEvent, q.Event); err != nil {
			return FormReport{}, err
		}
	}
	if len(q.Fields) == 0 {
		q.Fields = UsualFields(b)
	}
	if err := checkForm(b, &q); err != nil {
		return FormReport{}, err
	}
	secret := rand.Text()
	f, err := w.Store.AddForm(ctx, store.CaptureForm{BookID: b.ID, Occasion: q.Event, Hash: hashOf(secret), Title: q.Title, Fields: q.Fields, Required: q.Required, Created: w.Engine.Now()})
	r := reportForm(f)
	r.Address = CapturePath + secret
	return r, err
}

// UsualFields are those that people are asked for at an event.
func UsualFields(b store.Book) (names []string) {
	for _, name := range []string{"first_name", "last_name", "name", "full_name", "email", "phone", "mobile", CompanyField(b), "title", "job_title"} {
		if name != "" && MayCapture(b, name) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// MayCapture reports whether a field of a book can be asked for: passwords and the codes
// that Kith gives cannot.
func MayCapture(b store.Book, name string) bool {
	f, ok := b.Schema().Field(name)
	return ok && f.Kind != contact.Password && (!b.KeyMade || name != b.KeyField)
}

func checkForm(b store.Book, q *FormRequest) error {
	if len(q.Fields) == 0 {
		return usage("A form asks for one field at least. Nothing was changed. kith fields list --book %s shows them", Quoted(b.Name))
	}
	seen := map[string]bool{}
	for _, name := range q.Fields {
		if err := KnownField(b, name); err != nil {
			return err
		}
		if !MayCapture(b, name) || seen[name] {
			return usage("A form cannot ask for %q, or not twice. Nothing was changed", name)
		}
		seen[name] = true
	}
	if len(q.Required) == 0 {
		for _, name := range q.Fields {
			if f, _ := b.Schema().Field(name); f.Kind == contact.Email && len(q.Required) == 0 {
				q.Required = []string{name}
			}
		}
	}
	for _, name := range q.Required {
		if !seen[name] {
			return usage("The form does not ask for %q, so it cannot be required. Nothing was changed", name)
		}
	}
	return nil
}

// hashOf is what is kept of a form's secret, which nobody can guess: 128 random bits.
func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

func reportForm(f store.CaptureForm) FormReport {
	return FormReport{Form: f.ID, Title: f.Title, Event: f.Occasion, Fields: Spelled(f.Fields), Required: Spelled(f.Required), Closed: f.Closed, Created: Moment(f.Created)}
}

// Forms lists the forms of a book.
func Forms(ctx context.Context, w *workspace.Workspace, b store.Book) ([]FormReport, error) {
	all, err := w.Store.Forms(ctx, b.ID)
	reports := make([]FormReport, len(all))
	for i, f := range all {
		reports[i] = reportForm(f)
	}
	return reports, err
}

// CloseForm has a form take nobody any more, or again.
func CloseForm(ctx context.Context, w *workspace.Workspace, b store.Book, id int64, closed bool) error {
	return formThere(b, id, w.Store.CloseForm(ctx, b.ID, id, closed))
}

// RemoveForm removes a form. Who came by it stays in the inbox.
func RemoveForm(ctx context.Context, w *workspace.Workspace, b store.Book, id int64) error {
	return formThere(b, id, w.Store.DeleteForm(ctx, b.ID, id))
}

func formThere(b store.Book, id int64, err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return refuse("not_found", "%s has no form %d. Nothing was changed. kith leads form list --book %s shows them", b.Name, id, Quoted(b.Name))
	}
	return err
}

// An OpenForm is a form as whoever fills it in sees it.
type OpenForm struct {
	Title    string
	Fields   []contact.Field
	Required []string
	book     store.Book
	form     store.CaptureForm
}

// FormAt returns the open form with a secret, or store.ErrNotFound: the same for one that
// is closed and one that never was.
func FormAt(ctx context.Context, w *workspace.Workspace, secret string) (o OpenForm, err error) {
	f, err := w.Store.FormByHash(ctx, hashOf(secret))
	if err != nil {
		return o, err
	}
	if f.Closed {
		return o, store.ErrNotFound
	}
	b, err := w.Store.BookByID(ctx, f.BookID)
	if err != nil {
		return o, err
	}
	o = OpenForm{Title: f.Title, book: b, form: f}
	for _, name := range f.Fields {
		if MayCapture(b, name) { // the book may have lost it
			field, _ := b.Schema().Field(name)
			o.Fields = append(o.Fields, field)
		}
	}
	for _, name := range f.Required {
		if MayCapture(b, name) {
			o.Required = append(o.Required, name)
		}
	}
	return o, nil
}

// Capture puts who filled in a form into the inbox. What is wrong with the values comes
// as FieldErrors; after a thousand in a day store.ErrFormFull. People who were erased on
// request get the same answer as all others, and are not stored.
func (o OpenForm) Capture(ctx context.Context, w *workspace.Workspace, typed map[string]string) error {
	var may []string
	for _, f := range o.Fields {
		may = append(may, f.Name)
	}
	values, err := checkLead(o.book, typed, may)
	var wrong FieldErrors
	errors.As(err, &wrong)
	for _, name := range o.Required {
		if contact.Blank(typed[name]) {
			f, _ := o.book.Schema().Field(name)
			wrong = append(wrong, FieldError{name, CodeUsage, f.Title() + " is needed"})
		}
	}
	switch {
	case len(wrong) > 0:
		return wrong
	case err != nil:
		return err
	}
	if err := w.Store.CountForm(ctx, o.form.ID, w.Engine.Now().UTC().Format(time.DateOnly), formDaily); err != nil {
		return err
	}
	return letIn(ctx, w, o.book, []store.Lead{{BookID: o.book.ID, Occasion: o.form.Occasion, Form: o.form.ID, Values: values, Came: store.CameByForm}})
}

// Needs reports whether a field of the form has to be filled.
func (o OpenForm) Needs(name string) bool { return slices.Contains(o.Required, name) }
