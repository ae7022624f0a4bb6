package workspace

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/kith-sync/kith/egress"
	"github.com/kith-sync/kith/fetch"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
)

// What every connection with files can be told.
var (
	maxSize = SystemSetting{Name: "max_mb", Help: "largest file, in megabytes; 16384 when left out"}
	unpack  = SystemSetting{Name: "gzip", Help: "yes takes packed files (.gz)"}
	marker  = SystemSetting{Name: "marker", Help: "a file counts once one of its name and this ending is there: .done"}
	settle  = SystemSetting{Name: "settle_seconds", Help: "a file that changes within this time is still being written; 2 when left out"}
)

func webServer() System {
	return System{Name: "https", Title: "Files of a web server (HTTPS, HTTP, presigned links)",
		Settings: []SystemSetting{
			{"url", "address that paths are relative to: https://files.example.org/out/", true},
			{"user", "who signs in with the secret as password; without it the secret is a bearer token, or the whole link where the link itself is secret", false},
			authority, maxSize, unpack,
		},
		place: func(_ context.Context, a account) (fetch.Place, error) {
			s := fetch.HTTPSettings{URL: a.settings["url"], User: a.settings["user"], Secret: a.secret, IdleTime: a.silence}
			if strings.HasPrefix(a.secret, "https://") || strings.HasPrefix(a.secret, "http://") {
				s.Whole, s.Secret = a.secret, ""
			}
			return fetch.HTTP(s, a.guard.Client(egress.Options{Roots: a.roots, Answer: a.silence}))
		}}
}

func ftpServer() System {
	return System{Name: "ftp", Title: "Files of an FTP server, not encrypted",
		Settings: []SystemSetting{
			{"url", "the server: ftp://files.example.org", true},
			{"user", "who signs in; the secret is the password", true},
			maxSize, unpack, marker, settle,
		},
		place: func(ctx context.Context, a account) (fetch.Place, error) { return a.ftp(ctx, fetch.Plain, "21") }}
}

func ftpsServer() System {
	return System{Name: "ftps", Title: "Files of an FTP server with TLS (FTPS, SslFtp explicit or implicit)",
		Settings: []SystemSetting{
			{"url", "the server: ftp://files.example.org", true},
			{"user", "who signs in; the secret is the password", true},
			{"tls", "explicit (AUTH TLS, port 21), or implicit (port 990); explicit when left out", false},
			authority, maxSize, unpack, marker, settle,
		},
		place: func(ctx context.Context, a account) (fetch.Place, error) {
			switch cmp.Or(a.settings["tls"], "explicit") {
			case "explicit":
				return a.ftp(ctx, fetch.Explicit, "21")
			case "implicit":
				return a.ftp(ctx, fetch.Implicit, "990")
			}
			return nil, &fetch.Fault{Code: fetch.CodeDenied, Message: "TLS is explicit or implicit. Choose with --set tls="}
		}}
}

func sftpServer() System {
	return System{Name: "sftp", Title: "Files of an SSH server (SFTP)",
		Settings: []SystemSetting{
			{"url", "the server: sftp://files.example.org", true},
			{"user", "who signs in; the secret is the password or the private key", true},
			{HostKey, "the server's key, as ssh-keygen -l prints it; kith connections trust asks for it", false},
			maxSize, unpack, marker, settle,
		},
		place: func(ctx context.Context, a account) (fetch.Place, error) {
			s := fetch.SFTPSettings{Addr: a.addr("22"), User: a.settings["user"], Secret: a.secret, IdleTime: a.silence}
			if err := a.needsSecret(); err != nil {
				return nil, err
			}
			if text := a.settings[HostKey]; text != "" {
				var err error
				if s.Key, err = fetch.ParseHostKey(text); err != nil {
					return nil, err
				}
			}
			return fetch.SFTP(ctx, s, a.guard.DialContext)
		}}
}

func localFolder() System {
	return System{Name: "folder", Title: "A folder of this machine, as whoever runs this Kith allows",
		Settings: []SystemSetting{{"url", "the folder: /srv/hr", true}, maxSize, unpack, marker, settle},
		place: func(_ context.Context, a account) (fetch.Place, error) {
			return fetch.Folder(strings.TrimPrefix(a.settings["url"], "file://"), a.folders)
		}}
}

// HostKey is the setting that pins the key of an SFTP server.
const HostKey = "host_key"

// Files reports whether connections of this kind hold files, which a sync names
// by their path, and no records.
func (s System) Files() bool { return s.place != nil }

