package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/textproto"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/jlaffaye/ftp"
)

// FTPSettings say where an FTP server is and who signs in.
type FTPSettings struct {
	Addr     string // host:port
	User     string // both are required (C23)
	Password string
	TLS      TLSMode
	Roots    *x509.CertPool // authorities to trust instead of the system's
	IdleTime time.Duration  // that the server may say nothing; a minute when 0
}

// A TLSMode says when an FTP session is encrypted. An encrypted one is verified
// always, on both of its connections.
type TLSMode uint8

// The modes of TLS (C19).
const (
	Plain    TLSMode = iota
	Explicit         // from AUTH TLS on, on the usual port
	Implicit         // from the first byte on, on a port of its own
)

// ftpPlace is a signed-in FTP session.
type ftpPlace struct {
	wires *wires
	conn  *ftp.ServerConn
	host  string
	peer  string // address of the control connection, without its port
	said  *lastWords
	tls   *tls.Config
	home  string // folder in which the session began
}

// FTP signs in to an FTP server. The data connections go to the server that the
// control connection leads to, whatever address it names (reliability.md 5.2),
// and resume its TLS session, which vsftpd insists on.
func FTP(ctx context.Context, s FTPSettings, dial Dial) (Place, error) {
	host, _, err := net.SplitHostPort(s.Addr)
	if err != nil {
		return nil, err
	}
	p := &ftpPlace{wires: newWires(ctx, dial, s.IdleTime), host: host, said: &lastWords{}}
	stop := p.wires.during(ctx)
	defer stop()
	options := []ftp.DialOption{ftp.DialWithDialFunc(p.dialer(s.TLS)), ftp.DialWithDebugOutput(p.said), ftp.DialWithShutTimeout(p.wires.idle)}
	if s.TLS != Plain {
		p.tls = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: s.Roots, ServerName: host, ClientSessionCache: tls.NewLRUClientSessionCache(4)}
	}
	switch s.TLS {
	case Explicit:
		options = append(options, ftp.DialWithExplicitTLS(p.tls))
	case Implicit:
		options = append(options, ftp.DialWithTLS(p.tls))
	}
	if p.conn, err = ftp.Dial(s.Addr, options...); err != nil {
		p.wires.cut()
		return nil, p.wires.ended(p.unopened(err))
	}
	if err := p.conn.Login(s.User, s.Password); err != nil {
		defer p.Close()
		return nil, p.wires.ended(p.notSignedIn(err))
	}
	if p.home, err = p.conn.CurrentDir(); err != nil {
		p.home = "/"
	}
	return p, nil
}

// at is a path as the server takes it wherever the session is by now.
func (p *ftpPlace) at(file string) string {
	if strings.HasPrefix(file, "/") {
		return file
	}
	return path.Join(p.home, file)
}

// dialer opens the control connection the first time and data connections after.
// The library encrypts neither where it does not dial itself, except the control
// connection after AUTH TLS.
func (p *ftpPlace) dialer(mode TLSMode) func(network, addr string) (net.Conn, error) {
	control := true
	return func(_, addr string) (net.Conn, error) {
		if !control {
			return p.data(addr)
		}
		control = false
		conn, err := p.wires.open(addr)
		if err != nil {
			return nil, err
		}
		p.peer, _, _ = net.SplitHostPort(conn.RemoteAddr().String())
		if mode == Implicit {
			conn = tls.Client(conn, p.tls)
		}
		return conn, nil
	}
}

// data opens a data connection to the port that the server named, on the machine
// that the control connection leads to. Where the operator has allowed it by its
// name only, it is asked for by name.
func (p *ftpPlace) data(addr string) (net.Conn, error) {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	conn, err := p.wires.open(net.JoinHostPort(p.peer, port))
	if err != nil && p.host != p.peer {
		byName, second := p.wires.open(net.JoinHostPort(p.host, port))
		if second == nil && byName.RemoteAddr().String() == net.JoinHostPort(p.peer, port) {
			conn, err = byName, nil
		} else if second == nil {
			_ = byName.Close() // another machine of that name
		}
	}
	if err != nil {
		return nil, &dataFault{err}
	}
	if p.tls != nil {
		conn = tls.Client(conn, p.tls)
	}
	return conn, nil
}

// dataFault is why a data connection could not be opened.
type dataFault struct{ err error }

func (f *dataFault) Error() string { return f.err.Error() }
func (f *dataFault) Unwrap() error { return f.err }

