package toxic

import (
	"net"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/internal/peer"
	"github.com/kith-sync/kith/notify"
	"github.com/kith-sync/kith/notify/outbox"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// C37: a mail that did not get through is sent again later. One whose answer was
// lost may come twice, and then with the same Message-ID, by which mail programs
// show it once.
func TestMailOverABadNetwork(t *testing.T) {
	x := peer.StartToxiproxy(t)
	one := func(kind string, up bool, attributes map[string]int) []peer.Toxic {
		return []peer.Toxic{{Type: kind, Up: up, Attributes: attributes}}
	}
	for _, row := range []struct {
		bad
		copies int // that the server has in the end, all with one Message-ID
	}{
		{bad{"the connection ends in the middle of the message", one("limit_data", true, map[string]int{"bytes": 600})}, 1},
		{bad{"the connection is reset in the middle of the message", []peer.Toxic{{Type: "slicer", Up: true, Attributes: map[string]int{"average_size": 60, "delay": 20_000}}, {Type: "limit_data", Up: true, Attributes: map[string]int{"bytes": 900}}}}, 1},
		{bad{"the server's greeting does not come", one("limit_data", false, map[string]int{"bytes": 0})}, 1},
		{bad{"the server's answer to the message is lost", one("latency", false, map[string]int{"latency": 500})}, 2},
		{bad{"the line is slow", one("latency", false, map[string]int{"latency": 200, "jitter": 50})}, 1},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			t.Parallel()
			d, sink := sit(t), peer.StartMailSink(t)
			way := x.To(t, sink.Addr)
			d.tellSomebody(way)
			notifier := &outbox.Notifier{Store: d.Store, Open: d.Sender, Base: "https://kith.example.org", Now: d.Engine.Now}
			if err := notifier.Ran(t.Context(), d.sync, store.Run{ID: 1, Name: d.sync.Name, Kind: store.KindSync, Status: store.Failed, Started: d.Engine.Now(), RunDetail: store.RunDetail{Code: "fetch.cut", Message: "The file was cut. Nothing was changed"}}); err != nil {
				t.Fatal(err)
			}
			way.Add(t, row.toxics...)
			done := make(chan struct{})
			go func() {
				defer close(done)
				_, err := notifier.Deliver(t.Context(), d.Engine.Now())
				t.Logf("over the bad network: %v, %d mails at the server", err, len(sink.Mails(t)))
			}()
			if row.copies == 2 {
				for len(sink.Mails(t)) == 0 {
					time.Sleep(2 * time.Millisecond) // the server takes it
				}
				way.Cut(t, true)
			}
			<-done
			way.Cut(t, false)
			way.Heal(t)
			for range 3 {
				d.ahead += time.Hour
				if _, err := notifier.Deliver(t.Context(), d.Engine.Now()); err != nil {
					t.Fatal(err)
				}
			}
			mails := sink.Mails(t)
			ids := map[string]bool{}
			for _, text := range mails {
				m, err := mail.ReadMessage(strings.NewReader(text))
				if err != nil {
					t.Fatal(err)
				}
				ids[m.Header.Get("Message-Id")] = true
				if !strings.Contains(text, "fetch.cut") && !strings.Contains(text, "The file was cut") {
					t.Errorf("got a mail that does not say what happened:\n%s", text)
				}
			}
			if len(mails) != row.copies || len(ids) != 1 {
				t.Errorf("got %d mails with %d Message-IDs, want %d with one", len(mails), len(ids), row.copies)
			}
		})
	}
}

// tellSomebody sets the mail server up, and a rule that names somebody.
func (d *desk) tellSomebody(way *peer.Proxy) {
	d.t.Helper()
	host, port, err := net.SplitHostPort(way.Addr)
	if err != nil {
		d.t.Fatal(err)
	}
	if _, err = d.Store.SaveChannel(d.t.Context(), store.Channel{Name: "mail", Kind: "smtp",
		Settings: map[string]string{"host": host, "port": port, "security": "none", "from": "kith@example.org"}}); err != nil {
		d.t.Fatal(err)
	}
	d.keep(plan.Sync{Source: plan.Endpoint{File: "people.csv"}, Target: plan.Endpoint{Book: "people"}})
	if err := d.Store.SaveNotify(d.t.Context(), d.sync.ID, []notify.Rule{{Email: "ada@example.com"}}); err != nil {
		d.t.Fatal(err)
	}
}
