package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/catalogue"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/service"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/syncfile"
)

// A Problem says why something was not done (RFC 9457). Its type is the page about
// its code, which is one of docs/errors.md.
type Problem struct {
	Type    string              `json:"type" format:"uri" doc:"The page about this code." example:"https://kith.example.org/help/errors#not_found"`
	Title   string              `json:"title" doc:"What this code means." example:"The request names something that is not there."`
	Status  int                 `json:"status" doc:"The HTTP status." example:"404"`
	Code    string              `json:"code" doc:"For programs: stable." example:"not_found"`
	Detail  string              `json:"detail" doc:"What happened, what is safe, what to do next." example:"There is no such run. It may have been cleared away."`
	Errors  []*huma.ErrorDetail `json:"errors,omitempty" doc:"What is wrong with each value."`
	headers http.Header
}

func (p *Problem) Error() string             { return p.Detail }
func (p *Problem) GetStatus() int            { return p.Status }
func (p *Problem) GetHeaders() http.Header   { return p.headers }
func (p *Problem) ContentType(string) string { return problemType }

const problemType = "application/problem+json"

// The codes of the API itself.
const (
	CodeInvalid    = "request.invalid"    // a value is missing, or is not what it has to be
	CodeLarge      = "request.too_large"  // its body
	CodeMany       = "request.too_many"   // of them in a short time
	CodeKeyUsed    = "request.key_used"   // the Idempotency-Key of another request
	CodeUnfinished = "request.unfinished" // the first of two with one key is still at work
	CodeChanged    = "object.changed"     // meanwhile: If-Match does not
	CodeSignIn     = "access.nobody"      // no token and no session
	CodeForbidden  = "access.forbidden"   // the role, or the scopes, do not reach
	CodeProve      = "access.prove"       // a person has to prove again who they are
)

func (a *Server) problem(status int, code, detail string) *Problem {
	title := http.StatusText(status)
	if e, ok := catalogue.Find(code); ok {
		title = e.Sentence()
	}
	return &Problem{Type: a.Service.BaseURL + "/help/errors#" + code, Title: title, Status: status, Code: code, Detail: ended(detail)}
}

// ended gives a sentence its full stop.
func ended(text string) string {
	if text = strings.TrimRight(text, ".\n "); text == "" || strings.HasSuffix(text, "?") {
		return text
	}
	return text + "."
}

// problemOf says any error as a problem. What nobody expected goes to the log, not
// into the answer.
func (a *Server) problemOf(r *http.Request, err error) *Problem {
	var known *Problem
	var said *run.Error
	var fields service.FieldErrors
	var soon *account.TooSoon
	var late *tooMany
	var weak *account.WeakPassword
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(err, errSetUp), errors.Is(err, account.ErrSession), errors.Is(err, account.ErrToken), errors.Is(err, account.ErrUnfinished):
		p := a.problem(http.StatusUnauthorized, CodeSignIn, sentence(err))
		p.headers = http.Header{"Www-Authenticate": {`Bearer realm="Kith"`}}
		return p
	case errors.Is(err, account.ErrProve):
		return a.problem(http.StatusForbidden, CodeProve, "This needs a fresh proof of who you are, which a token cannot give. Do it in a browser")
	case errors.Is(err, account.ErrForbidden):
		return a.problem(http.StatusForbidden, CodeForbidden, "Your role, or the scopes of this token, do not allow this. Nothing was changed")
	case errors.As(err, &late):
		return a.waitFor(late.wait, late.Error())
	case errors.As(err, &soon):
		return a.waitFor(int(math.Ceil(soon.Wait.Seconds())), soon.Error())
	case errors.As(err, &fields):
		p := a.problem(http.StatusUnprocessableEntity, CodeInvalid, fields.Error())
		for _, f := range fields {
			p.Errors = append(p.Errors, &huma.ErrorDetail{Location: "body." + f.Field, Message: f.Message})
		}
		return p
	case len(syncfile.All(err)) > 0:
		p := a.problem(http.StatusUnprocessableEntity, run.CodeConfig, err.Error())
		for _, e := range syncfile.All(err) {
			p.Errors = append(p.Errors, &huma.ErrorDetail{Location: "body." + e.Key, Message: e.Error()})
		}
		return p
	case errors.Is(err, service.ErrMoved):
		return a.problem(http.StatusPreconditionFailed, CodeChanged, service.ErrMoved.Message)
	case errors.As(err, &said):
		return a.problem(statusOf(said.Code), said.Code, said.Error())
	case errors.Is(err, store.ErrNotFound):
		return a.problem(http.StatusNotFound, "not_found", "It is not there, or not any more")
	case errors.Is(err, store.ErrTaken):
		return a.problem(http.StatusConflict, "user.taken", "There is one of that name already. Nothing was changed")
	case errors.Is(err, store.ErrLastOwner):
		return a.problem(http.StatusConflict, "user.last_owner", "Somebody has to stay the owner. Nothing was changed")
	case errors.As(err, &weak):
		return a.problem(http.StatusUnprocessableEntity, "user.password", weak.Error())
	case errors.Is(err, account.ErrCredentials), errors.Is(err, account.ErrCode), errors.Is(err, account.ErrEmail), errors.Is(err, account.ErrRole), errors.Is(err, account.ErrName), errors.Is(err, account.ErrLink):
		return a.problem(http.StatusUnprocessableEntity, CodeInvalid, sentence(err))
	case errors.As(err, new(*http.MaxBytesError)):
		return a.problem(http.StatusRequestEntityTooLarge, CodeLarge, "The body is too large. Nothing was stored")
	}
	a.Service.Log.Error("a request failed", "method", r.Method, "route", r.Pattern, "error", err)
	code, message := service.Say(err)
	return a.problem(http.StatusInternalServerError, code, message)
}

