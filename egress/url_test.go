package egress_test

import (
	"strings"
	"testing"

	"github.com/kith-sync/kith/egress"
)

func TestCheckURL(t *testing.T) {
	g := guard(t, egress.Settings{Allow: "192.168.7.20:8443"})
	for _, c := range []struct{ name, text, want string }{
		{"a web page", "https://crm.example.com/contacts.csv?page=1", ""},
		{"a server for files", "ftp://files.example.com/*.csv", ""},
		{"a secure server for files", "ftps://ada@files.example.com", ""},
		{"another", "sftp://files.example.com:2222/contacts.csv", ""},
		{"a directory", "ldap://ldap.example.com/dc=example,dc=com", ""},
		{"a secure directory", "ldaps://ldap.example.com", ""},
		{"capitals", "HTTPS://CRM.example.com", ""},
		{"a private address that is allowed", "https://192.168.7.20:8443/dav", ""},
		{"the same on the usual port", "https://192.168.7.20/dav", "adds this line to egress.allow:  192.168.7.20:443"},
		{"a private address on the usual port of sftp", "sftp://10.0.0.1/", "egress.allow:  10.0.0.1:22"},
		{"metadata", "http://169.254.169.254/latest/meta-data", "link-local"},
		{"loopback with a zone", "http://[::1%25lo]/", "this machine itself"},
		{"a number that some take for loopback", "http://2130706433/", "neither a host name nor an address"},
		{"a file of this machine", "file:///etc/passwd", "must begin with http://"},
		{"a program", "javascript:alert(1)", "must begin with http://"},
		{"no scheme", "crm.example.com", "must begin with http://"},
		{"no host", "https:///contacts.csv", "names no host"},
		{"no host, only a path", "https:contacts.csv", "names no host"},
		{"a port too high", "https://crm.example.com:70000/", "between 1 and 65535"},
		{"port 0", "https://crm.example.com:0/", "between 1 and 65535"},
		{"a line break", "https://crm.example.com/\r\nHost: other", "not a URL"},
		{"a password in a URL that cannot be read", "https://ada:hunter2@crm.example.com:x/", "not a URL"},
		{"a password in a URL that is refused", "http://ada:hunter2@10.0.0.1/", "egress.allow"},
		{"a password with an encoded host", "http://ada:hunter2@%31%32%37.0.0.1/", "not a URL"},
	} {
		t.Run(c.name, func(t *testing.T) {
			u, err := g.CheckURL(c.text)
			contains(t, err, c.want)
			if (u == nil) != (err != nil) {
				t.Errorf("got %v and %v, want one of them", u, err)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error repeats the password: %v", err)
			}
		})
	}
}
