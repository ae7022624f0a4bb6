package plan

// Forgotten are people who were erased on request, by the hashes of their match
// keys (requirements 3.14). The zero value is nobody.
type Forgotten struct {
	keys   map[forgottenKey]bool
	phones map[uint64]bool // of people who had neither identifier nor e-mail
}

type forgottenKey struct {
	rule Rule
	hash uint64
}

// Add adds a person by the hashes of all their keys.
func (f *Forgotten) Add(keys map[Rule][]uint64) {
	if f.keys == nil {
		f.keys, f.phones = map[forgottenKey]bool{}, map[uint64]bool{}
	}
	for rule, hashes := range keys {
		for _, h := range hashes {
			f.keys[forgottenKey{rule, h}] = true
			if rule == ByPhone && len(keys[ByKey])+len(keys[ByEmail]) == 0 {
				f.phones[h] = true
			}
		}
	}
}

// Nobody reports whether there is nobody to look for.
func (f *Forgotten) Nobody() bool { return len(f.keys) == 0 }

// Has reports whether a record is one of them:
//
//	the record has                      it is
//	a forgotten identifier or e-mail    one of them
//	a forgotten telephone and no        one of them
//	  other identifier or e-mail
//	a forgotten telephone and another   somebody who shares the telephone, unless
//	  identifier or e-mail                the telephone was all that was known
func (f *Forgotten) Has(keys func(Rule) []uint64) bool {
	if f.Nobody() {
		return false
	}
	better := 0
	for _, rule := range []Rule{ByKey, ByEmail} {
		for _, h := range keys(rule) {
			if f.keys[forgottenKey{rule, h}] {
				return true
			}
			better++
		}
	}
	for _, h := range keys(ByPhone) {
		if f.phones[h] || better == 0 && f.keys[forgottenKey{ByPhone, h}] {
			return true
		}
	}
	return false
}
