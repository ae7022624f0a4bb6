package store

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"
)

var morning = time.UnixMilli(1_795_000_000_000).UTC()

func addUser(t *testing.T, s *Store, email, role string) User {
	t.Helper()
	u := User{Email: email, Name: "Somebody", Role: role, Password: "hash", Created: morning}
	noError(t, s.Accounts().AddUser(ctx, &u))
	return u
}

func testUsers(t *testing.T, s *Store) {
	a := s.Accounts()
	equal(t, "an owner at the beginning", must(a.HasOwner(ctx))(t), false)
	ada := addUser(t, s, "ada@example.com", "owner")
	equal(t, "an owner", must(a.HasOwner(ctx))(t), true)
	if err := a.AddUser(ctx, &User{Email: "ada@example.com", Role: "viewer"}); !errors.Is(err, ErrTaken) {
		t.Errorf("the same e-mail: got %v, want %v", err, ErrTaken)
	}
	bo := addUser(t, s, "bo@example.com", "viewer")
	same(t, "users", must(a.Users(ctx))(t), []User{ada, bo})
	ada.TOTP, ada.TOTPOn, ada.TOTPStep, ada.Name = "sealed", true, 7, "Ada"
	noError(t, a.SaveUser(ctx, ada))
	equal(t, "what was saved", must(a.User(ctx, ada.ID))(t), ada)
	equal(t, "found by e-mail", must(a.UserByEmail(ctx, "ada@example.com"))(t), ada)
	bo.Email = "ada@example.com"
	if err := a.SaveUser(ctx, bo); !errors.Is(err, ErrTaken) {
		t.Errorf("somebody's e-mail: got %v, want %v", err, ErrTaken)
	}
	for step, want := range map[int64]bool{7: false, 6: false} {
		equal(t, fmt.Sprint("code ", step), must(a.UseStep(ctx, ada.ID, step))(t), want)
	}
	equal(t, "the next code", must(a.UseStep(ctx, ada.ID, 8))(t), true)
	equal(t, "the next code again", must(a.UseStep(ctx, ada.ID, 8))(t), false)

	noError(t, a.SetRecovery(ctx, ada.ID, []string{"a", "b"}))
	equal(t, "another's recovery code", must(a.UseRecovery(ctx, bo.ID, "a"))(t), false)
	equal(t, "a recovery code", must(a.UseRecovery(ctx, ada.ID, "a"))(t), true)
	equal(t, "a recovery code again", must(a.UseRecovery(ctx, ada.ID, "a"))(t), false)
	equal(t, "recovery codes left", must(a.RecoveryLeft(ctx, ada.ID))(t), 1)

	noError(t, a.LinkIdentity(ctx, "https://login.example.com", "s1", ada.ID))
	equal(t, "found by identity", must(a.UserByIdentity(ctx, "https://login.example.com", "s1"))(t).ID, ada.ID)
	for _, row := range []struct {
		subject string
		user    int64
	}{{"s1", bo.ID}, {"s2", ada.ID}} {
		if err := a.LinkIdentity(ctx, "https://login.example.com", row.subject, row.user); !errors.Is(err, ErrTaken) {
			t.Errorf("identity %s of user %d: got %v, want %v", row.subject, row.user, err, ErrTaken)
		}
	}
	noError(t, a.DeleteUser(ctx, bo.ID))
	if _, err := a.User(ctx, bo.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("who was removed: got %v, want %v", err, ErrNotFound)
	}
}