func (p *ftpPlace) List(ctx context.Context, folder, pattern string) (found []Entry, err error) {
	defer p.wires.during(ctx)()
	// As a folder of its own: LIST takes what begins with a hyphen for an option.
	if err := p.conn.ChangeDir(p.at(folder)); err != nil {
		return nil, p.wires.ended(p.folderFault(folder, err))
	}
	p.said.clear()
	listed, err := p.conn.List("")
	// vsftpd tells a folder that it may not read as one without files, and says so
	// in the words after its 226 only.
	if err == nil && p.said.have("failed to open directory") {
		err = &textproto.Error{Code: ftp.StatusFileUnavailable, Msg: "failed to open directory"}
	}
	if err != nil {
		return nil, p.wires.ended(p.listFault(folder, err))
	}
	for _, e := range listed {
		if e.Type != ftp.EntryTypeFile || !matches(pattern, e.Name) {
			continue
		}
		one := Entry{Path: path.Join(folder, e.Name), Size: int64(e.Size), Modified: e.Time}
		// LIST knows no seconds, and of old files no hours.
		if !p.conn.IsTimePreciseInList() && p.conn.IsGetTimeSupported() {
			exact, err := p.conn.GetTime(p.at(one.Path))
			if gone(err) {
				continue
			}
			if err != nil {
				return nil, p.wires.ended(p.listFault(folder, err))
			}
			one.Modified = exact
		}
		found = append(found, one)
	}
	return found, nil
}

func (p *ftpPlace) Stat(ctx context.Context, file string) (e Entry, err error) {
	defer p.wires.during(ctx)()
	e.Path = file
	if e.Size, err = p.conn.FileSize(p.at(file)); err != nil {
		return e, p.wires.ended(p.fileFault(err))
	}
	if p.conn.IsGetTimeSupported() {
		if e.Modified, err = p.conn.GetTime(p.at(file)); err != nil {
			return e, p.wires.ended(p.fileFault(err))
		}
	}
	return e, nil
}

func (p *ftpPlace) Open(ctx context.Context, file string, _ Entry) (io.ReadCloser, Entry, error) {
	e, err := p.Stat(ctx, file)
	if err != nil {
		return nil, e, err
	}
	stop := p.wires.during(ctx)
	r, err := p.conn.Retr(p.at(file))
	if err != nil {
		stop()
		return nil, e, p.wires.ended(p.fileFault(err))
	}
	return &streaming{ReadCloser: r, stop: stop, said: p.wires.ended}, e, nil
}

func (p *ftpPlace) Remove(ctx context.Context, file string) error {
	defer p.wires.during(ctx)()
	return p.wires.ended(p.changeFault(p.conn.Delete(p.at(file))))
}

func (p *ftpPlace) Move(ctx context.Context, from, to string) error {
	defer p.wires.during(ctx)()
	// RNTO replaces without a word what is there.
	if _, err := p.conn.FileSize(p.at(to)); err == nil {
		return fault(CodeNotOffered, "There is a file "+to+" already", nil)
	}
	if err := p.folder(path.Dir(p.at(to))); answered(err) != 0 {
		return notMade(path.Dir(to), err)
	} else if err != nil {
		return p.wires.ended(network(err))
	}
	return p.wires.ended(p.changeFault(p.conn.Rename(p.at(from), p.at(to))))
}

// folder makes a folder, and those above it, where they are not there. To go into
// one is the only question about it that every server understands.
func (p *ftpPlace) folder(name string) error {
	err := p.conn.ChangeDir(name)
	if err == nil || answered(err) == 0 || name == path.Dir(name) {
		return err
	}
	if err := p.folder(path.Dir(name)); err != nil {
		return err
	}
	return p.conn.MakeDir(name)
}

func (p *ftpPlace) Close() error {
	_ = p.conn.Quit() // the session is over either way
	p.wires.cut()
	return nil
}

// streaming is a file being read, until it is closed.
type streaming struct {
	io.ReadCloser
	stop func() bool
	said func(error) error
}

func (s *streaming) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = s.said(err)
	}
	return n, err
}

func (s *streaming) Close() error {
	defer s.stop()
	return s.said(s.ReadCloser.Close())
}

// lastWords keeps the end of what a server said.
type lastWords struct {
	mu   sync.Mutex
	text []byte
}

func (l *lastWords) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	if n := len(l.text); n > 1<<10 {
		l.text = append(l.text[:0], l.text[n-512:]...)
	}
	return len(p), nil
}

func (l *lastWords) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = l.text[:0]
}

func (l *lastWords) have(words string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(strings.ToLower(string(l.text)), words)
}
