package mailchimp

import (
	"strings"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
)

// transactional is the status of a member who has not consented and is written
// to only about what they ordered.
const transactional = "transactional"

// consentOf is a member's status in Kith's words.
//
//	subscribed, pending, unsubscribed, cleaned   the same
//	transactional, archived, anything else       blank: no consent
func consentOf(status string) string {
	switch status {
	case contact.Subscribed, contact.Pending, contact.Unsubscribed, contact.Cleaned:
		return status
	}
	return ""
}

// state reads a word for a consent.
func state(word string) (string, error) {
	s, problem := contact.NewNormalizer("").Canonical(contact.Consent, word)
	if problem != "" {
		return "", &connector.Fault{Kind: connector.Invalid, Field: statusField, Message: problem.Message()}
	}
	return s, nil
}

// statusOfNew is the status of a new member: what the record says, or else what
// the connection says.
func (a *Audience) statusOfNew(word *string) (string, error) {
	if word == nil || contact.Blank(*word) {
		return a.newStatus, nil
	}
	s, err := state(*word)
	if s == contact.Suppressed {
		s = contact.Unsubscribed // the strictest that Mailchimp has
	}
	return s, err
}

// statusOfReturning is the status of one who is added again after having been
// archived. What they were before cannot be seen, and may have been
// unsubscribed: they are asked, whatever the record says, unless it says no.
func (a *Audience) statusOfReturning(word *string) (string, error) {
	s, err := a.statusOfNew(word)
	if s == contact.Subscribed || s == transactional {
		s = contact.Pending
	}
	return s, err
}

// statusOf is the status to send for a member who is there, empty for none.
// Consent moves only towards the stricter (requirements 3.14), and "subscribed"
// is never sent: in the moment between our look and our write the person may
// have unsubscribed.
//
//	from \ to     blank          subscribed  pending  unsubscribed  cleaned  suppressed
//	blank         -              refused     send     send          send     unsubscribed
//	subscribed    unsubscribed   -           send     send          send     unsubscribed
//	pending       unsubscribed   refused     -        send          send     unsubscribed
//	unsubscribed  refused        refused     refused  -             send     -
//	cleaned       refused        refused     refused  refused       -        -
func statusOf(now string, word *string) (string, error) {
	if word == nil {
		return "", nil
	}
	want, err := state(*word)
	switch {
	case err != nil || want == now:
		return "", err
	case want == "" && contact.Grants(now): // a consent taken back
		return contact.Unsubscribed, nil
	case want == contact.Suppressed && (now == contact.Unsubscribed || now == contact.Cleaned):
		return "", nil
	case want == contact.Suppressed:
		return contact.Unsubscribed, nil
	case want != contact.Subscribed && contact.Stricter(want, now):
		return want, nil
	}
	return "", &connector.Fault{Kind: connector.Invalid, Field: statusField,
		Message: "A sync does not " + strings.TrimSpace(verb(want)) + " a member who is not. They must sign up by themselves."}
}

func verb(want string) string {
	if want == contact.Pending {
		return "ask again"
	}
	return "subscribe"
}
