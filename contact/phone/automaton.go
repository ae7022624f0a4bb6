package phone

import (
	"errors"
	"regexp/syntax"
	"slices"
)

// An automaton runs patterns over digits. State 0 is the dead end, state 1 the
// start. There are two sorts: one tells which of several patterns match all the
// digits, one finds the beginning that a single pattern matches.
//
// Bit 2i of a mask says that pattern i matches; bit 2i+1 says that it matches
// through its last capturing group, which is what the library's rules for
// rewriting a national number ask about.
type automaton struct {
	next   [][10]uint16 // by state and digit
	accept []uint32     // the patterns that match the digits so far
	atEnd  []uint32     // the same if no digit follows: patterns may end in $
}

const start = 1

var errPattern = errors.New("pattern beyond digits and $")

// compile builds the automaton that tells which patterns match, by subset
// construction over the programs that Go's own regexp runs.
func compile(patterns ...string) (*automaton, error) {
	return (&builder{}).build(patterns)
}

// compilePrefix builds the automaton that finds the same beginning as Go's
// regexp: the places of a state keep the order in which regexp prefers them,
// and a match ends those it is preferred to.
func compilePrefix(pattern string) (*automaton, error) {
	return (&builder{ordered: true}).build([]string{pattern})
}

func (b *builder) build(patterns []string) (*automaton, error) {
	b.states = map[string]uint16{}
	var first []thread
	for i, p := range patterns {
		re, err := syntax.Parse(p, syntax.Perl)
		if err != nil {
			return nil, err
		}
		prog, err := syntax.Compile(re.Simplify())
		if err != nil {
			return nil, err
		}
		b.progs = append(b.progs, prog)
		b.group = append(b.group, uint32(2*re.MaxCap()))
		first = append(first, thread{prog: uint16(i), pc: uint16(prog.Start)})
	}
	b.state(nil)
	b.state(first)
	for s := 0; s < len(b.threads); s++ { // grows while it runs
		for digit := range 10 {
			b.next[s][digit] = b.state(b.step(b.threads[s], rune('0'+digit)))
		}
	}
	made := b.automaton // without what it was made from
	return &made, b.err
}

// A thread is one place in one pattern, and whether the way there led through
// the pattern's last group.
type thread struct {
	prog, pc uint16
	via      bool
}

// A builder makes an automaton; threads[s] is the set of places of state s.
type builder struct {
	automaton
	ordered bool // by preference, for one pattern
	progs   []*syntax.Prog
	group   []uint32 // capture slot of the last group, 0 for none
	threads [][]thread
	states  map[string]uint16
	err     error
}

// state returns the state for a set of places, made when it is new.
func (b *builder) state(from []thread) uint16 {
	set := b.reach(from, false)
	end, key := set, b.key(set)
	if slices.ContainsFunc(set, b.isEnd) {
		end = b.reach(from, true)
		key += "$" + b.key(end)
	}
	if s, known := b.states[key]; known {
		return s
	}
	if len(b.threads) == 1<<16 {
		b.err = errors.New("too many states")
		return 0
	}
	s := uint16(len(b.threads))
	b.states[key] = s
	b.threads = append(b.threads, set)
	b.next = append(b.next, [10]uint16{})
	b.accept = append(b.accept, b.matches(set))
	b.atEnd = append(b.atEnd, b.matches(end))
	return s
}

// reach returns every place that is reached without a digit.
func (b *builder) reach(from []thread, end bool) []thread {
	var set []thread
	for _, t := range from {
		set = b.follow(set, t, end)
	}
	if b.ordered {
		if i := slices.IndexFunc(set, b.isMatch); i >= 0 {
			set = set[:i+1]
		}
	}
	return set
}

// follow adds to set every place that is reached from t without a digit, the
// preferred first. Of two ways to one place the preferred one counts.
func (b *builder) follow(set []thread, t thread, end bool) []thread {
	if slices.ContainsFunc(set, func(u thread) bool { return u.pc == t.pc && u.prog == t.prog }) {
		return set
	}
	set = append(set, t)
	inst := &b.progs[t.prog].Inst[t.pc]
	next := thread{t.prog, uint16(inst.Out), t.via}
	switch inst.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		set = b.follow(set, next, end)
		next.pc = uint16(inst.Arg)
		return b.follow(set, next, end)
	case syntax.InstCapture:
		next.via = t.via || inst.Arg == b.group[t.prog] && inst.Arg > 0
		return b.follow(set, next, end)
	case syntax.InstNop:
		return b.follow(set, next, end)
	case syntax.InstEmptyWidth:
		switch {
		case syntax.EmptyOp(inst.Arg) != syntax.EmptyEndText:
			b.err = errPattern
		case end:
			return b.follow(set, next, end)
		}
	}
	return set
}

// step returns the places behind one digit.
func (b *builder) step(set []thread, digit rune) []thread {
	var out []thread
	for _, t := range set {
		inst := &b.progs[t.prog].Inst[t.pc]
		switch inst.Op {
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			if inst.MatchRune(digit) {
				out = append(out, thread{t.prog, uint16(inst.Out), t.via})
			}
		}
	}
	return out
}

func (b *builder) isMatch(t thread) bool {
	return b.progs[t.prog].Inst[t.pc].Op == syntax.InstMatch
}

// isEnd reports a place that waits for the end of the digits.
func (b *builder) isEnd(t thread) bool {
	return b.progs[t.prog].Inst[t.pc].Op == syntax.InstEmptyWidth
}

// matches returns the mask of the patterns that end in set.
func (b *builder) matches(set []thread) uint32 {
	var mask uint32
	for _, t := range set {
		if b.isMatch(t) {
			bit := uint32(1) << (2 * t.prog)
			if t.via {
				bit <<= 1
			}
			mask |= bit
		}
	}
	return mask
}

// key returns a text that is the same for the same set of places, and for
// ordered places the same order.
func (b *builder) key(set []thread) string {
	packed := make([]uint64, len(set))
	for i, t := range set {
		packed[i] = uint64(t.prog)<<17 | uint64(t.pc)<<1
		if t.via {
			packed[i] |= 1
		}
	}
	if !b.ordered {
		slices.Sort(packed)
	}
	key := make([]byte, 0, 5*len(packed))
	for _, p := range packed {
		key = append(key, byte(p>>32), byte(p>>24), byte(p>>16), byte(p>>8), byte(p))
	}
	return string(key)
}

// run returns the state behind digits, which are values 0 to 9.
func (a *automaton) run(digits []byte) uint16 {
	s := uint16(start)
	for _, d := range digits {
		if s = a.next[s][d]; s == 0 {
			return 0
		}
	}
	return s
}

// A prefix is how a pattern matches the beginning of a number.
type prefix struct {
	found  bool
	length int  // of the match
	via    bool // it leads through the last group
}

// prefix finds the beginning of digits that the pattern matches.
func (a *automaton) prefix(digits []byte) prefix {
	var p prefix
	s := uint16(start)
	for i := 0; ; i++ {
		mask := a.accept[s]
		if i == len(digits) {
			mask = a.atEnd[s]
		}
		if mask != 0 {
			p = prefix{found: true, length: i, via: mask&2 != 0}
		}
		if i == len(digits) {
			return p
		}
		if s = a.next[s][digits[i]]; s == 0 {
			return p
		}
	}
}
