package service

import (
	"context"
	"sync"
	"time"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/connector/salesforce"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/run"
)

// LoginCallback is the path that a system sends people back to who let us in.
const LoginCallback = "/connections/signed-in"

// loginTime is how long somebody may take to let us in.
const loginTime = 10 * time.Minute

// logins are the sign-ins at other systems that are under way, by their state.
type logins struct {
	mu   sync.Mutex
	open map[string]login
}

type login struct {
	connection string
	user       int64 // who began it: the code is taken from nobody else
	verifier   string
	until      time.Time
}

func (l *logins) begin(state string, one login, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for old, o := range l.open {
		if now.After(o.until) {
			delete(l.open, old)
		}
	}
	if l.open == nil {
		l.open = map[string]login{}
	}
	l.open[state] = one
}

// take ends a sign-in: a state works once.
func (l *logins) take(state string, user int64, now time.Time) (login, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	one, ok := l.open[state]
	if !ok || one.user != user {
		return login{}, false
	}
	delete(l.open, state)
	return one, !now.After(one.until)
}

// BeginLogin returns where a person goes with the browser to let us in at the system
// of a connection.
func (s *Service) BeginLogin(ctx context.Context, who account.Actor, name string) (string, error) {
	c, err := s.connectionNamed(ctx, name)
	if err != nil {
		return "", err
	}
	l, err := s.Workspace.Login(ctx, c, s.BaseURL+LoginCallback)
	if err != nil {
		return "", &run.Error{Code: desk.CodeUsage, Message: err.Error() + ". Nothing was changed"}
	}
	state, verifier := salesforce.NewVerifier(), salesforce.NewVerifier()
	at, err := l.AuthorizeURL(state, verifier)
	if err != nil {
		return "", &run.Error{Code: desk.CodeUsage, Message: err.Error()}
	}
	s.logins.begin(state, login{name, who.User.ID, verifier, s.Now().Add(loginTime)}, s.Now())
	return at, nil
}

// FinishLogin takes the code that a system sent somebody back with, and returns the
// name of the connection, where it is known. What is sealed then is written only, as
// every secret.
func (s *Service) FinishLogin(ctx context.Context, who account.Actor, state, code, refused string) (string, error) {
	l, ok := s.logins.take(state, who.User.ID, s.Now())
	if !ok {
		return l.connection, &run.Error{Code: desk.CodeUsage, Message: "This sign-in was not begun here, or more than ten minutes ago. Nothing was changed. Begin it once more on the connection's page"}
	}
	if code == "" {
		return l.connection, &run.Error{Code: desk.CodeUsage, Message: "Nobody let us in" + map[bool]string{true: " (" + desk.Cell(desk.Shorten(refused, 80)) + ")"}[refused != ""] + ". Nothing was changed"}
	}
	c, err := s.connectionNamed(ctx, l.connection)
	if err != nil {
		return "", err
	}
	at, err := s.Workspace.Login(ctx, c, s.BaseURL+LoginCallback)
	if err != nil {
		return l.connection, err
	}
	secret, err := at.Finish(ctx, code, l.verifier)
	if err != nil {
		return l.connection, &run.Error{Code: "connection.denied", Message: err.Error() + " Nothing was changed"}
	}
	return l.connection, s.Workspace.SignedIn(ctx, c, secret)
}
