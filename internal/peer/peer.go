// Package peer starts the real servers that tests talk to: on ports of their own
// on loopback, with their files in the test's folder, and stopped when it ends.
// It is for tests only. Where a server is not installed the test skips, and says
// which package to install; with KITH_CI=1 it fails.
package peer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"
)

// Program finds a program of a Debian package, or skips the test.
func Program(t testing.TB, name, pkg string) string {
	t.Helper()
	for _, folder := range []string{"", "/usr/sbin/", "/usr/local/sbin/", "/usr/lib/openssh/"} {
		if path, err := exec.LookPath(folder + name); err == nil {
			return path
		}
	}
	Missing(t, name+" is not installed: install the package "+pkg+" to test against the real server")
	return ""
}

// Missing skips a test for what this machine does not have, or fails it where
// every test has to run.
func Missing(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("KITH_CI") == "1" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// Root skips a test of a server that only the system's administrator can start.
func Root(t testing.TB, name string) {
	t.Helper()
	if os.Geteuid() != 0 {
		Missing(t, name+" has to be started by root; run the tests as root to test against it")
	}
}

// FreeAddr is an address on loopback where nobody listens. It is given once: below
// the ports of outgoing connections, and not again in this process, for a server
// takes a while to begin, and another test must not get its port meanwhile.
func FreeAddr(t testing.TB) (addr, port string) {
	t.Helper()
	for range ports {
		port = strconv.Itoa(firstPort + int((uint32(os.Getpid())*spread+given.Add(1))%ports))
		addr = net.JoinHostPort("127.0.0.1", port)
		if l, err := net.Listen("tcp", addr); err == nil {
			_ = l.Close()
			return addr, port
		}
	}
	t.Fatal("no port is free")
	return "", ""
}

// The ports of servers: systems take those of outgoing connections from above.
// Processes that run side by side begin spread apart.
const (
	firstPort = 20_000
	ports     = 12_000
	spread    = 331
)

var given atomic.Uint32

// Start runs a server until the test ends, and waits until it answers at addr.
func Start(t testing.TB, addr, program string, args ...string) {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	died := make(chan struct{})
	var ended error
	go func() { ended = cmd.Wait(); close(died) }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		select {
		case <-died:
		case <-time.After(5 * time.Second):
			_ = cmd.Process.Kill()
			<-died
		}
		_ = log.Close()
	})
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			_ = conn.Close()
			return
		}
		select {
		case <-died:
			said, _ := os.ReadFile(log.Name())
			t.Fatalf("%s ended: %v\n%s", program, ended, said)
		default:
		}
		if time.Now().After(end) {
			t.Fatalf("%s does not answer at %s: %v", program, addr, err)
		}
	}
}

// Write writes a file with the rights that any user may read it.
func Write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Certificate makes a certificate for localhost, 127.0.0.1 and 127.0.0.2 and its key, and returns their files
// and the certificate as PEM.
func Certificate(t testing.TB) (cert, key string, text []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv4(127, 0, 0, 2)}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	cert, key = filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	text = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	Write(t, cert, string(text))
	if err := os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), 0o600); err != nil {
		t.Fatal(err)
	}
	return cert, key, text
}