// statusOf tells what does not fit the state of things from what was put wrong.
func statusOf(code string) int {
	switch code {
	case "not_found", run.CodePlanUnknown:
		return http.StatusNotFound
	case run.CodePlanUsed, run.CodePlanMoved, run.CodeTargetMoved, "guard.stopped", "book.exists", "field.exists", "book.not_empty", "identity.conflict", string(plan.TargetChanged), desk.CodeManaged:
		return http.StatusConflict
	case "data.locked":
		return http.StatusServiceUnavailable
	case desk.CodeUsage:
		return http.StatusUnprocessableEntity
	}
	return http.StatusUnprocessableEntity
}

func (a *Server) waitFor(seconds int, detail string) *Problem {
	p := a.problem(http.StatusTooManyRequests, CodeMany, detail)
	p.headers = http.Header{"Retry-After": {strconv.Itoa(max(seconds, 1))}}
	return p
}

// sentence begins an error's first line with a capital letter.
func sentence(err error) string {
	first, _, _ := strings.Cut(err.Error(), "\n")
	if first == "" {
		return ""
	}
	return strings.ToUpper(first[:1]) + first[1:]
}

// asProblem gives the errors of huma, which are about the form of a request, the
// shape that all have.
func (a *Server) asProblem(_ huma.Context, _ string, v any) (any, error) {
	e, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	code, detail := CodeInvalid, e.Detail
	switch e.Status {
	case http.StatusRequestEntityTooLarge:
		code, detail = CodeLarge, "The body is too large. Nothing was stored"
	case http.StatusUnprocessableEntity:
		detail = fmt.Sprintf("Nothing was done: %d of the values that were sent cannot be used", len(e.Errors))
		if len(e.Errors) == 1 {
			detail = fmt.Sprintf("Nothing was done. %s: %s", e.Errors[0].Location, e.Errors[0].Message)
		}
	}
	p := a.problem(e.Status, code, detail)
	for _, one := range e.Errors {
		p.Errors = append(p.Errors, &huma.ErrorDetail{Location: one.Location, Message: one.Message}) // what was sent may be a secret
	}
	return p, nil
}

// writeProblem answers outside of huma.
func (a *Server) writeProblem(w http.ResponseWriter, _ *http.Request, p *Problem) {
	for name, values := range p.headers {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", problemType)
	w.WriteHeader(p.Status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(p) // whoever is gone needs no answer
}
