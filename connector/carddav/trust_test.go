package carddav

import (
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/kith-sync/kith/connector"
)

func TestWhoIsShownThePassword(t *testing.T) {
	for _, row := range []struct {
		from, to string
		want     bool
	}{
		{"https://contacts.example.com/", "https://contacts.example.com/x", true},
		{"https://contacts.example.com/", "https://p42-contacts.example.com:443/x", true}, // as iCloud does
		{"https://example.com/", "https://dav.example.com/", true},
		{"https://contacts.example.com/", "https://example.org/", false},
		{"https://contacts.example.com/", "http://contacts.example.com/", false},
		{"http://contacts.example.com/", "https://contacts.example.com/", true},
		{"https://a.co.uk/", "https://b.co.uk/", false},
		{"https://a.github.io/", "https://b.github.io/", false},
		{"http://127.0.0.1:5232/", "http://127.0.0.1:5233/", false},
		{"https://192.0.2.1/", "https://192.0.2.2/", false},
	} {
		s, _, err := newServer(Settings{URL: row.from, User: "kith"}, http.DefaultClient)
		to, bad := url.Parse(row.to)
		if err != nil || bad != nil {
			t.Fatal(err, bad)
		}
		if got := s.trusts(to); got != row.want {
			t.Errorf("%s sends us to %s: got %v, want %v", row.from, row.to, got, row.want)
		}
	}
}

// Whoever reads "cannot be reached" looks for the mistake in the network.
func TestACertificateThatIsNotTrustedIsToldAsSuch(t *testing.T) {
	there := httptest.NewUnstartedServer(http.NotFoundHandler())
	there.Config.ErrorLog = log.New(io.Discard, "", 0)
	there.StartTLS()
	defer there.Close()
	_, err := Open(t.Context(), Settings{URL: there.URL, User: "kith"}, &http.Client{})
	var f *connector.Fault
	if !errors.As(err, &f) || f.Kind != connector.Denied {
		t.Errorf("got %v, want a fault of kind %v", err, connector.Denied)
	}
}
