package listmonk

// Hasty makes listings begin at their cursor, for servers whose clock a test cannot
// put forward.
func (l *List) Hasty() *List {
	l.overlap = 0
	return l
}
