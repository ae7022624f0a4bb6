package account_test

import (
	"strings"
	"testing"

	"github.com/alexedwards/argon2id"

	"github.com/kith-sync/kith/account"
)

func TestPasswords(t *testing.T) {
	for _, row := range []struct {
		sentence, password string
		taken              bool
	}{
		{"a few words are taken", good, true},
		{"words without signs between them are taken", "purpleguitarsnowmanticket", true},
		{"letters of any script are taken", "зелёный трактор поёт", true},
		{"twelve signs drawn at random are taken", "k8#Xq-2vTz!m", true},
		{"twelve digits drawn at random are taken", "839264017592", true},
		{"a long sentence is taken", strings.Repeat("the moon is not made of cheese ", 20), true},
		{"eleven characters are too short", "k8#Xq-2vTz!", false},
		{"letters count, not bytes", "трактор поё", false},
		{"more than a kilobyte is too long", strings.Repeat("violet tractor ", 100), false},
		{"what is no text", "violet tractor \xff\xfe", false},
		{"a common word with the usual digits", "Password1234!", false},
		{"a common word, spelled as everybody does", "P@$$w0rd2026!", false},
		{"the same word twice", "passwordpassword", false},
		{"a common word and a season", "welcomesummer2026", false},
		{"a famous passphrase", "correct horse battery staple", false},
		{"a row of keys", "qwertyuiop[]", false},
		{"a row of keys, down and up", "1qaz2wsx3edc4rfv", false},
		{"counting", "123456789012", false},
		{"counting down", "098765432109", false},
		{"one letter", "aaaaaaaaaaaaaa", false},
		{"three letters", "abababacacacab", false},
		{"the own name", "Lovelace1815!!!", false},
		{"the own e-mail", "ada.lovelace@example.com", false},
		{"the product", "kith-sync-2026", false},
	} {
		err := account.CheckPassword(row.password, "ada.lovelace@example.com", "Ada Lovelace")
		if (err == nil) != row.taken {
			t.Errorf("%s: %q: got %v, want taken %v", row.sentence, row.password, err, row.taken)
		}
		if err != nil && strings.Contains(err.Error(), row.password) {
			t.Errorf("%s: the refusal repeats the password: %v", row.sentence, err)
		}
	}
}

// The cost is at least that of the OWASP sheet: 19 MiB, two passes, one lane.
func TestPasswordCost(t *testing.T) {
	w := open(t)
	w.Gate = must(account.New(w.Options))(t) // one that is not in a hurry
	u := w.add("ada@example.com", account.Owner)
	params, salt, key, err := argon2id.DecodeHash(must(w.Store.Accounts().User(ctx, u.ID))(t).Password)
	noError(t, err)
	if params.Memory < 19*1024 || params.Iterations < 2 || params.Parallelism != 1 || len(salt) < 16 || len(key) < 32 {
		t.Errorf("got %+v with %d bytes of salt and %d of key", params, len(salt), len(key))
	}
}
