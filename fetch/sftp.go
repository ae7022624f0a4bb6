package fetch

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path"
	"strings"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

// SFTPSettings say where an SFTP server is, who signs in, and which server it is.
type SFTPSettings struct {
	Addr   string // host:port
	User   string
	Secret string // a password, or a private key (PEM or OpenSSH) without a passphrase
	Key    HostKey
	// IdleTime is how long the server may say nothing; a minute when 0.
	IdleTime time.Duration
}

type sftpPlace struct {
	wires  *wires
	shell  *ssh.Client
	client *sftp.Client
}

// SFTP signs in to an SFTP server. The server's key is compared before anything
// is said about who signs in: *UnknownHost when none was accepted yet,
// *ChangedHost when it is another one.
func SFTP(ctx context.Context, s SFTPSettings, dial Dial) (Place, error) {
	auth, err := s.auth()
	if err != nil {
		return nil, err
	}
	var changed *ChangedHost
	for _, ask := range s.Key.askFor() {
		place, err := s.open(ctx, auth, ask, dial)
		if other, ok := errors.AsType[*ChangedHost](err); ok {
			if changed == nil || changed.NoneAlike {
				changed = other
			}
			continue
		}
		return place, err
	}
	return nil, changed
}

// HostKeyOf asks a server for its key, without signing in.
func HostKeyOf(ctx context.Context, addr string, dial Dial) (HostKey, error) {
	_, err := SFTP(ctx, SFTPSettings{Addr: addr, User: "nobody"}, dial)
	if unknown, ok := errors.AsType[*UnknownHost](err); ok {
		return unknown.Key, nil
	}
	return HostKey{}, err
}

func (s SFTPSettings) open(ctx context.Context, auth []ssh.AuthMethod, ask []string, dial Dial) (Place, error) {
	w := newWires(ctx, dial, s.IdleTime)
	stop := w.during(ctx)
	defer stop()
	conn, err := w.open(s.Addr)
	if err != nil {
		return nil, w.ended(network(err))
	}
	check, found := s.Key.verify(s.Addr)
	config := &ssh.ClientConfig{User: s.User, Auth: auth, HostKeyCallback: check, HostKeyAlgorithms: ask}
	secured, channels, requests, err := ssh.NewClientConn(conn, s.Addr, config)
	if err != nil {
		w.cut()
		return nil, w.ended(s.notSignedIn(err, *found))
	}
	shell := ssh.NewClient(secured, channels, requests)
	client, err := sftp.NewClient(shell, sftp.UseConcurrentReads(true))
	if err != nil {
		_ = shell.Close()
		return nil, w.ended(fault(CodeDenied, "The server lets this user sign in, but offers no SFTP", err))
	}
	return &sftpPlace{w, shell, client}, nil
}

// auth are the ways to sign in. Servers that ask questions get the password as
// their answer.
func (s SFTPSettings) auth() ([]ssh.AuthMethod, error) {
	if !strings.Contains(s.Secret, "PRIVATE KEY-----") {
		password := ssh.KeyboardInteractive(func(_, _ string, questions []string, _ []bool) ([]string, error) {
			answers := make([]string, len(questions))
			for i := range answers {
				answers[i] = s.Secret
			}
			return answers, nil
		})
		return []ssh.AuthMethod{ssh.Password(s.Secret), password}, nil
	}
	signer, err := ssh.ParsePrivateKey([]byte(s.Secret + "\n"))
	if _, locked := errors.AsType[*ssh.PassphraseMissingError](err); locked {
		return nil, fault(CodeDenied, "The private key is locked with a passphrase. Kith seals the key itself: store a copy without one, which ssh-keygen -p makes", nil)
	}
	if err != nil {
		return nil, fault(CodeDenied, "The private key cannot be read. Store the whole file, from -----BEGIN to END-----", nil)
	}
	return []ssh.AuthMethod{ssh.PublicKeys(signer)}, nil
}

