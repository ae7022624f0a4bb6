package ldap

import (
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"

	ldapv3 "github.com/go-ldap/ldap/v3"

	"github.com/kith-sync/kith/connector"
)

// check answers everything about settings that needs no directory.
func check(s Settings) (*Directory, *connector.Fault) {
	where, err := url.Parse(s.URL)
	if err != nil || where.Hostname() == "" || where.Scheme != "ldap" && where.Scheme != "ldaps" {
		return nil, invalid("The address of the directory must look like ldap://host or ldaps://host.")
	}
	if strings.Trim(where.Path, "/") != "" || where.RawQuery != "" {
		return nil, invalid("The address of the directory ends after host and port. The base has a place of its own.")
	}
	if where.User != nil {
		return nil, invalid("Name who signs in as bind DN and password, not in the address.")
	}
	if where.Scheme == "ldaps" && s.StartTLS {
		return nil, invalid("An ldaps:// connection is encrypted already. Use either ldaps:// or StartTLS.")
	}
	if s.BindDN != "" && s.Password == "" {
		// RFC 4513 5.1.2: servers take it for an anonymous sign-in that succeeds.
		return nil, invalid("The password is missing.")
	}
	base, err := ldapv3.ParseDN(s.BaseDN)
	if err != nil || len(base.RDNs) == 0 {
		return nil, invalid("The base %q is not a distinguished name. It looks like ou=people,dc=example,dc=org.", s.BaseDN)
	}
	// Also keeps a filter from breaking out of the one it becomes a part of.
	if _, err := ldapv3.CompileFilter(s.Filter); s.Filter != "" && err != nil {
		return nil, invalid("The filter %q cannot be read. It looks like (objectClass=person).", s.Filter)
	}
	if s.PageSize <= 0 {
		s.PageSize = 500
	}
	columns, fault := columnsFor(s.Attributes)
	if fault == nil && s.Key != "" {
		fault = attributeName(s.Key)
	}
	if fault == nil && unreadable(s.Key) && !newKey(s.Key).guid {
		fault = invalid("%s holds no text and cannot be the key.", s.Key)
	}
	return &Directory{settings: s, where: where, base: base, columns: columns}, fault
}

// address is where to dial.
func (d *Directory) address() string {
	port := d.where.Port()
	switch {
	case port == "" && d.where.Scheme == "ldaps":
		port = ldapv3.DefaultLdapsPort
	case port == "":
		port = ldapv3.DefaultLdapPort
	}
	return net.JoinHostPort(d.where.Hostname(), port)
}

// attributeName refuses what RFC 4512 2.5 does not call an attribute: names end
// up in filters.
func attributeName(name string) *connector.Fault {
	if !regexp.MustCompile(`^([A-Za-z][A-Za-z0-9-]*|[0-9]+(\.[0-9]+)+)(;[A-Za-z0-9-]+)*$`).MatchString(name) {
		return invalid("%q is not the name of an attribute.", name)
	}
	return nil
}

// unreadable reports attributes that hold no text, or nobody's to read.
func unreadable(name string) bool {
	base, options, _ := strings.Cut(strings.ToLower(name), ";")
	switch base {
	case "jpegphoto", "photo", "thumbnailphoto", "thumbnaillogo", "audio",
		"usercertificate", "cacertificate", "usersmimecertificate", "userpkcs12", "usersmimecertificate2",
		"objectguid", "objectsid", "msexchmailboxguid", "msexchmailboxsecuritydescriptor", "ntsecuritydescriptor",
		"userpassword", "unicodepwd", "sambantpassword", "sambalmpassword":
		return true
	}
	return options == "binary"
}

func invalid(format string, args ...any) *connector.Fault {
	return &connector.Fault{Kind: connector.Invalid, Message: fmt.Sprintf(format, args...)}
}
