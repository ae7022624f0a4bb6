package contact_test

import (
	"testing"

	"github.com/kith-sync/kith/contact"
)

// Requirements 3.14: five states, in the words that systems and people use.
func TestConsentWords(t *testing.T) {
	n := contact.NewNormalizer("")
	for _, c := range []struct {
		what, word, want string
		problem          contact.Problem
	}{
		{"a state is itself", "unsubscribed", contact.Unsubscribed, ""},
		{"capital letters do not count", "Subscribed", contact.Subscribed, ""},
		{"nor do lines between words", "opted_out", contact.Unsubscribed, ""},
		{"nor white space", "  Hard   Bounce ", contact.Cleaned, ""},
		{"English", "opt-in", contact.Subscribed, ""},
		{"German", "Abgemeldet", contact.Unsubscribed, ""},
		{"German with an umlaut", "unbestätigt", contact.Pending, ""},
		{"French with accents", "Désabonné", contact.Unsubscribed, ""},
		{"Spanish", "dado de baja", contact.Unsubscribed, ""},
		{"Spanish, suppressed", "Bloqueado", contact.Suppressed, ""},
		{"yes answers any question, so it is no consent", "yes", "yes", contact.ConsentUnknown},
		{"nor does no take one away", "no", "no", contact.ConsentUnknown},
		{"nor is true a consent", "true", "true", contact.ConsentUnknown},
		{"nor 1", "1", "1", contact.ConsentUnknown},
		{"active is not consent", "active", "active", contact.ConsentUnknown},
		{"a blank is no consent, and no problem", "  ", "", ""},
	} {
		if got, problem := n.Canonical(contact.Consent, c.word); got != c.want || problem != c.problem {
			t.Errorf("%s: %q is %q (%s), want %q (%s)", c.what, c.word, got, problem, c.want, c.problem)
		}
	}
}

func TestConsentGetsStricter(t *testing.T) {
	states := append(append([]string{}, contact.ConsentStates...), "")
	for i, a := range states {
		for j, b := range states {
			if got, want := contact.Stricter(a, b), i < j; got != want {
				t.Errorf("%q stricter than %q: got %v, want %v", a, b, got, want)
			}
		}
	}
	for _, c := range []struct {
		what, from, to string
		want           bool
	}{
		{"back to subscribed is looser", contact.Unsubscribed, contact.Subscribed, true},
		{"from pending to subscribed is looser", contact.Pending, contact.Subscribed, true},
		{"to forget that somebody said no is looser", contact.Unsubscribed, "", true},
		{"to take back a consent is not", contact.Subscribed, "", false},
		{"stricter is not looser", contact.Subscribed, contact.Cleaned, false},
		{"only a no takes the place of a word nobody knows", "perhaps", contact.Unsubscribed, false},
		{"and a yes does not", "perhaps", contact.Subscribed, true},
	} {
		if got := contact.Loosens(c.from, c.to); got != c.want {
			t.Errorf("%s: %q to %q: got %v, want %v", c.what, c.from, c.to, got, c.want)
		}
	}
}
