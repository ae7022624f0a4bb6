package contact

// A Problem says why a value has no canonical form; "" when all is well. It is
// a reason on a row or a warning (requirements 3.6), never an error.
type Problem string

// The problems a value can have.
const (
	EmailInvalid     Problem = "email.invalid"
	PhoneUnparseable Problem = "phone.unparseable"
	LanguageUnknown  Problem = "language.unknown"
	CountryUnknown   Problem = "country.unknown"
	DateUnparseable  Problem = "date.unparseable"
	URLInvalid       Problem = "url.invalid"
	ConsentUnknown   Problem = "consent.unknown"
)

// Problems lists every problem, for documentation and tests.
func Problems() []Problem {
	return []Problem{EmailInvalid, PhoneUnparseable, LanguageUnknown, CountryUnknown, DateUnparseable, URLInvalid, ConsentUnknown}
}

// Message returns a sentence for people: what is wrong and what to do.
func (p Problem) Message() string {
	switch p {
	case EmailInvalid:
		return "This is not an e-mail address. Check it for missing or misplaced characters."
	case PhoneUnparseable:
		return "This is not a telephone number we can read. Write it with its country code, as in +44 20 7946 0123."
	case LanguageUnknown:
		return "This is not a language tag. Use a tag such as en, en-GB or pt-BR."
	case CountryUnknown:
		return "This is not a country we know. Use its two-letter code or its English name."
	case DateUnparseable:
		return "This date cannot be read in one way only. Write it as year-month-day, as in 2026-11-21."
	case URLInvalid:
		return "This is not a web address. Write it as https://example.com/page."
	case ConsentUnknown:
		return "This word does not say whether somebody consented. Use suppressed, cleaned, unsubscribed, pending or subscribed, or map it to one of them."
	}
	return ""
}
