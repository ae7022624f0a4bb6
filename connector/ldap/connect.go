package ldap

import (
	"cmp"
	"context"
	"crypto/tls"
	"iter"
	"net"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	ldapv3 "github.com/go-ldap/ldap/v3"

	"github.com/kith-sync/kith/connector"
)

// How long a directory may take before it counts as unavailable.
const (
	connectWithin = 30 * time.Second
	answerWithin  = 2 * time.Minute
)

// A session is a connection that somebody has signed in on. It ends with its
// context.
type session struct {
	*Directory
	ctx  context.Context
	conn *ldapv3.Conn
	stop func() bool
}

func (d *Directory) connect(ctx context.Context) (*session, error) {
	conn, err := d.open(ctx)
	if err != nil {
		return nil, d.fault(ctx, err)
	}
	s := &session{Directory: d, ctx: ctx, conn: ldapv3.NewConn(conn, d.encrypted())}
	// The library takes no context: closing the connection ends whatever waits on it.
	s.stop = context.AfterFunc(ctx, func() { _ = conn.Close() })
	s.conn.SetTimeout(cmp.Or(d.settings.Silence, answerWithin))
	s.conn.Start()
	if d.settings.BindDN == "" {
		return s, nil
	}
	if err := s.conn.Bind(d.settings.BindDN, d.settings.Password); err != nil {
		s.close()
		return nil, d.fault(ctx, err)
	}
	return s, nil
}

func (s *session) close() {
	s.stop()
	_ = s.conn.Close()
}

func (d *Directory) encrypted() bool { return d.where.Scheme == "ldaps" || d.settings.StartTLS }

// open dials and encrypts.
func (d *Directory) open(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectWithin)
	defer cancel()
	conn, err := d.dial(ctx, "tcp", d.address())
	if err != nil || !d.encrypted() {
		return conn, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	secured, err := d.encrypt(ctx, conn)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secured, nil
}

func (d *Directory) encrypt(ctx context.Context, conn net.Conn) (net.Conn, error) {
	if d.settings.StartTLS {
		if err := startTLS(conn); err != nil {
			return nil, err
		}
	}
	secured := tls.Client(conn, &tls.Config{
		ServerName: d.where.Hostname(), RootCAs: d.settings.RootCAs, Time: d.now, MinVersion: tls.VersionTLS12,
	})
	if err := secured.HandshakeContext(ctx); err != nil {
		return nil, handshakeError{err}
	}
	return secured, nil
}

// startTLS asks for encryption (RFC 4511 4.14). The library's own takes no
// context and turns the cause of a failed handshake into text.
func startTLS(conn net.Conn) error {
	const oid = "1.3.6.1.4.1.1466.20037"
	request := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldapv3.ApplicationExtendedRequest, nil, "")
	request.AppendChild(ber.NewString(ber.ClassContext, ber.TypePrimitive, 0, oid, ""))
	message := ber.NewSequence("")
	message.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, 1, ""))
	message.AppendChild(request)
	if _, err := conn.Write(message.Bytes()); err != nil {
		return err
	}
	// Reads the answer and not a byte more: what follows belongs to TLS.
	answer, err := ber.ReadPacket(conn)
	if err != nil {
		return err
	}
	if err := ldapv3.GetLDAPError(answer); err != nil {
		return noStartTLS{err}
	}
	return nil
}

// search returns the answer to one request, when it is all of it.
func (s *session) search(request *ldapv3.SearchRequest) (*ldapv3.SearchResult, error) {
	request.Controls = append(request.Controls, s.controls...)
	result, err := s.conn.Search(request)
	if err != nil {
		return nil, s.fault(s.ctx, err)
	}
	if len(result.Referrals) > 0 {
		return nil, elsewhere(s.settings.BaseDN)
	}
	return result, nil
}

// A sheet is one answer of a paged search.
type sheet struct {
	entries []*ldapv3.Entry
	last    bool
}

// pages yields everything below the base that matches, an answer at a time
// (RFC 2696). Only a search that the server ended with success has a last page;
// a server that knows no paging sends everything in one.
func (s *session) pages(filter string, attributes []string) iter.Seq2[sheet, error] {
	return func(yield func(sheet, error) bool) {
		paging := ldapv3.NewControlPaging(uint32(s.settings.PageSize))
		for {
			result, err := s.search(&ldapv3.SearchRequest{
				BaseDN: s.settings.BaseDN, Scope: ldapv3.ScopeWholeSubtree, Filter: filter,
				Attributes: attributes, Controls: []ldapv3.Control{paging},
			})
			if err != nil {
				yield(sheet{}, err)
				return
			}
			answer, _ := ldapv3.FindControl(result.Controls, ldapv3.ControlTypePaging).(*ldapv3.ControlPaging)
			last := answer == nil || len(answer.Cookie) == 0
			if !yield(sheet{result.Entries, last}, nil) || last {
				return
			}
			paging.SetCookie(answer.Cookie)
		}
	}
}

var _ connector.Remote = (*Directory)(nil)
