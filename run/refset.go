package run

// A refset is a set of handles. Handles of one book lie close together, so a bit
// each is enough.
type refset map[int64]*[1024]uint64

func (s refset) add(ref int64) {
	page := s[ref>>16]
	if page == nil {
		page = new([1024]uint64)
		s[ref>>16] = page
	}
	page[ref>>6&1023] |= 1 << (ref & 63)
}

func (s refset) has(ref int64) bool {
	page := s[ref>>16]
	return page != nil && page[ref>>6&1023]&(1<<(ref&63)) != 0
}
