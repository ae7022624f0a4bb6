package listmonk

import "github.com/kith-sync/kith/contact"

// consent is what a person has said to a list, in the words of Kith
// (requirements 3.14):
//
//	blocklisted                    suppressed
//	unsubscribed, or disabled      unsubscribed
//	unconfirmed                    pending
//	confirmed                      subscribed
//
// A state we do not know is pending: nobody has said yes.
func consent(s subscriber, on subscription) string {
	switch {
	case s.Status == "blocklisted":
		return contact.Suppressed
	case on.Status == "unsubscribed" || s.Status == "disabled":
		return contact.Unsubscribed
	case on.Status == "confirmed":
		return contact.Subscribed
	}
	return contact.Pending
}

// wanted reads a consent that is to be written.
func wanted(word string) (string, error) {
	n := contact.NewNormalizer("")
	state, problem := n.Canonical(contact.Consent, word)
	if problem != "" || state == "" {
		return "", invalid(status, "This word does not say whether somebody consented, and a consent cannot be blank. Use suppressed, cleaned, unsubscribed, pending or subscribed.")
	}
	return state, nil
}

// refused says why a consent is not put in the place of another, if it is not.
// Nobody is subscribed again by a program, and a confirmation that a person gave
// is taken back only by unsubscribing.
func refused(from, to string) error {
	switch {
	case contact.Stricter(from, to):
		return invalid(status, "The person's consent at listmonk is stricter than this. It is not made looser from here: the person has to sign up again.")
	case from == contact.Subscribed && to == contact.Pending:
		return invalid(status, "The person has confirmed at listmonk. Kith can unsubscribe the person there, but not take the confirmation back.")
	}
	return nil
}

// blocks reports whether a consent closes the whole server: whoever is
// suppressed must not be written to, and an address that takes no mail takes
// none from another list either. It is what listmonk itself makes of bounces.
func blocks(state string) bool { return state == contact.Suppressed || state == contact.Cleaned }