func (a account) ftp(ctx context.Context, mode fetch.TLSMode, port string) (fetch.Place, error) {
	if err := a.needsSecret(); err != nil {
		return nil, err
	}
	return fetch.FTP(ctx, fetch.FTPSettings{Addr: a.addr(port), User: a.settings["user"], Password: a.secret, TLS: mode, Roots: a.roots, IdleTime: a.silence}, a.guard.DialContext)
}

// needsSecret is C23: login and password.
func (a account) needsSecret() error {
	if a.secret == "" {
		return &fetch.Fault{Code: fetch.CodeDenied, Message: "There is no password. Store it with --secret-stdin"}
	}
	return nil
}

// server reads the setting url: the protocol was chosen by the kind of connection
// (settled question 18), so that ftp:// does for the whole family, and nothing
// for all.
func (a account) server() (host, port, folder string) {
	text := a.settings["url"]
	if !strings.Contains(text, "://") {
		text = "ftp://" + text
	}
	u, err := url.Parse(text)
	if err != nil {
		return a.settings["url"], "", ""
	}
	return u.Hostname(), u.Port(), u.Path
}

func (a account) addr(usual string) string {
	host, port, _ := a.server()
	return net.JoinHostPort(host, cmp.Or(port, usual))
}

// below is a sync's path as the place takes it: one that does not begin with a
// slash lies below the folder of the address.
func (a account) below(p string) string {
	_, _, folder := a.server()
	if a.kind == "https" || a.kind == "folder" || strings.HasPrefix(p, "/") || strings.Trim(folder, "/") == "" {
		return p
	}
	return path.Join(folder, p)
}

// A place is an opened connection with files.
type place struct {
	fetch.Place
	account account
	name    string // of the connection
}

// Place opens a connection that holds files. Its error is said for people.
func (w *Workspace) Place(ctx context.Context, name string) (fetch.Place, error) {
	p, err := w.place(ctx, name)
	if err != nil {
		return nil, placeFault(name, err)
	}
	return p.Place, nil
}

func (w *Workspace) place(ctx context.Context, name string) (*place, error) {
	c, err := w.Store.Connection(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return nil, &run.Error{Code: "connection.missing", Message: fmt.Sprintf("There is no connection %q. kith connections add %s makes it", name, name)}
	}
	if err != nil {
		return nil, err
	}
	system, a, err := w.account(ctx, c, "")
	if err != nil {
		return nil, placeFault(name, err)
	}
	if system.place == nil {
		return nil, &run.Error{Code: run.CodeConfig, Message: fmt.Sprintf("The connection %s (%s) holds records and no files. Leave path out of the sync", name, c.Kind)}
	}
	opened, err := system.place(ctx, a)
	if err != nil {
		return nil, err
	}
	return &place{opened, a, name}, nil
}

// rootsName is the file of the operator's folders in the data folder.
const rootsName = "roots"

// folders are those of this machine that files may be taken from: the lines of
// the file roots in the data folder, or of KITH_ROOTS. No user of the browser
// changes them.
func (w *Workspace) folders() ([]string, error) {
	lines, err := os.ReadFile(filepath.Join(w.Folder, rootsName))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	more := strings.Join(filepath.SplitList(os.Getenv("KITH_ROOTS")), "\n")
	return fetch.Roots(string(lines) + "\n" + more)
}

// limits are what a connection says a file may be.
func (p *place) limits() fetch.Limits {
	mb, _ := strconv.ParseInt(p.account.settings[maxSize.Name], 10, 64) // 0: the usual
	return fetch.Limits{Size: mb << 20, Unpack: p.account.settings[unpack.Name] == "yes"}
}

// pause is how long a file has to be the same. A web server gives out what is there.
func (p *place) pause() time.Duration {
	if p.account.kind == "https" {
		return 0
	}
	if seconds, err := strconv.ParseFloat(p.account.settings[settle.Name], 64); err == nil && seconds >= 0 {
		return time.Duration(seconds * float64(time.Second))
	}
	return 2 * time.Second
}

// safeHere stands in a message where it is to say that nothing was changed: what
// to type comes last.
const safeHere = "\x00"

