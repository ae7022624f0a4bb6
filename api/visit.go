package api

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/service"
)

// A visit is one request by somebody who may make it.
type visit struct {
	r         *http.Request
	who       account.Actor
	operation service.Operation
	server    *Server
}

func (v *visit) ctx() context.Context      { return v.r.Context() }
func (v *visit) service() *service.Service { return v.server.Service }

// object names what a request is about for the audit log: numbers and names of
// things, as they stand in the address.
func (v *visit) object() string {
	var parts []string
	for _, name := range []string{"sync", "run", "job", "book", "field", "contact", "lead", "form", "filter", "import", "connection", "conflict", "channel", "user", "token", "session", "id"} {
		if value := v.r.PathValue(name); value != "" {
			parts = append(parts, name+":"+value)
		}
	}
	return strings.Join(parts, " ")
}

type visitKey struct{}

const operationKey = "operation"

func visitOf(ctx context.Context) *visit { return ctx.Value(visitKey{}).(*visit) }

// enter lets a request in: it asks who sent it, how many they have sent, whether
// they may, and whether this is one that was answered before. A body is read after
// all that.
func (a *Server) enter(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	v := &visit{server: a, operation: ctx.Operation().Metadata[operationKey].(service.Operation)}
	v.r = r.WithContext(context.WithValue(r.Context(), visitKey{}, v))
	var err error
	v.who, err = a.who(r)
	if late := a.limits.take(w.Header(), keyOf(v.who, r)); late != nil {
		a.writeProblem(w, r, a.problemOf(r, late))
		return
	}
	if err == nil {
		err = a.Service.Allow(r.Context(), v.who, v.operation)
	}
	if err == nil && v.who.Token.ID != 0 && ctx.Operation().Extensions[personKey] == true {
		err = account.ErrProve
	}
	if err != nil {
		a.writeProblem(w, r, a.problemOf(r, err))
		return
	}
	w.Header().Del("Connection")                                   // its body is wanted
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // a writer of tests has none
	key := r.Header.Get(keyHeader)
	if key == "" || ctx.Operation().Metadata[onceKey] != true {
		next(humago.NewContext(ctx.Operation(), v.r, w))
		return
	}
	err = a.once(v, w, key, max(ctx.Operation().MaxBodyBytes, largestText), func(w http.ResponseWriter) {
		next(humago.NewContext(ctx.Operation(), v.r, w))
	})
	if err != nil {
		a.writeProblem(w, r, a.problemOf(r, err))
	}
}

// errSetUp is why nobody is let in before an installation has an owner.
var errSetUp = errors.New("this installation is not set up yet: open the link that kith serve printed")

// who says who sent a request: by a token, else by the session of a browser.
func (a *Server) who(r *http.Request) (account.Actor, error) {
	who, err := a.named(r)
	if err == nil {
		return who, nil
	}
	needs, failed := a.Service.Accounts.NeedsSetUp(r.Context())
	switch {
	case failed != nil:
		return account.Actor{}, failed
	case needs:
		return account.Actor{}, errSetUp
	}
	return account.Actor{}, err
}

func (a *Server) named(r *http.Request) (account.Actor, error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return a.SignedIn(r)
	}
	scheme, secret, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return account.Actor{}, account.ErrToken
	}
	return a.Service.Accounts.Token(r.Context(), strings.TrimSpace(secret), from(r))
}

// from says where a request comes from.
func from(r *http.Request) account.From {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	return account.From{Address: host, Agent: r.UserAgent()}
}