func (s SFTPSettings) notSignedIn(err, found error) error {
	if found != nil {
		return found
	}
	switch text := err.Error(); {
	case strings.Contains(text, "no common algorithm for host key"):
		return &ChangedHost{Addr: s.Addr, Was: s.Key, NoneAlike: true}
	case strings.Contains(text, "unable to authenticate"):
		return fault(CodeDenied, "The server does not take this user with this password or key", nil)
	}
	return network(err)
}

func (p *sftpPlace) List(ctx context.Context, folder, pattern string) (found []Entry, err error) {
	defer p.wires.during(ctx)()
	listed, err := p.client.ReadDirContext(ctx, p.at(folder))
	switch {
	case errors.Is(err, os.ErrPermission):
		return nil, cannotList(folder, err)
	case errors.Is(err, os.ErrNotExist):
		return nil, fault(CodeMissing, "There is no folder "+folder, err)
	case err != nil:
		return nil, p.wires.ended(network(err))
	}
	for _, info := range listed {
		if !matches(pattern, info.Name()) {
			continue
		}
		e := entryOf(path.Join(folder, info.Name()), info)
		if info.Mode()&os.ModeSymlink != 0 { // the file it leads to counts
			if info, err = p.client.Stat(e.Path); err != nil {
				continue
			}
			e = entryOf(e.Path, info)
		}
		if info.Mode().IsRegular() {
			found = append(found, e)
		}
	}
	return found, nil
}

func entryOf(file string, info os.FileInfo) Entry {
	return Entry{Path: file, Size: info.Size(), Modified: info.ModTime()}
}

// at is a folder as the server takes it: an empty one is where a session begins.
func (p *sftpPlace) at(folder string) string {
	if folder == "" {
		return "."
	}
	return folder
}

func (p *sftpPlace) Stat(ctx context.Context, file string) (Entry, error) {
	defer p.wires.during(ctx)()
	info, err := p.client.Stat(file)
	if err != nil {
		return Entry{Path: file}, p.wires.ended(fileFault(err))
	}
	if info.IsDir() {
		return Entry{Path: file}, fault(CodeMissing, "That is a folder. Name a file in it, or a pattern such as "+path.Join(file, "*.csv"), nil)
	}
	return entryOf(file, info), nil
}

func (p *sftpPlace) Open(ctx context.Context, file string, _ Entry) (io.ReadCloser, Entry, error) {
	e, err := p.Stat(ctx, file)
	if err != nil {
		return nil, e, err
	}
	stop := p.wires.during(ctx)
	r, err := p.client.Open(file)
	if err != nil {
		stop()
		return nil, e, p.wires.ended(fileFault(err))
	}
	return &streaming{ReadCloser: r, stop: stop, said: p.wires.ended}, e, nil
}

func (p *sftpPlace) Remove(ctx context.Context, file string) error {
	defer p.wires.during(ctx)()
	return p.wires.ended(changed(p.client.Remove(file)))
}

func (p *sftpPlace) Move(ctx context.Context, from, to string) error {
	defer p.wires.during(ctx)()
	if _, err := p.client.Stat(to); err == nil {
		return fault(CodeNotOffered, "There is a file "+to+" already", nil)
	}
	if err := p.client.MkdirAll(path.Dir(to)); err != nil {
		return p.wires.ended(notMade(path.Dir(to), err))
	}
	return p.wires.ended(changed(p.client.Rename(from, to)))
}

func (p *sftpPlace) Close() error {
	err := errors.Join(p.client.Close(), p.shell.Close())
	p.wires.cut()
	if errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// fileFault is a fault of one file, of SFTP and of folders alike.
func fileFault(err error) error {
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fault(CodeMissing, "There is no file of that name", nil)
	case errors.Is(err, os.ErrPermission):
		return fault(CodeDenied, "This user may not read that file", nil)
	}
	return network(err)
}

// changed is a fault of moving or deleting.
func changed(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, os.ErrNotExist):
		return fault(CodeMissing, "The file, or the folder it should go to, is not there", nil)
	case errors.Is(err, os.ErrPermission):
		return fault(CodeDenied, "This user may not move or delete files there", nil)
	}
	return fault(CodeDenied, "The file could not be moved or deleted", err)
}
