// Package ldap makes the people of an LDAP directory (OpenLDAP, 389 Directory
// Server, Active Directory) a remote that is only read. It knows which attribute
// is which standard field, and how a listing is told to be complete; it never
// writes to a directory, follows no referral and opens no connection that the
// dial function it is given refuses.
package ldap

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/url"
	"slices"
	"time"

	ldapv3 "github.com/go-ldap/ldap/v3"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
)

// Settings say which directory, and which people of it.
type Settings struct {
	URL      string // ldap://host or ldaps://host, with a port where it is not the usual one
	StartTLS bool   // encrypt an ldap:// connection before anything is said on it
	// RootCAs sign the directory's certificate; those of the machine when nil.
	RootCAs  *x509.CertPool
	BindDN   string // who signs in; nobody when empty
	Password string
	BaseDN   string // the people are here and below
	// Filter says who counts (RFC 4515): (objectClass=person) when empty, in
	// Active Directory, where computers are persons too, (objectCategory=person).
	Filter string
	// Key is the attribute that names a person for good: entryUUID when empty, in
	// Active Directory objectGUID. An entry without it goes by its DN, and is
	// somebody else after a move.
	Key string
	// Attributes are passed on under their names in lower case, beside the
	// standard fields. Binary ones and passwords never are.
	Attributes []string
	PageSize   int // entries in one answer; 500 when not positive
	// Lag is how long a change may take to get here from another server of the
	// directory. Those keep the time of the server they were made at, so a
	// listing begins this much before its cursor.
	Lag time.Duration
	// Silence is how long the directory may take for one answer; two minutes when 0.
	Silence time.Duration
}

// A Dial opens a connection, or refuses to.
type Dial func(ctx context.Context, network, addr string) (net.Conn, error)

// A Directory is one part of a directory, read only. Each call opens a
// connection of its own and closes it: the place in a paged search is bound to
// its connection, and no call waits for another.
type Directory struct {
	settings Settings
	where    *url.URL
	base     *ldapv3.DN
	dial     Dial
	now      func() time.Time // certificates are judged by it, nothing else
	columns  []column
	key      key
	changed  string // attribute with the time of the last change
	controls []ldapv3.Control
}

// Open signs in and looks whether the base is there. The fault of what is wrong
// is Denied, Busy or, for settings that cannot work, Invalid.
func Open(ctx context.Context, settings Settings, dial Dial, now func() time.Time) (*Directory, error) {
	d, fault := check(settings)
	if fault != nil {
		return nil, fault
	}
	d.dial, d.now = dial, now
	s, err := d.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer s.close()
	if err := d.recognise(s); err != nil {
		return nil, err
	}
	_, err = s.search(&ldapv3.SearchRequest{BaseDN: d.settings.BaseDN, Filter: "(objectClass=*)", Attributes: []string{"1.1"}})
	if err != nil {
		return nil, err
	}
	return d, nil
}

// recognise fills in what depends on the kind of directory. Active Directory
// says so in its root entry. There modifyTimestamp is computed and cannot be
// searched, and a search from the top of a domain points to parts that are no
// people unless it is told to stay.
func (d *Directory) recognise(s *session) error {
	const activeDirectory, domainScope = "1.2.840.113556.1.4.800", "1.2.840.113556.1.4.1339"
	name, filter := "entryUUID", "(objectClass=person)"
	d.changed = "modifyTimestamp"
	root, err := s.search(&ldapv3.SearchRequest{Filter: "(objectClass=*)", Attributes: []string{"supportedCapabilities"}})
	var fault *connector.Fault
	if err != nil && (!errors.As(err, &fault) || fault.Kind == connector.Busy) {
		return err // taken for an ordinary directory, everybody would have another id
	}
	// A directory may hide its root entry; then it is an ordinary one.
	if err == nil && len(root.Entries) == 1 && slices.Contains(root.Entries[0].GetAttributeValues("supportedCapabilities"), activeDirectory) {
		name, filter = "objectGUID", "(objectCategory=person)"
		d.changed = "whenChanged"
		d.controls = []ldapv3.Control{ldapv3.NewControlString(domainScope, false, "")}
	}
	d.key = newKey(cmp.Or(d.settings.Key, name))
	d.settings.Filter = cmp.Or(d.settings.Filter, filter)
	return nil
}

// Name is the host and the base.
func (d *Directory) Name() string { return d.where.Hostname() + ": " + d.settings.BaseDN }

// Promises say what a directory can do: be read, and tell what changed since.
// Who is gone is only known from a complete listing.
func (d *Directory) Promises() connector.Promises {
	return connector.Promises{
		Incremental: true, ReadOnly: true, Finds: []string{"email", "login"}, FetchBatch: d.settings.PageSize,
	}
}

// Schema lists the standard fields a directory can have and the attributes that
// were asked for.
func (d *Directory) Schema(context.Context) (contact.Schema, error) {
	var schema contact.Schema
	for _, c := range d.columns {
		schema.Fields = append(schema.Fields, c.fields...)
	}
	return schema, nil
}

// Write refuses every write.
func (d *Directory) Write(_ context.Context, writes []connector.Write) []connector.Outcome {
	outcomes := make([]connector.Outcome, len(writes))
	for i := range outcomes {
		outcomes[i].Fault = invalid("This directory is read only: Kith changes nothing in it.")
	}
	return outcomes
}
