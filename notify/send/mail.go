package send

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/egress"
	"github.com/kith-sync/kith/notify"
)

func smtpKind() Kind {
	return Kind{
		Name: "smtp", Title: "The mail server that e-mails go out by",
		Settings: []Setting{
			{"host", "name of the server", true},
			{"from", "address that mails come from", true},
			{"port", "587 when left out; 465 with security=tls", false},
			{"security", "starttls (when left out), tls, or none: only on this machine, or with insecure=accepted", false},
			{"user", "who signs in; nobody when left out", false},
			{"to", "address that --every-sync mails go to", false},
			{"hello", "name that this machine gives itself", false},
			{"insecure", "accepted lets security=none send mails, and a password, where others can read along", false},
			{"ca", "file with the certificate (PEM) of an authority of your own, or of the server", false},
		},
		Secret: "password",
		check:  checkMail,
		open:   func(c Channel, o Options) Sender { return &mailer{c, o} },
	}
}

const (
	startTLS = "starttls"
	withTLS  = "tls"
	noTLS    = "none"
)

func checkMail(c Channel) error {
	s := c.Settings
	for _, name := range []string{"from", "to"} {
		if s[name] != "" {
			if err := CheckEmail(s[name]); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	if port := s["port"]; port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return errors.New("port is a number between 1 and 65535")
		}
	}
	if strings.ContainsAny(s["host"], " /@") || strings.ContainsAny(s["hello"], " <>") {
		return errors.New("host and hello are names of machines, such as mail.example.org")
	}
	switch s["security"] {
	case "", startTLS, withTLS:
	case noTLS:
		if !onThisMachine(s["host"]) && s["insecure"] != "accepted" {
			return errors.New("security=none would send mails, and the password, where others can read along. Use starttls or tls, or accept it with insecure=accepted")
		}
	default:
		return errors.New("security is starttls, tls or none")
	}
	if s["user"] != "" && c.Secret == "" {
		return errors.New("a user needs a password")
	}
	return nil
}

func onThisMachine(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

// CheckEmail says what is wrong with an address that mails are sent to.
func CheckEmail(address string) error {
	canonical, problem := contact.NewNormalizer("").Canonical(contact.Email, address)
	parsed, err := netmail.ParseAddress(address)
	if canonical == "" || problem != "" || err != nil || parsed.Address != address || address != notify.Line(address) {
		return fmt.Errorf("%q is not an e-mail address", notify.Line(address))
	}
	return nil
}

type mailer struct {
	Channel
	options Options
}

const mailTimeout = 15 * time.Second // for each word with the server

// Send brings one mail to the server. It counts as sent when the server has taken
// it, whatever happens while they say goodbye.
func (m *mailer) Send(ctx context.Context, e Envelope) error {
	if e.To == "" {
		e.To = m.Settings["to"]
	}
	if e.To == "" {
		return &Refusal{"nobody is named: set an address with to= on the mail server, or write email: in the sync's file"}
	}
	if err := CheckEmail(e.To); err != nil {
		return &Refusal{err.Error()}
	}
	message, err := m.compose(e)
	if err != nil {
		return &Refusal{notify.Line(err.Error())}
	}
	var hangUp func() bool
	client, err := m.client(func(c net.Conn) {
		hangUp = context.AfterFunc(ctx, func() { _ = c.Close() }) // the library looks at ctx only while it dials
	})
	if err != nil {
		return err
	}
	defer func() {
		if hangUp != nil {
			hangUp()
		}
	}()
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return plainly(err)
	}
	err = client.SendWithSMTPClient(session, message)
	_ = client.CloseWithSMTPClient(session)
	if message.IsDelivered() {
		return nil
	}
	if sending, ok := errors.AsType[*mail.SendError](err); ok && !sending.IsTemp() && sending.ErrorCode() >= 500 {
		return &Refusal{plainly(err).Error()}
	}
	if err == nil {
		err = errors.New("the server has not said that it took the mail")
	}
	return plainly(err)
}