func testLastOwner(t *testing.T, s *Store) {
	a := s.Accounts()
	ada := addUser(t, s, "ada@example.com", "owner")
	demoted, disabled := ada, ada
	demoted.Role, disabled.Disabled = "manager", true
	for what, err := range map[string]error{"demote": a.SaveUser(ctx, demoted), "disable": a.SaveUser(ctx, disabled), "remove": a.DeleteUser(ctx, ada.ID)} {
		if !errors.Is(err, ErrLastOwner) {
			t.Errorf("%s: got %v, want %v", what, err, ErrLastOwner)
		}
	}
	owners := []User{ada}
	for i := range 7 {
		owners = append(owners, addUser(t, s, fmt.Sprintf("o%d@example.com", i), "owner"))
	}
	var wg sync.WaitGroup // all of them at once
	for _, u := range owners {
		wg.Go(func() {
			u.Role = "viewer"
			err := s.InAccounts(ctx, func(a Accounts) error { return a.SaveUser(ctx, u) })
			if err != nil && !errors.Is(err, ErrLastOwner) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	left := 0
	for _, u := range must(a.Users(ctx))(t) {
		if u.Role == "owner" {
			left++
		}
	}
	equal(t, "owners left when all are demoted at once", left, 1)
}

func testSessions(t *testing.T, s *Store) {
	a := s.Accounts()
	ada, bo := addUser(t, s, "ada@example.com", "owner"), addUser(t, s, "bo@example.com", "viewer")
	add := func(user int64, hash string, at time.Time) Session {
		made := Session{User: user, Hash: hash, State: "open", Method: "password", Agent: "Browser", Address: "192.0.2.1", Created: at, Seen: at, Proved: at}
		noError(t, a.AddSession(ctx, &made))
		return made
	}
	first, second, bos := add(ada.ID, "h1", morning), add(ada.ID, "h2", morning.Add(time.Hour)), add(bo.ID, "h3", morning)
	equal(t, "a session", must(a.Session(ctx, "h1"))(t), first)
	noError(t, a.SeeSession(ctx, first.ID, morning.Add(2*time.Hour), "2001:db8::1"))
	noError(t, a.SeeSession(ctx, first.ID, morning, "192.0.2.9")) // told late: time does not go back
	noError(t, a.ProveSession(ctx, first.ID, morning.Add(3*time.Hour)))
	first.Seen, first.Address, first.Proved = morning.Add(2*time.Hour), "2001:db8::1", morning.Add(3*time.Hour)
	same(t, "ada's sessions", must(a.Sessions(ctx, ada.ID))(t), []Session{first, second})
	equal(t, "end another's session", must(a.EndSession(ctx, ada.ID, bos.ID))(t), false)
	noError(t, a.EndSessions(ctx, ada.ID, second.ID))
	same(t, "the one that was spared", must(a.Sessions(ctx, ada.ID))(t), []Session{second})
	noError(t, a.DropSessions(ctx, morning.Add(time.Minute), morning))
	if _, err := a.Session(ctx, "h3"); !errors.Is(err, ErrNotFound) {
		t.Errorf("an old session: got %v, want %v", err, ErrNotFound)
	}
	noError(t, a.DropSessions(ctx, morning, morning.Add(2*time.Hour)))
	equal(t, "idle sessions", len(must(a.Sessions(ctx, ada.ID))(t)), 0)
	add(bo.ID, "h4", morning)
	noError(t, a.DeleteUser(ctx, bo.ID))
	if _, err := a.Session(ctx, "h4"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a session of who was removed: got %v, want %v", err, ErrNotFound)
	}
}

func testTickets(t *testing.T, s *Store) {
	a := s.Accounts()
	put := func(hash, email string) Ticket {
		made := Ticket{Hash: hash, Kind: "invitation", Email: email, Name: "Bo", Role: "viewer", Expires: morning.Add(time.Hour)}
		noError(t, a.PutTicket(ctx, made))
		return made
	}
	put("h1", "bo@example.com")
	bo, cy := put("h2", "bo@example.com"), put("h3", "cy@example.com")
	same(t, "open links", must(a.Tickets(ctx, "invitation", morning))(t), []Ticket{bo, cy})
	equal(t, "a link", must(a.Ticket(ctx, "invitation", "h2", morning))(t), bo)
	for _, row := range []struct {
		sentence, kind, hash string
		at                   time.Time
	}{
		{"one that another has replaced", "invitation", "h1", morning}, {"another kind", "setup", "h2", morning},
		{"too late", "invitation", "h2", morning.Add(time.Hour)},
	} {
		if _, err := a.TakeTicket(ctx, row.kind, row.hash, row.at); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: got %v, want %v", row.sentence, err, ErrNotFound)
		}
	}
	taken := make(chan bool, 8)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			err := s.InAccounts(ctx, func(a Accounts) error {
				_, err := a.TakeTicket(ctx, "invitation", "h2", morning)
				return err
			})
			if err == nil {
				taken <- true
			}
		})
	}
	wg.Wait()
	equal(t, "how often a link is taken by eight at once", len(taken), 1)
	noError(t, a.DropTickets(ctx, 0, "cy@example.com"))
	equal(t, "links left", len(must(a.Tickets(ctx, "invitation", morning))(t)), 0)
}

