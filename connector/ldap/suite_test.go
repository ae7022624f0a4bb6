package ldap_test

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	ldapv3 "github.com/go-ldap/ldap/v3"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/connectortest"
	"github.com/kith-sync/kith/connector/ldap"
)

// A branch is a part of the directory for one test, with an account of its own
// that reads it over a line that can be disturbed.
type branch struct {
	*server
	base, account string
	made          int
	clock         *time.Time
	down          atomic.Bool
	budget        atomic.Int64 // bytes until the line breaks; none when zero
}

func TestRemote(t *testing.T) {
	s := start(t, top, "")
	branches := map[connector.Remote]*branch{}
	clock := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	connectortest.Remote{
		Open: func(t *testing.T) (connector.Remote, connectortest.Other) {
			b := &branch{server: s, base: fmt.Sprintf("ou=%d,%s", len(branches), suffix), clock: &clock}
			b.account = "cn=reader," + b.base
			b.add(t, b.base, map[string][]string{"objectClass": {"organizationalUnit"}})
			b.add(t, b.account, map[string][]string{"objectClass": {"applicationProcess", "simpleSecurityObject"}, "userPassword": {secret}})
			settings := ldap.Settings{URL: "ldap://" + s.plain, BindDN: b.account, Password: secret, BaseDN: b.base, PageSize: 40}
			d, err := ldap.Open(t.Context(), settings, b.dial, now)
			if err != nil {
				t.Fatal(err)
			}
			branches[d] = b
			return d, b
		},
		Troubles: []connectortest.Trouble{connectortest.SignedOut, connectortest.Down, connectortest.CutShort},
		Disturb: func(t *testing.T, r connector.Remote, trouble connectortest.Trouble) func() {
			b := branches[r]
			switch trouble {
			case connectortest.SignedOut:
				b.replace(t, b.account, "userPassword", "another")
				return func() { b.replace(t, b.account, "userPassword", secret) }
			case connectortest.Down:
				b.down.Store(true)
			case connectortest.CutShort:
				b.budget.Store(15_000) // the times of all take 9 KB, a page 16 KB
			}
			return func() {
				b.down.Store(false)
				b.budget.Store(0)
			}
		},
	}.Run(t)
}

func (b *branch) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if b.down.Load() {
		return nil, syscall.ECONNREFUSED
	}
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	return &line{Conn: conn, left: b.budget.Load()}, err
}

// A line breaks when it has carried so many bytes.
type line struct {
	net.Conn
	left int64
}

func (l *line) Read(p []byte) (int, error) {
	n, err := l.Conn.Read(p)
	if l.left > 0 {
		if l.left -= int64(n); l.left <= 0 {
			_ = l.Close()
			return 0, net.ErrClosed
		}
	}
	return n, err
}

// stamp is the time of a change: the suite makes hundreds within the second that
// slapd would write down for all of them. Ten seconds apart, they tell.
func (b *branch) stamp() []string {
	*b.clock = b.clock.Add(10 * time.Second)
	return []string{b.clock.Format("20060102150405Z")}
}

// relax lets an administrator write the time of a change.
func relax() []ldapv3.Control {
	return []ldapv3.Control{ldapv3.NewControlString("1.3.6.1.4.1.4203.666.5.12", true, "")}
}

func (b *branch) add(t *testing.T, dn string, attributes map[string][]string) {
	t.Helper()
	request := ldapv3.NewAddRequest(dn, relax())
	for name, values := range attributes {
		request.Attribute(name, values)
	}
	request.Attribute("modifyTimestamp", b.stamp())
	if err := b.admin.Add(request); err != nil {
		t.Fatalf("add %s: %v", dn, err)
	}
}

func (b *branch) replace(t *testing.T, dn, attribute string, values ...string) {
	t.Helper()
	request := ldapv3.NewModifyRequest(dn, relax())
	request.Replace(attribute, values)
	request.Replace("modifyTimestamp", b.stamp())
	if err := b.admin.Modify(request); err != nil {
		t.Fatalf("modify %s: %v", dn, err)
	}
}

// attributeOf names the attributes of the suite's fields.
func attributeOf(field string) string {
	return map[string]string{"email": "mail", "first_name": "givenName", "note": "description"}[field]
}

// Add makes a person and returns the id.
func (b *branch) Add(t *testing.T, values map[string]string) string {
	t.Helper()
	b.made++
	dn := fmt.Sprintf("uid=%d,%s", b.made, b.base)
	attributes := map[string][]string{"objectClass": {"inetOrgPerson"}, "cn": {"Somebody"}, "sn": {"Example"}}
	for field, v := range values {
		attributes[attributeOf(field)] = []string{v}
	}
	b.add(t, dn, attributes)
	return b.entry(t, dn, ldapv3.ScopeBaseObject, "(objectClass=*)").GetAttributeValue("entryUUID")
}

// Change gives a person other values.
func (b *branch) Change(t *testing.T, id string, values map[string]string) {
	t.Helper()
	dn := b.byID(t, id)
	for field, v := range values {
		b.replace(t, dn, attributeOf(field), v)
	}
}

// Remove deletes a person.
func (b *branch) Remove(t *testing.T, id string) {
	t.Helper()
	if err := b.admin.Del(ldapv3.NewDelRequest(b.byID(t, id), nil)); err != nil {
		t.Fatal(err)
	}
}

func (b *branch) byID(t *testing.T, id string) string {
	t.Helper()
	return b.entry(t, b.base, ldapv3.ScopeWholeSubtree, "(entryUUID="+id+")").DN
}

func (b *branch) entry(t *testing.T, base string, scope int, filter string) *ldapv3.Entry {
	t.Helper()
	found, err := b.admin.Search(&ldapv3.SearchRequest{BaseDN: base, Scope: scope, Filter: filter, Attributes: []string{"entryUUID"}})
	if err != nil || len(found.Entries) != 1 {
		t.Fatalf("search %s below %s: %v", filter, base, err)
	}
	return found.Entries[0]
}
