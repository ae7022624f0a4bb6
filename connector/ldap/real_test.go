package ldap_test

import (
	"crypto/x509"
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/ldap"
)

// TestRealDirectory reads a directory that is named in the environment, as an
// Active Directory or a Samba domain: KITH_LDAP_URL, KITH_LDAP_BASE,
// KITH_LDAP_BIND, KITH_LDAP_PASSWORD, and KITH_LDAP_CA for the file with the
// certificate of its authority. It needs two people or more and changes nothing.
func TestRealDirectory(t *testing.T) {
	settings := ldap.Settings{
		URL: os.Getenv("KITH_LDAP_URL"), BaseDN: os.Getenv("KITH_LDAP_BASE"),
		BindDN: os.Getenv("KITH_LDAP_BIND"), Password: os.Getenv("KITH_LDAP_PASSWORD"),
	}
	if settings.URL == "" {
		t.Skip("KITH_LDAP_URL names no directory to read")
	}
	if file := os.Getenv("KITH_LDAP_CA"); file != "" {
		pem, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		settings.RootCAs = x509.NewCertPool()
		settings.RootCAs.AppendCertsFromPEM(pem)
	}
	settings.PageSize = 100
	d, err := ldap.Open(t.Context(), settings, new(net.Dialer).DialContext, time.Now)
	if err != nil {
		t.Fatalf("open: %v (%v)", err, errors.Unwrap(err))
	}

	all := list(t.Context(), d, "")
	if all.err != nil || !all.complete || len(all.items) < 2 || len(all.items) != len(all.ids) || all.cursor == "" {
		t.Fatalf("everybody: got %d people, %d different, complete %v, cursor %q, %v", len(all.ids), len(all.items), all.complete, all.cursor, all.err)
	}
	some := list(t.Context(), d, all.cursor)
	if some.err != nil || some.complete || len(some.ids) == 0 || some.cursor < all.cursor {
		t.Errorf("since %s: got %d people, complete %v, cursor %q, %v, want the last ones", all.cursor, len(some.ids), some.complete, some.cursor, some.err)
	}
	t.Logf("%d people on %d pages, %d since %s", len(all.ids), all.pages, len(some.ids), all.cursor)

	items, err := d.Fetch(t.Context(), append([]string{"*"}, all.ids...))
	if err != nil || len(items) != len(all.ids)+1 {
		t.Fatalf("fetch: got %d people, %v, want %d", len(items), err, len(all.ids)+1)
	}
	for i, it := range items {
		if it.Gone != (it.ID == "*") {
			t.Errorf("fetch %s: got gone %v", it.ID, it.Gone)
		}
		if it.Gone {
			continue
		}
		if it.Version == "" || it.Modified.IsZero() {
			t.Errorf("%s: got version %q of %v, want both", it.ID, it.Version, it.Modified)
		}
		if i < 20 {
			findAgain(t, d, it)
		}
	}
}

func findAgain(t *testing.T, d *ldap.Directory, it connector.Item) {
	t.Helper()
	for _, field := range d.Promises().Finds {
		v := value(t, d, it, field)
		found, err := d.Find(t.Context(), field, []string{v})
		if err != nil || v != "" && len(found) == 0 {
			t.Fatalf("find %s of %s: got %d people, %v", field, it.ID, len(found), err)
		}
	}
}
