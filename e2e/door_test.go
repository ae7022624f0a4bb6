//go:build e2e

package e2e

import "testing"

// The pages of the door say what is wrong, and are as accessible as the others.
func TestTheDoor(t *testing.T) {
	w, b := owned(t)
	b.press("Sign out").at("Sign in").sees("You are signed out").fine()
	b.fill("E-mail", owner).fill("Password", "not the password").press("Sign in")
	b.sees("The e-mail or the password is not right").fine()
	if got := b.value("E-mail"); got != owner {
		t.Errorf("after a wrong password the e-mail is %q, want what was typed: %q", got, owner)
	}
	b.open("/runs").at("Sign in").fill("E-mail", owner).fill("Password", password).press("Sign in").at("Runs") // where they were going
	stranger := w.tab()
	stranger.open("/invited?link=none").sees("Join").fine()
}
