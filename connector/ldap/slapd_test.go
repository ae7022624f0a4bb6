package ldap_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	ldapv3 "github.com/go-ldap/ldap/v3"

	"github.com/kith-sync/kith/connector/ldap"
)

const (
	suffix  = "dc=example,dc=org"
	people  = "ou=people," + suffix
	admin   = "cn=admin," + suffix
	limited = "cn=limited," + suffix
	secret  = "s3cret"
)

// A server is a slapd on loopback with a database in a temporary folder.
type server struct {
	plain, tls string // addresses
	roots      *x509.CertPool
	admin      *ldapv3.Conn
}

// program finds one of slapd's programs, or skips the test; where the tests of
// the project are counted (KITH_CI=1) it must be there.
func program(t *testing.T, name string) string {
	t.Helper()
	for _, folder := range []string{"", "/usr/sbin/", "/usr/local/sbin/", "/usr/libexec/"} {
		if path, err := exec.LookPath(folder + name); err == nil {
			return path
		}
	}
	if os.Getenv("KITH_CI") == "1" {
		t.Fatalf("%s is missing: install the package slapd", name)
	}
	t.Skipf("%s is missing: install the package slapd to test against a real directory", name)
	return ""
}

// start runs a slapd that has the entries of ldif.
func start(t *testing.T, ldif, schema string) *server {
	t.Helper()
	slapd, slapadd := program(t, "slapd"), program(t, "slapadd")
	folder := t.TempDir()
	s := &server{plain: freePort(t), tls: freePort(t), roots: certificate(t, folder)}
	config := filepath.Join(folder, "slapd.conf")
	write(t, config, strings.ReplaceAll(configuration+schema+database, "FOLDER", folder))
	write(t, filepath.Join(folder, "people.ldif"), ldif)
	write(t, filepath.Join(folder, "root.ldif"), activeDirectoryRoot)
	if out, err := exec.Command(slapadd, "-q", "-f", config, "-l", filepath.Join(folder, "people.ldif")).CombinedOutput(); err != nil {
		t.Fatalf("slapadd: %v\n%s", err, out)
	}
	cmd := exec.Command(slapd, "-d", "0", "-f", config, "-h", "ldap://"+s.plain+" ldaps://"+s.tls)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	})
	s.admin = s.signIn(t)
	return s
}

// signIn waits until the server answers.
func (s *server) signIn(t *testing.T) *ldapv3.Conn {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		conn, err := ldapv3.DialURL("ldap://" + s.plain)
		if err == nil {
			err = conn.Bind(admin, secret)
		}
		if err == nil {
			t.Cleanup(func() { conn.Close() })
			return conn
		}
		if time.Now().After(end) {
			t.Fatalf("slapd does not answer: %v", err)
		}
	}
}

func (s *server) settings() ldap.Settings {
	return ldap.Settings{URL: "ldap://" + s.plain, BindDN: admin, Password: secret, BaseDN: people}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// certificate makes one for localhost, not for 127.0.0.1, which is valid in 2026.
func certificate(t *testing.T, folder string) *x509.CertPool {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC),
		IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	write(t, filepath.Join(folder, "cert.pem"), string(public))
	write(t, filepath.Join(folder, "key.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})))
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(public)
	return roots
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// configuration lets anybody sign in, those who did read, and cn=limited list
// no more than 1,000 people.
const configuration = `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile FOLDER/slapd.pid
sizelimit unlimited
TLSCertificateFile FOLDER/cert.pem
TLSCertificateKeyFile FOLDER/key.pem
TLSCACertificateFile FOLDER/cert.pem
`

const database = `
database mdb
suffix "dc=example,dc=org"
rootdn "cn=admin,dc=example,dc=org"
rootpw s3cret
directory FOLDER
maxsize 67108864
dbnosync
limits dn.exact="cn=limited,dc=example,dc=org" size=1000
index objectClass,entryUUID,modifyTimestamp,mail,uid eq
access to attrs=userPassword by anonymous auth
access to * by users read
`

// activeDirectory makes slapd say that it is one, with its key and its time. It
// is as the manual has it: the root entry lists the capability, modifyTimestamp
// cannot be searched there, and dates have a fraction.
const activeDirectory = `
attributetype ( 1.2.840.113556.1.4.1939 NAME 'supportedCapabilities' SYNTAX 1.3.6.1.4.1.1466.115.121.1.38 )
attributetype ( 1.2.840.113556.1.4.2 NAME 'objectGUID' EQUALITY octetStringMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.2.2 NAME 'whenChanged' EQUALITY generalizedTimeMatch ORDERING generalizedTimeOrderingMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.24 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.221 NAME 'sAMAccountName' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.782 NAME 'objectCategory' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
rootDSE FOLDER/root.ldif
`

const activeDirectoryRoot = "dn:\nobjectClass: extensibleObject\nsupportedCapabilities: 1.2.840.113556.1.4.800\n"

const top = `dn: dc=example,dc=org
objectClass: dcObject
objectClass: organization
o: Example
dc: example

dn: ou=people,dc=example,dc=org
objectClass: organizationalUnit
ou: people

dn: cn=limited,dc=example,dc=org
objectClass: person
cn: limited
sn: limited
userPassword: s3cret

dn: ou=abroad,dc=example,dc=org
objectClass: referral
objectClass: extensibleObject
ou: abroad
ref: ldap://ldap.example.com/ou=abroad,dc=example,dc=com

`

// uuid is the entryUUID of the i-th person.
func uuid(i int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", i) }

// stamp is the modifyTimestamp of the i-th person: one second after the other.
func stamp(i int) string {
	return time.Date(2026, 1, 1, 0, 0, i, 0, time.UTC).Format("20060102150405Z")
}

func dn(i int) string { return fmt.Sprintf("uid=p%d,%s", i, people) }

// crowd is n invented people; everybody has a photograph that is not text.
func crowd(n int) string {
	var b strings.Builder
	b.WriteString(top)
	for i := range n {
		fmt.Fprintf(&b, "dn: %s\nobjectClass: inetOrgPerson\nuid: p%d\ncn: Person %d\ngivenName: Zoë\nsn: Müller-%d\n", dn(i), i, i, i)
		fmt.Fprintf(&b, "mail: p%d@example.org\nmail: p%d@example.com\ntelephoneNumber: 020 7946 0%03d\n", i, i, i%1000)
		fmt.Fprintf(&b, "jpegPhoto:: /9j/4AAQSkZJRgABAQD/\nentryUUID: %s\nmodifyTimestamp: %s\n\n", uuid(i), stamp(i))
	}
	return b.String()
}
