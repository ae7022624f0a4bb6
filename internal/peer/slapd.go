package peer

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Who may read everything in the directory that StartSlapd starts, and where its
// people are.
const (
	SlapdAdmin  = "cn=admin,dc=example,dc=org"
	SlapdSecret = "s3cret"
	SlapdPeople = "ou=people,dc=example,dc=org"
)

// A Slapd is a directory whose entries are replaced as a whole.
type Slapd struct{ Addr string }

// StartSlapd starts OpenLDAP's server with the people of ldif, who are below
// SlapdPeople.
func StartSlapd(t testing.TB, ldif string) *Slapd {
	t.Helper()
	slapd, slapadd := Program(t, "slapd", "slapd"), Program(t, "slapadd", "slapd")
	folder := t.TempDir()
	addr, _ := FreeAddr(t)
	config, people := filepath.Join(folder, "slapd.conf"), filepath.Join(folder, "people.ldif")
	Write(t, config, strings.ReplaceAll(slapdConfig, "FOLDER", folder))
	Write(t, people, slapdTop+ldif)
	if out, err := exec.Command(slapadd, "-q", "-f", config, "-l", people).CombinedOutput(); err != nil {
		t.Fatalf("slapadd: %v\n%s", err, out)
	}
	Start(t, addr, slapd, "-d", "0", "-f", config, "-h", "ldap://"+addr)
	return &Slapd{Addr: addr}
}

const slapdConfig = `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile FOLDER/slapd.pid
sizelimit unlimited
database mdb
suffix "dc=example,dc=org"
rootdn "cn=admin,dc=example,dc=org"
rootpw s3cret
directory FOLDER
maxsize 67108864
dbnosync
index objectClass,entryUUID,modifyTimestamp eq
`

const slapdTop = `dn: dc=example,dc=org
objectClass: dcObject
objectClass: organization
o: Example
dc: example

dn: ou=people,dc=example,dc=org
objectClass: organizationalUnit
ou: people

`