// placeFault says an error of a place for people, with its code. Nothing has been
// written yet when files are brought.
func placeFault(name string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if known, ok := errors.AsType[*run.Error](err); ok {
		return known
	}
	say := func(code, what string, cause error) error {
		message := fmt.Sprintf("The connection %s: %s. Nothing was changed", name, strings.TrimRight(what, ". "))
		if first, command, ends := strings.Cut(what, safeHere); ends {
			message = fmt.Sprintf("The connection %s: %s. Nothing was changed. %s", name, first, command)
		}
		return &run.Error{Code: code, Message: message, Err: cause}
	}
	if refused, ok := errors.AsType[*egress.Refused](err); ok {
		return &run.Error{Code: CodeEgress, Message: fmt.Sprintf("The connection %s could not be opened. Nothing was changed. %s", name, refused.Error())}
	}
	if unknown, ok := errors.AsType[*fetch.UnknownHost](err); ok {
		return say(fetch.CodeHostKeyUnknown, fmt.Sprintf("The server shows its key for the first time, and nobody has said yet that it is the right one: %s"+safeHere+"Compare it with what the server's operator says, and accept it:  kith connections trust %s", unknown.Key, name), nil)
	}
	if changed, ok := errors.AsType[*fetch.ChangedHost](err); ok {
		return say(fetch.CodeHostKeyChanged, sentenceOf(changed)+". Either the server was set up anew, or somebody else answers in its place"+safeHere+"Ask its operator; only if the key is the right one:  kith connections trust "+name, nil)
	}
	if f, ok := errors.AsType[*fetch.Fault](err); ok {
		return say(f.Code, strings.Replace(f.Message, ". If that is meant", safeHere+"If that is meant", 1), f.Err)
	}
	return say(fetch.CodeUnreachable, "It could not be used", err)
}

func sentenceOf(err error) string { return strings.ToUpper(err.Error()[:1]) + err.Error()[1:] }

// attempts is how often a server that may answer later is asked.
const attempts = 3

// persist tries something with a place anew, a little later, when its fault says
// that this may help.
func persist(ctx context.Context, try func() error) error {
	for i := 1; ; i++ {
		err := try()
		f, ok := errors.AsType[*fetch.Fault](err)
		_, refused := errors.AsType[*egress.Refused](err)
		if err == nil || !ok || !f.Again || refused || i == attempts {
			return err
		}
		wait := time.Duration(i*i) * time.Second
		if err := sleep(ctx, wait/2+mathrand.N(wait)); err != nil {
			return err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// HostKeyNow asks the server of an SFTP connection for its key, without signing
// in, for a person to compare and accept.
func (w *Workspace) HostKeyNow(ctx context.Context, name string) (key string, err error) {
	c, err := w.Store.Connection(ctx, name)
	if err != nil {
		return "", err
	}
	if c.Kind != "sftp" {
		return "", &run.Error{Code: run.CodeConfig, Message: fmt.Sprintf("The connection %s (%s) has no host key: only sftp has one", name, c.Kind)}
	}
	_, a, err := w.account(ctx, c, "")
	if err != nil {
		return "", placeFault(name, err)
	}
	found, err := fetch.HostKeyOf(ctx, a.addr("22"), a.guard.DialContext)
	return found.String(), placeFault(name, err)
}

// Trust pins the key of an SFTP connection's server.
func (w *Workspace) Trust(ctx context.Context, name, key string) error {
	parsed, err := fetch.ParseHostKey(key)
	if err != nil {
		return err
	}
	c, err := w.Store.Connection(ctx, name)
	if err != nil {
		return err
	}
	if c.Settings == nil {
		c.Settings = map[string]string{}
	}
	c.Settings[HostKey] = parsed.String()
	_, err = w.Store.SaveConnection(ctx, c)
	return err
}

// Look lists the files that a sync with this path would choose from, oldest
// first, or the one file it names. It reads none of them.
func (w *Workspace) Look(ctx context.Context, name, pattern string) ([]fetch.Entry, error) {
	p, err := w.place(ctx, name)
	if err != nil {
		return nil, placeFault(name, err)
	}
	defer p.Close()
	if pattern == "" {
		return nil, nil
	}
	files, err := p.matching(ctx, pattern)
	return files, placeFault(name, err)
}

// isPattern reports whether a path is a pattern. In an address of the web "?" and
// "[" mean something else.
func isPattern(kind, path string) bool {
	if kind == "https" {
		return strings.Contains(path, "*")
	}
	return fetch.IsPattern(path)
}

// matching lists the files that match a sync's path, oldest first.
func (p *place) matching(ctx context.Context, pattern string) ([]fetch.Entry, error) {
	whole := p.account.below(pattern)
	if !isPattern(p.account.kind, whole) {
		e, err := p.Stat(ctx, whole)
		return []fetch.Entry{e}, err
	}
	folder, name, err := fetch.Split(whole)
	if err != nil {
		return nil, err
	}
	ending := p.account.settings[marker.Name]
	files, err := p.List(ctx, folder, name)
	if err != nil || ending == "" {
		return fetch.Oldest(files), err
	}
	markers, err := p.List(ctx, folder, "*"+ending)
	return fetch.Oldest(fetch.Marked(files, markers, ending)), err
}
