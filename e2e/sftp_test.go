//go:build e2e

package e2e

import (
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/kith-sync/kith/internal/peer"
)

const (
	yesterdays = "Personnel no,E-mail,First name,Last name\n7,ada@example.com,Ada,Byron\n"
	todays     = "Personnel no,E-mail,First name,Last name\n7,ada@example.com,Ada,King\n8,bo@example.org,Bo,Okafor\n9,cy@@example.org,Cy,Lindqvist\n"
)

// A person connects the SFTP server of the personnel office, a real one, in the browser:
// compares its key and accepts it, names a folder and a pattern, maps the columns, looks
// at the plan and runs it (C20-C24, C30-C32).
func TestImportFromAnSFTPServer(t *testing.T) {
	w, b := owned(t)
	sshd, folder := peer.StartSSHD(t), t.TempDir()
	host, _, err := net.SplitHostPort(sshd.Addr)
	w.no(err)
	for name, text := range map[string]string{"people-1.csv": yesterdays, "people-2.csv": todays, "notes.txt": "not this one"} {
		w.no(os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
		w.no(os.Chtimes(filepath.Join(folder, name), time.Time{}, w.clock.now().Add(-time.Hour)))
	}
	w.no(os.Chtimes(filepath.Join(folder, "people-1.csv"), time.Time{}, w.clock.now().Add(-24*time.Hour)))

	b.open("/connections/new?type=sftp").sees("Files of an SSH server").fine()
	b.fill("Name", "hr").fill("Address", "sftp://"+sshd.Addr).fill("Login", sshd.User).fill("Password or private key", sshd.Key).press("Save").at("hr")
	b.press("Test now").sees("It does not work.", host).fine() // a server in one's own network has to be allowed by whoever runs Kith
	w.no(os.WriteFile(filepath.Join(w.folder, "egress.allow"), []byte(host+"\n"), 0o600))

	b.press("Test now").sees("The server shows its key for the first time", "Nothing was sent to it yet", sshd.HostKey).fine()
	b.press("Accept this key") // the browser wants the box ticked
	if got := b.words("#test"); b.path() != "/connections/hr" {
		t.Errorf("without comparing the key: got %s and %q, want to stay", b.path(), got)
	}
	b.tick("I have compared it").press("Accept this key").sees("Accepted the server's key", sshd.HostKey)
	b.fill("Which files", folder+"/people-*.csv").press("Test now").sees("It works.", "people-1.csv", "people-2.csv").saysNot("notes.txt").fine()

	b.open("/imports/new").tick("From network or Internet").choose("Connection", "hr (sftp)").fill("File location", folder+"/people-*.csv")
	b.press("A folder: the source file is set").choose("to", "the newest").fill("or a new list", "staff").press("Next")
	b.at("Import file preview").sees("people-*.csv", "Okafor").saysNot("Byron").fine().press("Next")
	b.at("Mapping").sees("Personnel no").fine().press("Show the plan")
	b.at("Plan 1").sees("3 read", "2 created", "1 rejected", "King").fine().press("Apply 2 changes").at("Run 1").sees("email.invalid", "people-2.csv")
	b.book("staff").sees("2 contacts in staff", "bo@example.org")
	b.open("/imports").sees("hr-people").press("Go").sees("Up to date", "The source has not changed since run 1")
}
