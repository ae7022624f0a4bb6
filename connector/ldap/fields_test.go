package ldap_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	ldapv3 "github.com/go-ldap/ldap/v3"

	"github.com/kith-sync/kith/connector"
)

// oddPeople have what trips up: escapes in the DN, everything filled, nothing filled.
const oddPeople = `dn: uid=a*(b),ou=people,dc=example,dc=org
objectClass: inetOrgPerson
objectClass: extensibleObject
uid: a*(b)
cn: Ann
cn: Ann Example
displayName: Dr Ann Example
givenName: Ann
sn: Example
mail: ann@example.org
mail: ann@example.com
mail: a@example.net
mail: more@example.net
telephoneNumber: +44 20 7946 0123
telephoneNumber: +44 20 7946 0456
mobile: +1 212 555 0142
homePhone: 020 7946 0789
facsimileTelephoneNumber: 020 7946 0000
o: Example Ltd
ou: Sales
ou: Marketing
title: Captain
street: 1 High Street
l: Köln
st: NRW
postalCode: 50667
c: DE
preferredLanguage: de-AT, en;q=0.8
labeledURI: https://example.org/ann Ann's page
description: first
description: second
employeeNumber: 0042
roomNumber: 7
roomNumber: 8
jpegPhoto:: /9j/4AAQ
userPassword: hidden
entryUUID: 00000000-0000-4000-8000-000000000900

dn: cn=Ö\, the Bare,ou=people,dc=example,dc=org
objectClass: person
cn: Ö, the Bare
sn: Bare
entryUUID: 00000000-0000-4000-8000-000000000901
`

func TestFields(t *testing.T) {
	s := start(t, top+oddPeople, "")
	settings := s.settings()
	settings.Attributes = []string{"roomNumber", "jpegPhoto", "userPassword", "title", "userCertificate;binary"}
	d := open(t, settings)
	l := list(t.Context(), d, "")
	if l.err != nil || len(l.items) != 2 {
		t.Fatalf("got %v, %v, want two people", l.ids, l.err)
	}
	schema, _ := d.Schema(t.Context())
	got := map[string]string{}
	for i, f := range schema.Fields {
		if v := l.items[uuid(900)].Value(i); v != "" {
			got[f.Name] = v
		}
	}
	want := map[string]string{
		"email": "ann@example.org", "email.2": "ann@example.com", "email.3": "a@example.net",
		"first_name": "Ann", "last_name": "Example", "name": "Dr Ann Example",
		"phone": "+44 20 7946 0123", "phone.2": "+44 20 7946 0456", "mobile": "+1 212 555 0142",
		"phone.home": "020 7946 0789", "fax": "020 7946 0000",
		"company": "Example Ltd", "title": "Captain", "department": "Sales", "website": "https://example.org/ann",
		"street": "1 High Street", "city": "Köln", "state": "NRW", "postal_code": "50667", "country": "DE",
		"language": "de-AT", "note": "first\nsecond", "external_id": "0042", "login": "a*(b)", "roomnumber": "7; 8",
	}
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("%s: got %q, want %q", name, got[name], want[name])
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s: got %q, want nothing", name, got[name])
		}
	}
	for _, f := range schema.Fields {
		if f.Kind == "" || f.Name == "" || strings.Contains(f.Name, "photo") || strings.Contains(f.Name, "password") || strings.Contains(f.Name, "certificate") {
			t.Errorf("the schema has field %q of kind %q", f.Name, f.Kind)
		}
	}
}

func TestKeys(t *testing.T) {
	s := start(t, top+oddPeople, "")
	settings := s.settings()
	settings.Key = "employeeNumber"
	d := open(t, settings)
	l := list(t.Context(), d, "")
	bare := `cn=Ö\, the Bare,` + people
	ids := slices.Sorted(maps.Keys(l.items))
	// slapd writes the DN in its own way; it must be found by that.
	if l.err != nil || len(ids) != 2 || ids[0] != "0042" || !sameDN(t, ids[1], bare) {
		t.Fatalf("got %q, %v, want 0042 and %s", ids, l.err, bare)
	}
	items, err := d.Fetch(t.Context(), ids)
	if err != nil || len(items) != 2 || items[0].Gone || items[1].Gone {
		t.Errorf("fetch %q: got %+v, %v, want both", ids, items, err)
	}
	settings.Key = "sn"
	add := ldapv3.NewAddRequest("cn=Twin,"+people, nil)
	add.Attribute("objectClass", []string{"person"})
	add.Attribute("sn", []string{"Bare"})
	if err := s.admin.Add(add); err != nil {
		t.Fatal(err)
	}
	wantFault(t, list(t.Context(), open(t, settings), "").err, connector.Invalid, "same sn")
}

func sameDN(t *testing.T, a, b string) bool {
	t.Helper()
	left, err := ldapv3.ParseDN(a)
	if err != nil {
		t.Fatal(err)
	}
	right, err := ldapv3.ParseDN(b)
	if err != nil {
		t.Fatal(err)
	}
	return left.EqualFold(right)
}
