package peer

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

// VSFTPD starts vsftpd, whose anonymous user may do everything in folder, and
// returns its address. TLS is "", "explicit" or "implicit"; then a session must
// be resumed on the data connection, as vsftpd insists by default. More lines of
// its configuration may follow.
func VSFTPD(t testing.TB, folder, tls, cert, key string, more ...string) string {
	t.Helper()
	program := Program(t, "vsftpd", "vsftpd")
	Root(t, "vsftpd")
	addr, port := FreeAddr(t)
	lines := []string{"background=NO", "listen=YES", "listen_ipv6=NO", "listen_address=127.0.0.1", "listen_port=" + port,
		"anonymous_enable=YES", "local_enable=NO", "write_enable=YES", "anon_upload_enable=YES", "anon_mkdir_write_enable=YES",
		"anon_other_write_enable=YES", "anon_world_readable_only=NO", "anon_umask=022", "no_anon_password=NO", "anon_root=" + folder,
		"allow_writeable_chroot=YES", "secure_chroot_dir=" + t.TempDir(), "seccomp_sandbox=NO", "xferlog_enable=NO"}
	if tls != "" {
		lines = append(lines, "ssl_enable=YES", "rsa_cert_file="+cert, "rsa_private_key_file="+key, "allow_anon_ssl=YES",
			"force_anon_logins_ssl=YES", "force_anon_data_ssl=YES", "require_ssl_reuse=YES", "ssl_tlsv1=YES", "ssl_ciphers=HIGH")
	}
	if tls == "implicit" {
		lines = append(lines, "implicit_ssl=YES")
	}
	config := filepath.Join(t.TempDir(), "vsftpd.conf")
	Write(t, config, strings.Join(append(lines, more...), "\n")+"\n")
	Start(t, addr, program, config)
	return addr
}

// An SSHD is a running OpenSSH server and who may sign in.
type SSHD struct {
	Addr    string
	User    string
	Key     string // private key, as its file has it
	HostKey string // "ssh-ed25519 SHA256:..."

	folder, port string
	t            testing.TB
}

// StartSSHD starts OpenSSH's server with SFTP, for the user who runs the tests.
func StartSSHD(t testing.TB) *SSHD {
	t.Helper()
	Program(t, "sshd", "openssh-server")
	s := &SSHD{folder: t.TempDir(), t: t, User: who(t)}
	if os.Geteuid() == 0 {
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil { // sshd wants it, and Debian makes it at boot
			Missing(t, "sshd needs the folder /run/sshd: "+err.Error())
		}
	}
	s.keygen("user")
	secret, err := os.ReadFile(filepath.Join(s.folder, "user"))
	if err != nil {
		t.Fatal(err)
	}
	s.Key = string(secret)
	s.Serve("host")
	return s
}

// Serve starts the server with the host key of that name, which is made when it
// is not there, at another address.
func (s *SSHD) Serve(hostKey string) {
	s.t.Helper()
	file := filepath.Join(s.folder, hostKey)
	if _, err := os.Stat(file); err != nil {
		s.keygen(hostKey)
	}
	said, err := exec.Command(Program(s.t, "ssh-keygen", "openssh-client"), "-lf", file+".pub").Output()
	if err != nil {
		s.t.Fatal(err)
	}
	s.HostKey = "ssh-ed25519 " + strings.Fields(string(said))[1]
	s.Addr, s.port = FreeAddr(s.t)
	config := filepath.Join(s.folder, "sshd_config")
	Write(s.t, config, strings.Join([]string{"Port " + s.port, "ListenAddress 127.0.0.1", "HostKey " + file, "PidFile none",
		"AuthorizedKeysFile " + filepath.Join(s.folder, "user.pub"), "StrictModes no", "PermitRootLogin prohibit-password",
		"PasswordAuthentication no", "KbdInteractiveAuthentication no", "UsePAM no", "Subsystem sftp internal-sftp"}, "\n")+"\n")
	Start(s.t, s.Addr, Program(s.t, "sshd", "openssh-server"), "-D", "-e", "-f", config)
}

func (s *SSHD) keygen(name string) {
	s.t.Helper()
	cmd := exec.Command(Program(s.t, "ssh-keygen", "openssh-client"), "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(s.folder, name))
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("ssh-keygen: %v\n%s", err, out)
	}
}

func who(t testing.TB) string {
	t.Helper()
	out, err := exec.Command("id", "-un").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// Caddy starts caddy with the files of folder over TLS, and returns its address.
// Below /private/ it asks for the user ada with the password s3cret.
func Caddy(t testing.TB, folder, cert, key string) string {
	t.Helper()
	program := Program(t, "caddy", "caddy")
	addr, port := FreeAddr(t)
	hash, err := bcrypt.GenerateFromPassword([]byte("s3cret"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(t.TempDir(), "Caddyfile")
	Write(t, config, fmt.Sprintf(`{
	admin off
	auto_https off
}
https://127.0.0.1:%s {
	tls %s %s
	root * %s
	basicauth /private/* {
		ada %s
	}
	file_server
}
`, port, cert, key, folder, hash))
	Start(t, addr, program, "run", "--config", config, "--adapter", "caddyfile")
	return "https://" + addr
}
