package outbox_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// needSink skips without a real mail server, except where KITH_CI says it must be
// there. Debian's package is for Debian's own python3.
func needSink(t *testing.T) string {
	t.Helper()
	for _, python := range []string{"/usr/bin/python3", "python3"} {
		if exec.Command(python, "-c", "import aiosmtpd").Run() == nil {
			return python
		}
	}
	if os.Getenv("KITH_CI") == "1" {
		t.Fatal("aiosmtpd is missing: apt install python3-aiosmtpd")
	}
	t.Skip("aiosmtpd, a mail server for tests, is missing: apt install python3-aiosmtpd")
	return ""
}

// sinkProgram takes every mail and writes it to its output, one JSON object each.
const sinkProgram = `
import asyncio, json, logging, ssl, sys
logging.disable()
from aiosmtpd.smtp import SMTP, AuthResult
port, mode, cert, key, user, password, refuse = sys.argv[1:8]

class Sink:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if refuse and address.startswith(refuse):
            return '550 5.1.1 no such mailbox'
        if address.startswith('later'):
            return '451 4.7.1 greylisted, come back later'
        envelope.rcpt_tos.append(address)
        return '250 OK'
    async def handle_DATA(self, server, session, envelope):
        print(json.dumps({'from': envelope.mail_from, 'to': envelope.rcpt_tos, 'tls': session.ssl is not None or mode == 'tls',
                          'user': bool(session.authenticated), 'data': envelope.content.decode('utf-8', 'surrogateescape')}), flush=True)
        return '250 OK'

def authenticator(server, session, envelope, mechanism, data):
    ok = data.login.decode() == user and data.password.decode() == password
    return AuthResult(success=ok, handled=False)

context = None
if mode in ('starttls', 'tls'):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)

def session():
    return SMTP(Sink(), hostname='sink.example.org', enable_SMTPUTF8=True,
                tls_context=context if mode == 'starttls' else None, require_starttls=mode == 'starttls',
                auth_required=bool(user), auth_require_tls=mode == 'starttls', authenticator=authenticator if user else None)

async def main():
    server = await asyncio.get_running_loop().create_server(session, '127.0.0.1', int(port), ssl=context if mode == 'tls' else None)
    print('listening', server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
`

// A sink is a real mail server on loopback that keeps what it is given.
type sink struct {
	port  string
	roots []byte // PEM
	stop  func()

	mu    sync.Mutex
	mails []taken
}

type taken struct {
	From string   `json:"from"`
	To   []string `json:"to"`
	TLS  bool     `json:"tls"`
	User bool     `json:"user"`
	Data string   `json:"data"`
}

func (m taken) read(t *testing.T) (*mail.Message, string) {
	t.Helper()
	message, err := mail.ReadMessage(strings.NewReader(m.Data))
	if err != nil {
		t.Fatalf("the mail cannot be read: %v\n%s", err, m.Data)
	}
	body, err := io.ReadAll(message.Body)
	if err != nil {
		t.Fatal(err)
	}
	return message, string(body)
}

type sinkOptions struct{ port, mode, user, password, refuse string }

// startSink starts a mail server, on a port that is free when none is named.
func startSink(t *testing.T, o sinkOptions) *sink {
	t.Helper()
	python := needSink(t)
	if o.port == "" {
		o.port = "0"
	}
	s := &sink{}
	var cert, key string
	if o.mode == "tls" || o.mode == "starttls" {
		cert, key = s.certify(t)
	}
	program := exec.Command(python, "-W", "ignore", "-c", sinkProgram, o.port, o.mode, cert, key, o.user, o.password, o.refuse)
	program.Stderr = os.Stderr
	out, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	if _, err := fmt.Fscanf(lines, "listening %s\n", &s.port); err != nil {
		_ = program.Process.Kill()
		t.Fatalf("the mail server does not start: %v", err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.collect(t, lines)
	}()
	s.stop = sync.OnceFunc(func() {
		_ = program.Process.Kill()
		<-done
		_ = program.Wait()
	})
	t.Cleanup(s.stop)
	return s
}

func (s *sink) collect(t *testing.T, lines *bufio.Reader) {
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var m taken
		if err := json.Unmarshal(line, &m); err != nil {
			t.Errorf("the mail server says %q", line)
			continue
		}
		s.mu.Lock()
		s.mails = append(s.mails, m)
		s.mu.Unlock()
	}
}

// taken returns what came so far: n mails, for which it waits.
func (s *sink) taken(t *testing.T, n int) []taken {
	t.Helper()
	for range 200 {
		s.mu.Lock()
		got := s.mails
		s.mu.Unlock()
		if len(got) >= n {
			return got
		}
		time.Sleep(10 * time.Millisecond) // the server's output is on its way
	}
	t.Fatalf("got %d mails, want %d", len(s.mails), n)
	return nil
}

func (s *sink) certify(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sink"}, DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	cert, key = filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	s.roots = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for path, data := range map[string][]byte{cert: s.roots, key: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}
