package suggest

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/kith-sync/kith/contact"
)

// enough is the score below which a column counts as unknown.
const enough = 0.5

// A candidate is one column that may be one field.
type candidate struct {
	column int
	field  string // standard name, or the name of an existing field
	score  float64
	why    string
}

// A sheet is a source while it is being read.
type sheet struct {
	*tables
	columns  []Column
	readings []reading
	evidence []evidence
	fields   map[string]contact.Field // by the name candidates use
	order    map[string]int
}

// Mapping proposes for each column at most one field and for each field at most
// one column. Existing are the fields the target has; where one of them plays a
// standard part under another name ("MobilePhone"), it is the one proposed. A
// column nobody knows gets a new field named after its header, confidence 0. Behind
// the columns come the further values of cells that hold several (Part).
func Mapping(columns []Column, existing []contact.Field) []Suggestion {
	s := newSheet(columns, existing)
	chosen := s.completeName(s.choose(s.candidates(existing)))
	taken := map[string]bool{}
	for name, f := range s.fields {
		taken[name], taken[f.Name] = true, true
	}
	used := map[string]bool{}
	for _, c := range chosen {
		used[s.fields[c.field].Name] = true
	}
	out := make([]Suggestion, len(columns))
	for i := range columns {
		if c, ok := chosen[i]; ok {
			out[i] = Suggestion{Column: i, Field: s.fields[c.field], Confidence: min(c.score, 1), Why: c.why}
			continue
		}
		if kind := s.anotherOf(i); kind != "" {
			out[i] = Suggestion{Column: i, Field: s.numbered(kind, used)}
			taken[out[i].Field.Name] = true
			continue
		}
		out[i] = Suggestion{Column: i, Field: s.newField(i, taken)}
	}
	return append(out, s.further(out)...)
}

func newSheet(columns []Column, existing []contact.Field) *sheet {
	t := knowledge()
	s := &sheet{tables: t, columns: columns, fields: map[string]contact.Field{}, order: map[string]int{}}
	common := t.common(columns)
	for _, c := range columns {
		s.readings = append(s.readings, t.read(c.Name, common))
		s.evidence = append(s.evidence, t.look(firsts(c.Samples)))
	}
	for i, f := range append(Standard(), existing...) {
		s.fields[f.Name] = f
		s.order[f.Name] = i
	}
	for name, f := range parts(existing) {
		s.fields[name] = f
	}
	return s
}

// parts finds which standard part each existing field plays: "MobilePhone" is
// mobile. A field that has a standard name plays that part.
func parts(existing []contact.Field) map[string]contact.Field {
	out := map[string]contact.Field{}
	var others []contact.Field
	for _, f := range existing {
		if slices.ContainsFunc(knowledge().fields, func(s contact.Field) bool { return s.Name == f.Name }) {
			out[f.Name] = f
			continue
		}
		others = append(others, f)
	}
	if len(others) == 0 {
		return out
	}
	columns := make([]Column, len(others))
	for i, f := range others {
		columns[i] = Column{Name: f.Name}
	}
	for _, s := range Mapping(columns, nil) {
		if _, has := out[s.Field.Name]; !has && s.Confidence >= 0.8 {
			out[s.Field.Name] = others[s.Column]
		}
	}
	return out
}

// candidates are all pairs of column and field worth weighing.
func (s *sheet) candidates(existing []contact.Field) []candidate {
	var out []candidate
	strange := s.strange()
	own := append(slices.Clone(s.tables.fields), existing...)
	for i, c := range s.columns {
		best := 0.0
		for _, f := range own {
			if s.says(c.Name, f) {
				out = append(out, s.weigh(i, f.Name, 1.1))
				best = 1
			}
		}
		if field := s.labelled(i, 1); field != "" {
			out = append(out, s.weigh(i, field, 1.05))
		}
		for field, score := range s.readings[i].fields {
			out = append(out, s.weigh(i, field, score))
			best = max(best, out[len(out)-1].score)
		}
		if best >= enough || s.readings[i].spoiled {
			continue
		}
		for _, sl := range s.evidence[i].guess(strange && s.readings[i].silent) {
			out = append(out, candidate{i, sl.field, sl.score, WhyValues})
		}
	}
	return out
}

