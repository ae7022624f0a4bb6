package peer

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A DAV is a running CardDAV server with one address book.
type DAV struct {
	Addr           string
	Path           string // of the book: /kith/people/
	User, Password string // none where everybody may come in

	folder string // where the server keeps the book's cards
}

// StartRadicale starts Radicale with an empty book.
func StartRadicale(t testing.TB) *DAV {
	t.Helper()
	program := Program(t, "radicale", "radicale")
	addr, _ := FreeAddr(t)
	folder := t.TempDir()
	d := &DAV{Addr: addr, Path: "/kith/people/", User: "kith", Password: "correct horse", folder: filepath.Join(folder, "collection-root/kith/people")}
	users, config := filepath.Join(t.TempDir(), "users"), filepath.Join(t.TempDir(), "config")
	Write(t, users, d.User+":"+d.Password+"\n")
	Write(t, config, fmt.Sprintf("[server]\nhosts = %s\n[auth]\ntype = htpasswd\nhtpasswd_filename = %s\nhtpasswd_encryption = plain\ndelay = 0\n[storage]\nfilesystem_folder = %s\n", addr, users, folder))
	Start(t, addr, program, "--config", config)
	d.makeBook(t)
	return d
}

// StartXandikos starts Xandikos with an empty book.
func StartXandikos(t testing.TB) *DAV {
	t.Helper()
	program := Program(t, "xandikos", "xandikos")
	addr, port := FreeAddr(t)
	folder := t.TempDir()
	d := &DAV{Addr: addr, Path: "/user/contacts/people/", folder: filepath.Join(folder, "user/contacts/people")}
	Start(t, addr, program, "-d", folder, "--defaults", "-l", "127.0.0.1", "-p", port)
	d.makeBook(t)
	return d
}

func (d *DAV) makeBook(t testing.TB) {
	t.Helper()
	d.ask(t, "MKCOL", "", "text/xml", `<?xml version="1.0"?><d:mkcol xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:carddav"><d:set><d:prop>`+
		`<d:resourcetype><d:collection/><c:addressbook/></d:resourcetype><d:displayname>people</d:displayname></d:prop></d:set></d:mkcol>`)
}

// Put writes a card, as somebody does who does not use Kith.
func (d *DAV) Put(t testing.TB, name, card string) {
	t.Helper()
	d.ask(t, http.MethodPut, name, "text/vcard", card)
}

// Remove deletes a card.
func (d *DAV) Remove(t testing.TB, name string) {
	t.Helper()
	d.ask(t, http.MethodDelete, name, "", "")
}

// Cards are all cards by their names, as the server has them on its disk.
func (d *DAV) Cards(t testing.TB) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(d.folder, "*.vcf"))
	if err != nil {
		t.Fatal(err)
	}
	cards := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		cards[filepath.Base(file)] = string(text)
	}
	return cards
}

func (d *DAV) ask(t testing.TB, method, name, kind, body string) {
	t.Helper()
	req, err := http.NewRequest(method, "http://"+d.Addr+d.Path+name, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if d.User != "" {
		req.SetBasicAuth(d.User, d.Password)
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	client := http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	got, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	var said bytes.Buffer
	if _, err := io.Copy(&said, got.Body); err != nil || got.StatusCode >= 300 {
		t.Fatalf("%s %s: got %s %s, %v", method, name, got.Status, said.String(), err)
	}
}
