package contact

import "strings"

// The states of a consent, the strictest first. They stand apart from data
// (requirements 3.14): no sync and no import moves a contact to a looser one.
const (
	Suppressed   = "suppressed"   // must not be written to, whatever happens
	Cleaned      = "cleaned"      // the address does not take mail
	Unsubscribed = "unsubscribed" // the person said no
	Pending      = "pending"      // was asked and has not answered
	Subscribed   = "subscribed"   // the person said yes
)

// ConsentStates lists the states, the strictest first.
var ConsentStates = []string{Suppressed, Cleaned, Unsubscribed, Pending, Subscribed}

// consentWords are the words that systems and people write for the states, in
// English, German, French and Spanish: in small letters, with spaces between
// words and without accents. Yes, no, true and 1 are not among them: they may
// answer any question. A sync's value map says what they mean.
var consentWords = map[string]string{
	"suppressed": Suppressed, "suppression": Suppressed, "blocked": Suppressed, "blocklisted": Suppressed, "blacklisted": Suppressed,
	"do not contact": Suppressed, "do not mail": Suppressed, "do not email": Suppressed, "gesperrt": Suppressed, "blockiert": Suppressed,
	"nicht kontaktieren": Suppressed, "bloque": Suppressed, "ne pas contacter": Suppressed, "bloqueado": Suppressed, "bloqueada": Suppressed,
	"no contactar": Suppressed,

	"cleaned": Cleaned, "bounced": Cleaned, "hard bounce": Cleaned, "hard bounced": Cleaned, "undeliverable": Cleaned, "bereinigt": Cleaned,
	"unzustellbar": Cleaned, "nettoye": Cleaned, "rejete": Cleaned, "rebotado": Cleaned, "rebotada": Cleaned, "limpiado": Cleaned,

	"unsubscribed": Unsubscribed, "unsubscribe": Unsubscribed, "opted out": Unsubscribed, "opt out": Unsubscribed, "optout": Unsubscribed,
	"withdrawn": Unsubscribed, "revoked": Unsubscribed, "abgemeldet": Unsubscribed, "ausgetragen": Unsubscribed, "abbestellt": Unsubscribed,
	"widerrufen": Unsubscribed, "widersprochen": Unsubscribed, "desabonne": Unsubscribed, "desabonnee": Unsubscribed, "desinscrit": Unsubscribed,
	"desinscrite": Unsubscribed, "dado de baja": Unsubscribed, "dada de baja": Unsubscribed, "de baja": Unsubscribed, "baja": Unsubscribed,
	"cancelada la suscripcion": Unsubscribed,

	"pending": Pending, "unconfirmed": Pending, "not confirmed": Pending, "awaiting confirmation": Pending, "ausstehend": Pending,
	"unbestatigt": Pending, "unbestaetigt": Pending, "nicht bestatigt": Pending, "nicht bestaetigt": Pending, "en attente": Pending,
	"non confirme": Pending, "pendiente": Pending, "sin confirmar": Pending,

	"subscribed": Subscribed, "opted in": Subscribed, "opt in": Subscribed, "optin": Subscribed, "angemeldet": Subscribed, "abonniert": Subscribed,
	"eingetragen": Subscribed, "abonne": Subscribed, "abonnee": Subscribed, "inscrit": Subscribed, "inscrite": Subscribed,
	"suscrito": Subscribed, "suscrita": Subscribed,
}

// canonicalConsent returns the state that a word stands for.
func canonicalConsent(s string) (string, Problem) {
	word := strings.NewReplacer("_", " ", "-", " ", "ä", "a", "é", "e", "è", "e", "ó", "o").Replace(strings.ToLower(collapse(s)))
	if state, ok := consentWords[word]; ok {
		return state, ""
	}
	return s, ConsentUnknown
}

// Stricter reports whether consent a is stricter than b. A blank is less than
// every state: it is no consent, and takes none away. A word that is no state is
// as strict as pending: only who says no may be put in its place.
func Stricter(a, b string) bool { return strictness(a) > strictness(b) }

// Loosens reports whether putting one value in the place of another makes a
// consent looser. To take back a consent that was given is not looser.
func Loosens(from, to string) bool { return Stricter(from, to) && !(Blank(to) && Grants(from)) }

// Grants reports whether a consent opens a door: subscribed, or on its way to it.
func Grants(state string) bool { return !Blank(state) && strictness(state) <= strictness(Pending) }

func strictness(value string) int {
	if Blank(value) {
		return 0
	}
	state, _ := canonicalConsent(Trim(value))
	for i, s := range ConsentStates {
		if s == state {
			return len(ConsentStates) - i
		}
	}
	return strictness(Pending)
}
