package peer

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// A MailSink is a mail server that takes everything and delivers nothing.
type MailSink struct {
	Addr   string
	folder string
}

// StartMailSink starts aiosmtpd. Debian's package is for Debian's own python3.
func StartMailSink(t testing.TB) *MailSink {
	t.Helper()
	for _, python := range []string{"/usr/bin/python3", "python3"} {
		if exec.Command(python, "-c", "import aiosmtpd").Run() == nil {
			addr, _ := FreeAddr(t)
			s := &MailSink{Addr: addr, folder: filepath.Join(t.TempDir(), "mails")}
			Start(t, addr, python, "-W", "ignore", "-m", "aiosmtpd", "-n", "-l", addr, "-c", "aiosmtpd.handlers.Mailbox", s.folder)
			return s
		}
	}
	Missing(t, "aiosmtpd is not installed: install the package python3-aiosmtpd to test against a real mail server")
	return nil
}

// Mails are the mails that came, as they are.
func (s *MailSink) Mails(t testing.TB) (all []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(s.folder, "new", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(text))
	}
	return all
}