// says reports whether a header is the name or label of a field. Of the standard
// fields only names such as "phone.work" count, and labels a person chose: whether
// "Title" is the title or the prefix is for the words and values to tell.
func (s *sheet) says(header string, f contact.Field) bool {
	i := slices.IndexFunc(s.tables.fields, func(std contact.Field) bool { return std.Name == f.Name })
	if i >= 0 && strings.Contains(f.Name, ".") && strings.EqualFold(strings.TrimSpace(header), f.Name) {
		return true
	}
	name := squash(header)
	if name == "" || i >= 0 && f.Label == s.tables.fields[i].Label {
		return false
	}
	return name == squash(f.Label) || i < 0 && name == squash(f.Name)
}

// weigh lets the values of a column speak for or against what its header says.
func (s *sheet) weigh(column int, field string, score float64) candidate {
	c := candidate{column, field, score, WhyHeader}
	if len(s.columns[column].Samples) == 0 {
		return c
	}
	factor, support := s.evidence[column].agrees(s.fields[field])
	if name := squash(s.columns[column].Name); s.fields[field].Kind != contact.Text && (name == squash(field) || name == squash(s.fields[field].Label)) {
		factor = max(factor, 0.7) // a header that is the field's own name is right even where its values are bad
	}
	c.score *= factor
	if support >= 0.5 && score > 0 {
		c.score += (1 - min(c.score, 1)) * 0.5 * support
		c.why = WhyBoth
	}
	return c
}

// strange reports whether the headers are mostly unknown.
func (s *sheet) strange() bool {
	known := 0
	for _, r := range s.readings {
		for _, score := range r.fields {
			if score >= enough {
				known++
				break
			}
		}
	}
	return known*10 < len(s.columns)*3
}

// choose takes the best pairs first, each column and each field once.
func (s *sheet) choose(candidates []candidate) map[int]candidate {
	slices.SortFunc(candidates, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.column, b.column),
			cmp.Compare(s.order[a.field], s.order[b.field]), cmp.Compare(a.field, b.field))
	})
	chosen, taken := map[int]candidate{}, map[string]bool{}
	for _, c := range candidates {
		_, has := chosen[c.column]
		if c.score < enough || has || taken[s.fields[c.field].Name] {
			continue
		}
		chosen[c.column] = c
		taken[s.fields[c.field].Name] = true
	}
	return chosen
}

// completeName settles the column called only "name": beside a first name it is
// the last name ("Name, Vorname"), beside a last name the first ("Nombre,
// Apellidos"), unless its values are plainly both.
func (s *sheet) completeName(chosen map[int]candidate) map[int]candidate {
	at := map[string]int{}
	for i, c := range chosen {
		at[c.field] = i
	}
	i, has := at["name"]
	if !has || !s.readings[i].bare || s.evidence[i]["phrase"] > 0.8 {
		return s.lastNameByPlace(chosen, at)
	}
	for _, pair := range [...][2]string{{"last_name", "first_name"}, {"first_name", "last_name"}} {
		half, other := pair[0], pair[1]
		_, hasOther := at[other]
		j, hasHalf := at[half]
		if !hasOther || hasHalf && chosen[j].score >= s.readings[i].fields[half] {
			continue
		}
		if hasHalf {
			delete(chosen, j) // "Nom acheteur" gives way to "Nom du participant"
		}
		c := chosen[i]
		c.field = half
		chosen[i] = c
		break
	}
	return chosen
}

// lastNameByPlace finds the last name of a source without useful headers: the
// column of names that stands beside the first names.
func (s *sheet) lastNameByPlace(chosen map[int]candidate, at map[string]int) map[int]candidate {
	i, first := at["first_name"]
	_, last := at["last_name"]
	if !first || last || chosen[i].why != WhyValues {
		return chosen
	}
	for _, j := range [...]int{i + 1, i - 1} {
		if j < 0 || j >= len(s.columns) {
			continue
		}
		_, has := chosen[j]
		if !has && s.readings[j].silent && s.evidence[j]["name-like"] >= 0.8 {
			chosen[j] = candidate{j, "last_name", 0.55, WhyValues}
			return chosen
		}
	}
	return chosen
}

// newField names a field for a column nobody knows and guesses its kind.
func (s *sheet) newField(i int, taken map[string]bool) contact.Field {
	f := contact.Field{Name: snake(s.columns[i].Name), Label: s.columns[i].Name, Kind: s.evidence[i].kind()}
	if f.Name == "" {
		f.Name = "column_" + strconv.Itoa(i+1)
	}
	known := s.fields[s.readings[i].concept]
	if len(s.columns[i].Samples) == 0 && s.readings[i].fields[known.Name] >= enough {
		f.Kind = known.Kind
	}
	base := f.Name
	for n := 2; taken[f.Name]; n++ {
		f.Name = base + "_" + strconv.Itoa(n)
	}
	taken[f.Name] = true
	return f
}