func testTokens(t *testing.T, s *Store) {
	a := s.Accounts()
	ada, bo := addUser(t, s, "ada@example.com", "owner"), addUser(t, s, "bo@example.com", "viewer")
	first := Token{User: ada.ID, Name: "nightly", Hash: "h1", Scopes: "read run", Created: morning, Expires: morning.Add(time.Hour)}
	second := Token{User: bo.ID, Name: "never ends", Hash: "h2", Scopes: "read", Created: morning}
	noError(t, errors.Join(a.AddToken(ctx, &first), a.AddToken(ctx, &second)))
	same(t, "everybody's tokens", must(a.Tokens(ctx, 0))(t), []Token{first, second})
	same(t, "bo's tokens", must(a.Tokens(ctx, bo.ID))(t), []Token{second})
	noError(t, a.UseToken(ctx, first.ID, morning.Add(time.Minute)))
	noError(t, a.UseToken(ctx, first.ID, morning)) // told late
	first.Used = morning.Add(time.Minute)
	equal(t, "by hash", must(a.Token(ctx, "h1"))(t), first)
	equal(t, "revoked", must(a.RevokeToken(ctx, first.ID, morning.Add(time.Hour)))(t), true)
	equal(t, "revoked again", must(a.RevokeToken(ctx, first.ID, morning.Add(2*time.Hour)))(t), false)
	first.Revoked = morning.Add(time.Hour)
	equal(t, "by number", must(a.TokenByID(ctx, first.ID))(t), first)
	noError(t, a.RevokeTokens(ctx, bo.ID, morning))
	equal(t, "all of a user's", must(a.Token(ctx, "h2"))(t).Revoked, morning)
	noError(t, a.DeleteUser(ctx, bo.ID))
	if _, err := a.Token(ctx, "h2"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a token of who was removed: got %v, want %v", err, ErrNotFound)
	}
}

func testAudit(t *testing.T, s *Store) {
	chain := func(before string, e AuditEntry) string { return fmt.Sprintf("%s>%d%s", before, e.N, e.Action) }
	var wg sync.WaitGroup
	for range 12 { // at once: no number twice, none left out
		wg.Go(func() {
			err := s.InAccounts(ctx, func(a Accounts) error {
				return a.AppendAudit(ctx, AuditEntry{At: morning, Actor: "user:1", Action: "x", Object: "user:2", Address: "192.0.2.1", Detail: `{}`}, chain)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	a := s.Accounts()
	var before AuditEntry
	for e, err := range a.Audit(ctx, 0) {
		noError(t, err)
		equal(t, "number", e.N, before.N+1)
		equal(t, "hash", e.Hash, chain(before.Hash, e))
		before = e
	}
	equal(t, "last", must(a.LastAudit(ctx))(t), before)
	n, hash, err := a.AuditHead(ctx)
	noError(t, err)
	equal(t, "head", fmt.Sprint(n, hash), fmt.Sprint(12, before.Hash))
	equal(t, "after the tenth", len(all(t, a.Audit(ctx, 10))), 2)
	equal(t, "the newest before the fifth", must(a.LatestAudit(ctx, 5, 2))(t)[0].N, 4)
	for _, statement := range []string{`UPDATE audit SET actor = 'nobody'`, `DELETE FROM audit WHERE n = 12`} {
		if _, err := s.db.ExecContext(ctx, statement); err == nil {
			t.Errorf("%s: the database let it happen", statement)
		}
	}
	equal(t, "entries", len(all(t, a.Audit(ctx, 0))), 12)
}
