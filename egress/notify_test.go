package egress_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/kith-sync/kith/egress"
	"github.com/kith-sync/kith/notify"
	"github.com/kith-sync/kith/notify/send"
)

// S1 for everything that tells people: each form for each kind of channel, and as
// the redirect of a web hook. A form that is no part of any address is refused
// before it comes to the guard; its error must not be another's.
func TestEveryFormIsRefusedWhereverPeopleAreTold(t *testing.T) {
	_, resolver := answerer(t)
	target := open(t, "127.0.0.1:0", hello)
	g := guard(t, egress.Settings{Resolver: resolver})
	channels := 0
	for _, k := range send.Kinds() {
		for _, security := range securities(k) {
			channels++
			for i, f := range forms {
				t.Run(f.name+"/"+k.Name+security, func(t *testing.T) {
					c := channelTo(k, f, target.port(), security)
					s, err := send.Open(c, send.Options{Guard: g})
					if err == nil {
						err = s.Send(t.Context(), send.Envelope{ID: "msg_1", Now: time.Unix(0, 0), To: "ada@example.org", Message: notify.TestMessage("x"), Ping: send.Fail})
					}
					wantRefused(t, unwritable(err, c, f), fmt.Sprintf("row %d, %s", i, f.host))
				})
			}
		}
	}
	if n := target.visits.Load(); n != 0 {
		t.Errorf("%d connections reached the server, want none", n)
	}
	if channels != len(send.Kinds())+2 {
		t.Errorf("%d ways to tell people were tried, want every kind, and mail in three", channels)
	}
}

func securities(k send.Kind) []string {
	if k.Name == "smtp" {
		return []string{"none", "starttls", "tls"}
	}
	return []string{""}
}

func channelTo(k send.Kind, f form, port, security string) send.Channel {
	c := send.Channel{Name: "x", Kind: k.Name, Settings: map[string]string{}, Secret: linkTo(f.host, port) + "hook"}
	switch k.Name {
	case "smtp":
		c.Settings, c.Secret = map[string]string{"host": f.host, "port": port, "from": "kith@example.org", "security": security, "insecure": "accepted"}, ""
	case "webhook":
		c.Settings["url"], c.Secret = c.Secret, send.SigningSecret(make([]byte, 32))
	}
	return c
}

// unwritable takes a form for refused that cannot even be written as an address:
// then no sender is made at all.
func unwritable(err error, c send.Channel, f form) error {
	if err != nil && send.Check(c) != nil {
		return &egress.Refused{Target: f.host}
	}
	return err
}

// The other half: what the operator allows is reached by each kind, so that a
// sender which never connects fails here. Where it leads to is not followed.
func TestPeopleAreToldWhereTheOperatorAllowsIt(t *testing.T) {
	_, resolver := answerer(t)
	for _, k := range send.Kinds() {
		target := open(t, "127.0.0.1:0", hello)
		g := guard(t, egress.Settings{Resolver: resolver, Allow: "nas.example.com"})
		s, err := send.Open(channelTo(k, form{host: "nas.example.com"}, target.port(), "none"), send.Options{Guard: g})
		if err != nil {
			t.Fatalf("%s: %v", k.Name, err)
		}
		err = s.Send(t.Context(), send.Envelope{ID: "msg_1", Now: time.Unix(0, 0), To: "ada@example.org", Message: notify.TestMessage("x"), Ping: send.Fail})
		if k.Name != "smtp" && err != nil { // the server there speaks HTTP only
			t.Errorf("%s: %v", k.Name, err)
		}
		if n := target.visits.Load(); n != 1 {
			t.Errorf("%s: %d connections reached the server, want 1", k.Name, n)
		}
	}
}
