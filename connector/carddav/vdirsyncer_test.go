package carddav_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/carddav"
)

// A mirror is the copy of a book that vdirsyncer, a CardDAV client that shares
// no code with us, keeps in step: one file per card.
type mirror struct {
	program, config, folder, home string
}

func newMirror(t *testing.T, p *peer, book string) *mirror {
	t.Helper()
	home := t.TempDir()
	m := &mirror{program: needPeer(t, "vdirsyncer"), home: home, config: filepath.Join(home, "config"), folder: filepath.Join(home, "cards")}
	credentials := ""
	if p.user != "" {
		credentials = fmt.Sprintf("username = %q\npassword = %q\n", p.user, p.password)
	}
	// vdirsyncer asks a person what to do with a card that both sides changed.
	// This one knows that the note is from the files and the rest from the server.
	merge := filepath.Join(home, "merge")
	write(t, merge, `#!/bin/sh
note=$(grep '^NOTE:' "$1" | tr -d '\r')
sed "s/^NOTE:.*/$note/" "$2" >"$2.new" && cp "$2.new" "$2" && cp "$2.new" "$1" && rm "$2.new"
`)
	if err := os.Chmod(merge, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, m.config, fmt.Sprintf(`[general]
status_path = %q
[pair book]
a = "files"
b = "server"
collections = [["book", %q, %q]]
conflict_resolution = ["command", %q]
[storage files]
type = "filesystem"
path = %q
fileext = ".vcf"
[storage server]
type = "carddav"
url = %q
%s`, filepath.Join(home, "status"), filepath.Base(m.folder), filepath.Base(strings.TrimSuffix(book, "/")), merge, home, p.url, credentials))
	if err := os.Mkdir(m.folder, 0o700); err != nil {
		t.Fatal(err)
	}
	m.run(t, "discover", "book")
	return m
}

func (m *mirror) run(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), m.program, append([]string{"-c", m.config}, args...)...)
	cmd.Stdin = strings.NewReader(strings.Repeat("y\n", 10))
	cmd.Env = append(os.Environ(), "HOME="+m.home, "LC_ALL=C.UTF-8", "LANG=C.UTF-8")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("vdirsyncer %v: %v\n%s", args, err, out)
	}
}

// edit changes the only card of the mirror as a text editor does.
func (m *mirror) edit(t *testing.T, change func(card string) string) {
	t.Helper()
	file := m.file(t)
	write(t, file, change(m.card(t)))
}

func (m *mirror) file(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(m.folder, "*.vcf"))
	if err != nil || len(files) != 1 {
		t.Fatalf("the mirror: got %v, %v; want one card", files, err)
	}
	return files[0]
}

func (m *mirror) card(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(m.file(t))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// unknown are properties that no field of ours is read from.
var unknown = []string{"X-MOOD:curious", "X-ABLABEL:Boat", "PHOTO;ENCODING=B;TYPE=JPEG:" + strings.Repeat("QUJD", 60), "KEY;TYPE=PGP:https://example.com/key", "X-SPOUSE:William", "IMPP:xmpp:ada@example.com"}

// Two programs change different fields of one card on a real server: nothing of
// either is lost, and what only one of them knows stays.
func TestVdirsyncerAndWeChangeOneCard(t *testing.T) {
	for name, start := range map[string]func(*testing.T) *peer{"Radicale": startRadicale, "Xandikos": startXandikos} {
		t.Run(name, func(t *testing.T) {
			needPeer(t, "vdirsyncer")
			p := start(t)
			url := p.book(t)
			m := newMirror(t, p, url)
			write(t, filepath.Join(m.folder, "ada.vcf"), "BEGIN:VCARD\nVERSION:3.0\nUID:ada\nFN:Ada Byron\nN:Byron;Ada;;;\nEMAIL;TYPE=HOME:ada@example.com\nboat.TEL;TYPE=CELL:+44 7700 900123\nboat."+strings.Join(unknown[1:2], "")+"\n"+
				strings.Join(append(unknown[:1:1], unknown[2:]...), "\n")+"\nNOTE:first\nEND:VCARD\n")
			m.run(t, "sync")
			b, err := carddav.Open(t.Context(), p.settings(url), p.client)
			if err != nil {
				t.Fatal(err)
			}
			for round := range 3 {
				ours, theirs := fmt.Sprintf("ours%d@example.com", round), fmt.Sprintf("theirs %d", round)
				page := listing(t, b)
				if len(page) != 1 {
					t.Fatalf("got %d cards, want 1", len(page))
				}
				late := page[0]
				m.edit(t, func(card string) string { return replaceLine(card, "NOTE", "NOTE:"+theirs) })
				if round%2 == 0 { // they are first, and what we have seen is overtaken; else both have changed it
					m.run(t, "sync")
					w := connector.Write{Op: connector.OpUpdate, ID: late.ID, Version: late.Version, Set: map[string]string{"email": ours}}
					if o := b.Write(t.Context(), []connector.Write{w})[0]; o.Fault == nil || o.Fault.Kind != connector.Overtaken {
						t.Fatalf("round %d: got %v, want it overtaken", round, o.Fault)
					}
				}
				now := listing(t, b)[0]
				w := connector.Write{Op: connector.OpUpdate, ID: now.ID, Version: now.Version, Set: map[string]string{"email": ours, "city": "Ockham " + ours}}
				if o := b.Write(t.Context(), []connector.Write{w})[0]; o.Fault != nil {
					t.Fatalf("round %d: %v", round, o.Fault)
				}
				m.run(t, "sync")
				m.holds(t, ours, "Ockham "+ours, theirs)
				for _, item := range listing(t, b) {
					if got := item.Value(noteAt(t, b)); got != theirs {
						t.Errorf("round %d: our note: got %q, want %q", round, got, theirs)
					}
				}
			}
		})
	}
}

// holds fails when the mirror's card lacks a value or an unknown property.
func (m *mirror) holds(t *testing.T, values ...string) {
	t.Helper()
	card := unfold(m.card(t))
	for _, want := range append(values, unknown...) {
		if !strings.Contains(strings.ToUpper(card), strings.ToUpper(want)) {
			t.Errorf("the card lacks %q:\n%s", want, card)
		}
	}
}

func noteAt(t *testing.T, b *carddav.Book) int {
	t.Helper()
	schema, err := b.Schema(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return schema.Index("note")
}

func unfold(card string) string {
	return strings.ReplaceAll(strings.ReplaceAll(card, "\r\n", "\n"), "\n ", "")
}

// replaceLine changes one property that is not folded.
func replaceLine(card, name, with string) string {
	lines := strings.Split(card, "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, name+":") {
			lines[i] = with
			if strings.HasSuffix(l, "\r") {
				lines[i] += "\r"
			}
		}
	}
	return strings.Join(lines, "\n")
}

func listing(t *testing.T, b *carddav.Book) (items []connector.Item) {
	t.Helper()
	for page, err := range b.Changes(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, page.Items...)
	}
	return items
}
