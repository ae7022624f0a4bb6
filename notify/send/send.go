// Package send brings a message to where people look: a mailbox, a web hook, a
// chat, a watchdog. It makes one attempt and says whether another is worth while;
// notify/outbox decides when. Everything goes out through the egress guard, and no
// error has a secret, or an address that holds one, in it.
package send

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kith-sync/kith/egress"
	"github.com/kith-sync/kith/notify"
)

// An Envelope is a message, and what a sender must know besides. ID and Made are
// the same in every attempt.
type Envelope struct {
	ID       string
	Made     time.Time
	Now      time.Time // of this attempt
	To       string    // e-mail address, for a mail server
	Message  notify.Message
	Ping     Signal // for a watchdog, instead of the message
	Attached *Attachment
}

// An Attachment is a file that goes with a mail.
type Attachment struct {
	Name string
	Data []byte
}

// A Signal is what a watchdog is told about a run.
type Signal string

// Signals.
const (
	Start   Signal = "start"
	Success Signal = "success"
	Fail    Signal = "fail"
)

// A Sender makes one attempt to deliver an envelope. The error is *Refusal when
// another attempt would end alike, *Busy when the other side says when to come back.
type Sender interface {
	Send(ctx context.Context, e Envelope) error
}

// A Refusal is an answer that will not change by itself.
type Refusal struct{ Why string }

func (r *Refusal) Error() string { return r.Why }

// Busy is an answer that names the time of the next attempt.
type Busy struct {
	Why   string
	After time.Duration
}

func (b *Busy) Error() string { return b.Why }

// A Channel is what a sender is made of: settings by name, and one secret, opened.
type Channel struct {
	Name     string
	Kind     string
	Settings map[string]string
	Secret   string
}

// Options are what every sender needs of the world.
type Options struct {
	Guard *egress.Guard
	Roots *x509.CertPool // authorities to trust instead of the system's
}

// A Kind is one way to tell people something.
type Kind struct {
	Name     string // the word after --type
	Title    string
	Settings []Setting
	Secret   string // what its secret is, as people call it
	Needs    bool   // it does not work without
	Pings    bool   // it hears of every run, and not of messages
	check    func(Channel) error
	open     func(Channel, Options) Sender
}

// A Setting is one thing that a channel of a kind has to know.
type Setting struct {
	Name     string
	Help     string
	Required bool
}

// Kinds lists every kind of channel.
func Kinds() []Kind {
	return append([]Kind{smtpKind(), webhookKind()}, append(chatKinds(), pingKind())...)
}

// KindNamed returns the kind of that name.
func KindNamed(name string) (Kind, error) {
	all := Kinds()
	i := slices.IndexFunc(all, func(k Kind) bool { return k.Name == name })
	if i < 0 {
		var names []string
		for _, k := range all {
			names = append(names, k.Name)
		}
		return Kind{}, fmt.Errorf("there is no kind of channel %q; there are %s", name, strings.Join(names, ", "))
	}
	return all[i], nil
}

// Check says what is wrong with a channel, before it is stored.
func Check(c Channel) error {
	k, err := KindNamed(c.Kind)
	if err != nil {
		return err
	}
	for _, s := range k.Settings {
		if s.Required && c.Settings[s.Name] == "" {
			return fmt.Errorf("%s is missing: %s", s.Name, s.Help)
		}
	}
	for name, value := range c.Settings {
		if value != notify.Line(value) {
			return fmt.Errorf("%s has a line break or another control character", name)
		}
		if !slices.ContainsFunc(k.Settings, func(s Setting) bool { return s.Name == name }) {
			return fmt.Errorf("%s has no setting %q", k.Name, name)
		}
	}
	if k.Needs && c.Secret == "" {
		return fmt.Errorf("the secret is missing: %s", k.Secret)
	}
	return k.check(c)
}

// Open returns the sender of a channel.
func Open(c Channel, o Options) (Sender, error) {
	if o.Guard == nil {
		return nil, errors.New("notifications go out through the egress guard, and there is none")
	}
	if err := Check(c); err != nil {
		return nil, err
	}
	k, err := KindNamed(c.Kind)
	if err != nil {
		return nil, err
	}
	return k.open(c, o), nil
}
