package account

import "github.com/alexedwards/argon2id"

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

// Hurry makes passwords cheap, for tests that are about something else.
func Hurry(g *Gate) {
	g.cost = &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}
}

// SpoilDummy makes a comparison with the password of nobody fail.
func SpoilDummy(g *Gate) { g.dummy = "no hash" }
