package run

import (
	"context"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// Forgotten are the people who were erased on request and are kept from coming
// back (I18).
func Forgotten(ctx context.Context, journal interface {
	Suppressions(ctx context.Context) ([]store.Suppression, error)
}) (f plan.Forgotten, err error) {
	all, err := journal.Suppressions(ctx)
	for _, s := range all {
		keys := map[plan.Rule][]uint64{}
		for _, k := range s.Keys {
			rule := ruleOf(uint8(k.Rule))
			keys[rule] = append(keys[rule], k.Hash)
		}
		f.Add(keys)
	}
	return f, err
}

// Hashes returns a function that hashes all keys a record has for a rule, those
// of its second e-mails and telephones as well.
func Hashes(schema contact.Schema, region string, secret plan.Secret) func(values []string) func(plan.Rule) []uint64 {
	ring := plan.NewKeyring(schema, region, true)
	return func(values []string) func(plan.Rule) []uint64 {
		return func(rule plan.Rule) (hashes []uint64) {
			for _, key := range ring.Keys(rule, values, nil) {
				hashes = append(hashes, secret.Hash(key))
			}
			return hashes
		}
	}
}