// plainly is an error in one line, without the words of the library around a refusal.
func plainly(err error) error {
	if refused, ok := errors.AsType[*egress.Refused](err); ok {
		return refused
	}
	return errors.New(notify.Line(err.Error()))
}

// compose writes the mail. Every text in its head is one line, and the library
// encodes it (RFC 2047).
func (m *mailer) compose(e Envelope) (*mail.Msg, error) {
	message := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := message.FromFormat("Kith", m.Settings["from"]); err != nil {
		return nil, err
	}
	if err := message.To(e.To); err != nil {
		return nil, err
	}
	_, domain, _ := strings.Cut(m.Settings["from"], "@")
	message.SetMessageIDWithValue(e.ID + "@" + domain) // the same in every attempt
	message.SetDateWithValue(e.Made)
	message.Subject(e.Message.Subject())
	message.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no holiday answers
	message.SetBodyString(mail.TypeTextPlain, e.Message.Text())
	message.AddAlternativeString(mail.TypeTextHTML, e.Message.HTML())
	if e.Attached != nil {
		if err := message.AttachReader(e.Attached.Name, bytes.NewReader(e.Attached.Data), mail.WithFileContentType("text/csv; charset=utf-8")); err != nil {
			return nil, err
		}
	}
	return message, nil
}

func (m *mailer) client(connected func(net.Conn)) (*mail.Client, error) {
	host, security := m.Settings["host"], m.Settings["security"]
	config := egress.TLS(m.options.Roots)
	config.ServerName = host
	options := []mail.Option{mail.WithTimeout(mailTimeout), mail.WithTLSConfig(config), mail.WithPort(m.port()), mail.WithoutNoop(),
		mail.WithDialContextFunc(m.dial(config, connected))}
	switch security {
	case withTLS:
		options = append(options, mail.WithSSL())
	case noTLS:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	default:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if name := m.Settings["hello"]; name != "" {
		options = append(options, mail.WithHELO(name))
	}
	if m.Settings["user"] != "" {
		options = append(options, mail.WithUsername(m.Settings["user"]), mail.WithPassword(m.Secret), mail.WithOpportunisticSMTPAuth(mechanisms(security)...))
	}
	client, err := mail.NewClient(host, options...)
	if err != nil {
		return nil, plainly(err)
	}
	return client, nil
}

// mechanisms are the ways to sign in, best first. A password in the clear crosses
// only an encrypted connection, or one that somebody has accepted as it is.
func mechanisms(security string) []mail.SMTPAuthType {
	best := []mail.SMTPAuthType{mail.SMTPAuthSCRAMSHA256, mail.SMTPAuthSCRAMSHA1}
	if security == noTLS {
		return slices.Concat(best, []mail.SMTPAuthType{mail.SMTPAuthCramMD5, mail.SMTPAuthPlainNoEnc, mail.SMTPAuthLoginNoEnc})
	}
	return slices.Concat(best, []mail.SMTPAuthType{mail.SMTPAuthPlain, mail.SMTPAuthLogin, mail.SMTPAuthCramMD5})
}

// dial connects through the guard, and speaks TLS at once where that was asked for:
// the library leaves both to whoever brings a dialer, and its own address has no
// brackets around IPv6.
func (m *mailer) dial(config *tls.Config, connected func(net.Conn)) mail.DialContextFunc {
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		conn, err := m.options.Guard.DialContext(ctx, network, net.JoinHostPort(m.Settings["host"], strconv.Itoa(m.port())))
		if err != nil {
			return nil, err
		}
		connected(conn)
		if m.Settings["security"] != withTLS {
			return conn, nil
		}
		secured := tls.Client(conn, config)
		if err := secured.HandshakeContext(ctx); err != nil {
			_ = conn.Close()
			return nil, err
		}
		return secured, nil
	}
}

func (m *mailer) port() int {
	if n, err := strconv.Atoi(m.Settings["port"]); err == nil {
		return n
	}
	if m.Settings["security"] == withTLS {
		return 465
	}
	return 587
}
