package suggest

import "slices"

// surer is what the share of fitting values adds, so that of two columns of
// names the one with more known first names is the first name.
const surer = 0.05

// A sign is a class of value that alone suggests fields: headerless files, and
// headers in a language the tables do not know.
type sign struct {
	class string
	least float64 // share of the samples
	slots []slot
	alone bool // speaks even beside columns whose headers are known
}

// signs are weighed in this order; a column has only the first that it shows.
var signs = [...]sign{
	{"email", 0.7, []slot{{"email", 0.75}, {"email.2", 0.62}, {"email.3", 0.55}}, true},
	{"linkedin", 0.6, []slot{{"linkedin", 0.75}}, true},
	{"twitter", 0.6, []slot{{"twitter", 0.75}}, true},
	{"facebook", 0.6, []slot{{"facebook", 0.75}}, true},
	{"url", 0.7, []slot{{"website", 0.65}}, false},
	{"birthday", 0.8, []slot{{"birthday", 0.55}}, false},
	{"phone", 0.7, []slot{{"phone", 0.70}, {"phone.2", 0.60}}, true},
	{"postal_code", 0.8, []slot{{"postal_code", 0.60}}, false},
	{"prefix", 0.7, []slot{{"prefix", 0.70}}, false},
	{"state", 0.7, []slot{{"state", 0.60}}, false},
	{"country", 0.7, []slot{{"country", 0.65}}, false},
	{"language", 0.7, []slot{{"language", 0.60}}, false},
	{"city", 0.4, []slot{{"city", 0.60}}, false},
	{"first_name", 0.15, []slot{{"first_name", 0.66}}, false},
	{"street", 0.5, []slot{{"street", 0.58}}, false},
	{"name", 0.15, []slot{{"name", 0.66}}, false},
	{"title", 0.4, []slot{{"title", 0.58}}, false},
	{"company", 0.3, []slot{{"company", 0.60}}, false},
}

// guess proposes fields from values alone. Strange is whether the source's
// headers are mostly unknown: only then do weak signs count, for beside known
// headers "Meeting city" is a field of its own.
func (e evidence) guess(strange bool) []slot {
	for _, s := range signs {
		if e[s.class] < s.least || !s.alone && !strange {
			continue
		}
		out := slices.Clone(s.slots)
		for i := range out {
			out[i].score += surer * e[s.class]
		}
		return out
	}
	return nil
}
