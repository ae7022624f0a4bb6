package account

// TakeAllTurns leaves no turn to hash a password, until it is given back.
func TakeAllTurns(g *Gate) (release func()) {
	for range cap(g.hashing) {
		g.hashing <- struct{}{}
	}
	return func() {
		for range cap(g.hashing) {
			<-g.hashing
		}
	}
}
