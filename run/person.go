package run

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// A Person is somebody who is to be forgotten: the contact, who was merged into
// it, its copies in the trash, and how to know what is about them.
type Person struct {
	Book   store.Book
	Refs   []int64     // the contact first; empty where there is none
	Keys   []store.Key // of all their identifiers, e-mails and telephones that nobody else has
	Values [][]string  // of the contact and its copies
	emails []string    // in small letters
	phones []string    // the digits that all ways to write a number share
}

// Records is what PersonOf needs of the store.
type Records interface {
	ContactsByRef(ctx context.Context, b store.Book, refs []int64) iter.Seq2[store.Contact, error]
	TrashedContacts(ctx context.Context, b store.Book) ([]store.Contact, error)
	FindKeys(ctx context.Context, b store.Book, rule int, hashes []uint64) ([]store.KeyHit, error)
	MergedFrom(ctx context.Context, into int64) ([]int64, error)
}

// PersonOf collects all that tells who somebody is: the contact with that handle,
// or nobody's with 0, and the e-mail address that was asked for, if any.
func (e *Engine) PersonOf(ctx context.Context, s Records, b store.Book, ref int64, email string) (Person, error) {
	g := &gathering{engine: e, store: s, norm: contact.NewNormalizer(b.Region), p: Person{Book: b}, seen: map[string]bool{}}
	if ref != 0 {
		if err := g.contact(ctx, ref); err != nil {
			return g.p, err
		}
	}
	if err := g.value(ctx, plan.ByEmail, contact.Email, email); err != nil || ref == 0 {
		return g.p, err
	}
	if err := g.copies(ctx); err != nil {
		return g.p, err
	}
	for _, ref := range g.p.Refs {
		if err := g.history(ctx, ref); err != nil {
			return g.p, err
		}
	}
	return g.p, nil
}

type gathering struct {
	engine *Engine
	store  Records
	norm   *contact.Normalizer
	p      Person
	seen   map[string]bool // values
	gone   []store.Contact
}

// contact takes in a contact, and those that merges have made part of it.
func (g *gathering) contact(ctx context.Context, ref int64) error {
	g.p.Refs = append(g.p.Refs, ref)
	merged, err := g.store.MergedFrom(ctx, ref)
	if err != nil {
		return err
	}
	for _, other := range merged {
		into, _, err := g.engine.MergedInto(ctx, other)
		if err != nil {
			return err
		}
		if into == ref && !slices.Contains(g.p.Refs, other) {
			if err := g.contact(ctx, other); err != nil {
				return err
			}
		}
	}
	return nil
}

// copies takes in the values of the contact and of its copies in the trash, also
// of those that only share an identifier or e-mail with it.
func (g *gathering) copies(ctx context.Context) (err error) {
	for c, err := range g.store.ContactsByRef(ctx, g.p.Book, slices.Sorted(slices.Values(g.p.Refs))) {
		if err != nil {
			return err
		}
		if err := g.values(ctx, slices.Clone(c.Values)); err != nil {
			return err
		}
	}
	if g.gone, err = g.store.TrashedContacts(ctx, g.p.Book); err != nil {
		return err
	}
	for _, c := range g.gone {
		if slices.Contains(g.p.Refs, c.Ref) {
			if err := g.values(ctx, c.Values); err != nil {
				return err
			}
		}
	}
	for _, c := range g.gone {
		if !slices.Contains(g.p.Refs, c.Ref) && g.sameAs(c.Values) {
			g.p.Refs = append(g.p.Refs, c.Ref)
			if err := g.values(ctx, c.Values); err != nil {
				return err
			}
		}
	}
	return nil
}

// sameAs reports whether values have an identifier or e-mail of the person.
func (g *gathering) sameAs(values []string) bool {
	hashes := Hashes(g.p.Book.Schema(), g.p.Book.Region, g.engine.Secret)(values)
	for _, rule := range []plan.Rule{plan.ByKey, plan.ByEmail} {
		for _, h := range hashes(rule) {
			if slices.Contains(g.p.Keys, store.Key{Rule: plan.NumberOf(rule), Hash: h}) {
				return true
			}
		}
	}
	return false
}

func (g *gathering) values(ctx context.Context, values []string) error {
	g.p.Values = append(g.p.Values, values)
	for i, f := range g.p.Book.Fields {
		if i >= len(values) {
			break
		}
		if err := g.field(ctx, f, values[i]); err != nil {
			return err
		}
	}
	return nil
}

