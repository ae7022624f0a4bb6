package account

import (
	"context"
	_ "embed" // the list of common words
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
)

// The least and the most a password may have. Long sentences are welcome;
// without an end somebody could keep us hashing (ASVS 6.2.1, 6.2.9).
const (
	shortestPassword = 12
	longestPassword  = 1024 // bytes
)

// A WeakPassword says why a password is not taken.
type WeakPassword struct{ Reason string }

func (w *WeakPassword) Error() string { return w.Reason }

//go:embed common.txt
var commonText string

// CheckPassword returns a *WeakPassword for what is guessed first: short ones,
// common words however they are spelled, written twice or with digits around
// them, rows of keys, and the user's own names (ASVS 6.2.4, 6.2.11). Nothing else
// is asked: no digits, no signs, no change every month (NIST SP 800-63B).
func CheckPassword(password string, own ...string) error {
	switch {
	case !utf8.ValidString(password):
		return &WeakPassword{"The password is not text"}
	case utf8.RuneCountInString(password) < shortestPassword:
		return &WeakPassword{fmt.Sprintf("The password is too short: it needs %d characters. A few words are easy to remember", shortestPassword)}
	case len(password) > longestPassword:
		return &WeakPassword{fmt.Sprintf("The password is too long: %d bytes are the most", longestPassword)}
	case guessable(password, own):
		return &WeakPassword{"This password is one of those that are guessed first. Take a few words that have nothing to do with each other"}
	}
	return nil
}

// guessable reports whether common words, own names and rows are all there is to
// a password, but for fewer than four other letters. Digits and signs count for
// nothing: everybody adds the same ones.
func guessable(password string, own []string) bool {
	low := strings.ToLower(password)
	if distinct(low) < 5 || inRow(low) {
		return true
	}
	words := map[string]int{} // what each counts: the own names nothing
	for word := range strings.Lines(commonText) {
		words[strings.TrimSpace(word)] = 1
	}
	for _, name := range own {
		for _, part := range strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) }) {
			if utf8.RuneCountInString(part) > 2 {
				words[part] = 0
			}
		}
	}
	return commonOnly(onlyLetters(low), words) || commonOnly(onlyLetters(plainLetters.Replace(low)), words)
}

// plainLetters undoes the spelling of p4$$w0rd.
var plainLetters = strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "8", "b", "@", "a", "$", "s", "!", "i")

func onlyLetters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return r
		}
		return -1
	}, s)
}

// mostWords is how many common words may make up a password that is still
// refused. Three different ones are a passphrase; the same one again is not more.
const mostWords = 2

// commonOnly reports whether one or two common words, and at most three other
// letters, are all there is.
func commonOnly(letters string, words map[string]int) bool {
	seen := map[string]bool{}
	other, different := 0, 0
	for rest := letters; rest != ""; {
		word := longestWord(rest, words)
		if word == "" {
			_, n := utf8.DecodeRuneInString(rest)
			rest = rest[n:]
			other++
			continue
		}
		if !seen[word] {
			seen[word] = true
			different += words[word]
		}
		rest = rest[len(word):]
	}
	return other <= 3 && len(seen) > 0 && different <= mostWords
}

func longestWord(s string, words map[string]int) string {
	for n := len(s); n > 2; n-- {
		if _, known := words[s[:n]]; known {
			return s[:n]
		}
	}
	return ""
}

func distinct(s string) int {
	seen := map[rune]bool{}
	for _, r := range s {
		seen[r] = true
	}
	return len(seen)
}

// inRow reports whether most signs follow the one before in the alphabet, in
// counting or on a keyboard, up or down: 123456789012, lkjhgfdsaqwe.
func inRow(s string) bool {
	const rows = "abcdefghijklmnopqrstuvwxyz 01234567890 qwertyuiop asdfghjkl zxcvbnm 1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/"
	signs := []rune(s)
	follow := 0
	for i := 1; i < len(signs); i++ {
		up, down := string(signs[i-1])+string(signs[i]), string(signs[i])+string(signs[i-1])
		if strings.Contains(rows, up) || strings.Contains(rows, down) {
			follow++
		}
	}
	return follow*4 >= (len(signs)-1)*3
}

// passwordCost is the least that OWASP's sheet on storing passwords asks for.
func passwordCost() *argon2id.Params {
	return &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}
}

// hash turns a password into what is kept of it.
func (g *Gate) hash(ctx context.Context, password string) (string, error) {
	release, err := g.turn(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	return argon2id.CreateHash(password, g.cost)
}

// matches reports whether a password is the one with that hash. A user without
// a password costs as much time as any other and never matches.
func (g *Gate) matches(ctx context.Context, password, hash string) (bool, error) {
	release, err := g.turn(ctx)
	if err != nil {
		return false, err
	}
	defer release()
	if len(password) > longestPassword {
		password = ""
	}
	if hash == "" {
		_, err := argon2id.ComparePasswordAndHash(password, g.dummy)
		return false, err
	}
	return argon2id.ComparePasswordAndHash(password, hash)
}

// turn waits until there is memory for one more hash.
func (g *Gate) turn(ctx context.Context) (release func(), err error) {
	select {
	case g.hashing <- struct{}{}:
		return func() { <-g.hashing }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