// history takes in the identifiers, e-mails and telephones that the contact had
// before: old files know the person by them.
func (g *gathering) history(ctx context.Context, ref int64) error {
	for c, err := range g.engine.Journal.ChangesOf(ctx, ref) {
		if err != nil {
			return err
		}
		for _, f := range c.Fields {
			field, ok := g.p.Book.Schema().Field(f.Name)
			if !ok || c.Remote {
				continue
			}
			for _, value := range []string{f.Old, f.New} {
				if err := g.field(ctx, field, value); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (g *gathering) field(ctx context.Context, f contact.Field, value string) error {
	switch {
	case f.Name == g.p.Book.KeyField:
		return g.value(ctx, plan.ByKey, f.Kind, value)
	case f.Kind == contact.Email:
		return g.value(ctx, plan.ByEmail, f.Kind, value)
	case f.Kind == contact.Phone:
		return g.value(ctx, plan.ByPhone, f.Kind, value)
	}
	return nil
}

// value takes in one key, unless somebody else has it as well: a telephone may be
// a household's, and an address may have passed on.
func (g *gathering) value(ctx context.Context, rule plan.Rule, kind contact.Kind, value string) error {
	key, _ := g.norm.MatchKey(kind, value)
	if key == "" || g.seen[string(rule)+key+"\n"+value] {
		return nil
	}
	g.seen[string(rule)+key+"\n"+value] = true
	hash := g.engine.Secret.Hash(key)
	hits, err := g.store.FindKeys(ctx, g.p.Book, plan.NumberOf(rule), []uint64{hash})
	if err != nil || slices.ContainsFunc(hits, func(h store.KeyHit) bool { return !slices.Contains(g.p.Refs, h.Ref) }) {
		return err
	}
	if k := (store.Key{Rule: plan.NumberOf(rule), Hash: hash}); !slices.Contains(g.p.Keys, k) {
		g.p.Keys = append(g.p.Keys, k)
	}
	switch kind {
	case contact.Email:
		for _, text := range []string{key, strings.ToLower(contact.Trim(value))} {
			if !slices.Contains(g.p.emails, text) {
				g.p.emails = append(g.p.emails, text)
			}
		}
	case contact.Phone:
		g.p.phones = append(g.p.phones, tail(key))
	}
	return nil
}

// tail are the last digits of an E.164 number, without country code and area
// prefix: what every way to write it has in common.
func tail(e164 string) string {
	digits := strings.TrimPrefix(e164, "+")
	return digits[max(0, len(digits)-max(6, min(9, len(digits)-3))):]
}

// Mentions reports whether a text has one of the person's e-mail addresses or
// telephone numbers, however it is written.
func (p *Person) Mentions(text string) bool {
	if text == "" || len(p.emails)+len(p.phones) == 0 {
		return false
	}
	if strings.ContainsRune(text, '@') {
		lower := strings.ToLower(text)
		for _, e := range p.emails {
			if namesEmail(lower, e) {
				return true
			}
		}
	}
	return len(p.phones) > 0 && p.namesPhone(text)
}

// namesEmail looks for a whole address: bob@example.org is not jbob@example.org.
func namesEmail(text, email string) bool {
	for from := 0; ; {
		at := strings.Index(text[from:], email)
		if at < 0 {
			return false
		}
		at += from
		end := at + len(email)
		if (at == 0 || !inAddress(text[at-1])) && (end == len(text) || !inAddress(text[end]) || text[end] == '.' && (end+1 == len(text) || !inAddress(text[end+1]))) {
			return true
		}
		from = at + 1
	}
}

func inAddress(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 0x80 || strings.IndexByte("._%+-", c) >= 0
}

// namesPhone looks at each stretch of digits with the signs that people put
// between them.
func (p *Person) namesPhone(text string) bool {
	var digits []byte
	for i := 0; i <= len(text); i++ {
		switch {
		case i < len(text) && text[i] >= '0' && text[i] <= '9':
			digits = append(digits, text[i])
			continue
		case i < len(text) && (strings.IndexByte(" ()-./+", text[i]) >= 0 || text[i] == 0xc2 || text[i] == 0xa0):
			continue
		}
		for _, number := range p.phones {
			if bytes.Contains(digits, []byte(number)) {
				return true
			}
		}
		digits = digits[:0]
	}
	return false
}

// overlap is how much of a stretch is looked at again with the next: no address
// and no number is longer.
const overlap = 512

// mentionedIn looks for the person in a file of any encoding: addresses and
// digits are ASCII in all of them, but for the zeros that UTF-16 has between.
func (p *Person) mentionedIn(r io.Reader) (bool, error) {
	buffer, kept := make([]byte, 256<<10), 0
	for {
		n, err := io.ReadFull(r, buffer[kept:])
		text := bytes.ReplaceAll(buffer[:kept+n], []byte{0}, nil)
		if p.Mentions(string(text)) {
			return true, nil
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		kept = copy(buffer, text[max(0, len(text)-overlap):])
	}
}

// StageMentions reports whether a file of the stage folder, sealed or not, has
// the person.
func (e *Engine) StageMentions(name string, p *Person) (bool, error) {
	file, err := e.Files.Open(e.stagePath(name))
	if err != nil {
		return false, err
	}
	defer file.Close()
	var in io.Reader = file
	if strings.HasSuffix(name, sealedStage) {
		if in, err = e.Vault.Decrypt(file); err != nil {
			return false, fmt.Errorf("staged source: %w", err)
		}
	}
	return p.mentionedIn(in)
}
