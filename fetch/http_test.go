package fetch_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/egress"
	"github.com/kith-sync/kith/fetch"
	"github.com/kith-sync/kith/internal/peer"
)

func httpAt(t *testing.T, s fetch.HTTPSettings, pem []byte) fetch.Place {
	t.Helper()
	p, err := fetch.HTTP(s, guard(t).Client(egress.Options{Roots: roots(t, pem)}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

func brought(t *testing.T, p fetch.Place, file string, had fetch.Entry, l fetch.Limits) (string, fetch.Copied, error) {
	t.Helper()
	var got bytes.Buffer
	c, err := fetch.Copy(t.Context(), p, file, had, l, &got)
	return got.String(), c, err
}

// On a real caddy.
func TestCaddy(t *testing.T) {
	cert, key, text := peer.Certificate(t)
	folder := t.TempDir()
	const people = "email\nada@example.com\n"
	lay(t, folder, "out/people.csv", people, 1)
	lay(t, folder, "private/people.csv", people, 1)
	base := peer.Caddy(t, folder, cert, key)
	open := httpAt(t, fetch.HTTPSettings{URL: base}, text)

	got, first, err := brought(t, open, "/out/people.csv", fetch.Entry{}, fetch.Limits{})
	if err != nil || got != people || first.Hash != fmt.Sprintf("%x", sha256.Sum256([]byte(people))) {
		t.Fatalf("got %q, %v; want the file", got, err)
	}
	if first.Tag == "" || first.Modified.IsZero() || first.Size != int64(len(people)) {
		t.Fatalf("got %+v; want a tag, a time and a size", first.Entry)
	}
	t.Run("what has not changed is not brought again, by its tag", func(t *testing.T) {
		got, _, err := brought(t, open, "/out/people.csv", fetch.Entry{Tag: first.Tag}, fetch.Limits{})
		want(t, err, fetch.Unchanged)
		if got != "" {
			t.Errorf("got %q, want nothing", got)
		}
	})
	t.Run("what has not changed is not brought again, by its time", func(t *testing.T) {
		_, _, err := brought(t, open, "/out/people.csv", fetch.Entry{Modified: first.Modified}, fetch.Limits{})
		want(t, err, fetch.Unchanged)
	})
	t.Run("a look tells what a download would", func(t *testing.T) {
		e, err := open.Stat(t.Context(), "/out/people.csv")
		if err != nil || e.Stamp() != first.Stamp() || e.Stamp() == "" {
			t.Errorf("got %q, %v; want %q", e.Stamp(), err, first.Stamp())
		}
	})
	t.Run("what has changed is brought", func(t *testing.T) {
		lay(t, folder, "out/people.csv", people+"bo@example.com\n", 0)
		got, c, err := brought(t, open, "/out/people.csv", first.Entry, fetch.Limits{})
		if err != nil || got != people+"bo@example.com\n" || c.Tag == first.Tag {
			t.Errorf("got %q, tag %s, %v", got, c.Tag, err)
		}
	})
	for _, c := range []struct {
		name string
		s    fetch.HTTPSettings
		path string
		code string
	}{
		{"a path below the address", fetch.HTTPSettings{URL: base + "/out"}, "people.csv", ""},
		{"the user", fetch.HTTPSettings{URL: base, User: "ada", Secret: "s3cret"}, "/private/people.csv", ""},
		{"a wrong password", fetch.HTTPSettings{URL: base, User: "ada", Secret: "wrong"}, "/private/people.csv", fetch.CodeDenied},
		{"nobody", fetch.HTTPSettings{URL: base}, "/private/people.csv", fetch.CodeDenied},
		{"no file", fetch.HTTPSettings{URL: base}, "/out/nobody.csv", fetch.CodeMissing},
		{"another server", fetch.HTTPSettings{URL: base}, "//example.org/people.csv", fetch.CodeMissing},
		{"a whole address as the secret", fetch.HTTPSettings{URL: base, Whole: base + "/out/people.csv?X-Amz-Signature=1f0c"}, "people.csv", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := brought(t, httpAt(t, c.s, text), c.path, fetch.Entry{}, fetch.Limits{})
			if c.code == "" && err != nil {
				t.Error(err)
			} else if c.code != "" {
				want(t, err, c.code)
			}
		})
	}
	t.Run("a certificate nobody vouches for", func(t *testing.T) {
		_, _, err := brought(t, httpAt(t, fetch.HTTPSettings{URL: base}, nil), "/out/people.csv", fetch.Entry{}, fetch.Limits{})
		want(t, err, fetch.CodeDenied)
	})
	t.Run("a list", func(t *testing.T) {
		_, err := open.List(t.Context(), "/out", "*.csv")
		want(t, err, fetch.CodeNoListing)
	})
}

// Signed addresses are good for one method, and many a script knows GET only.
func TestAServerThatRefusesHEAD(t *testing.T) {
	for _, status := range []int{403, 404, 405, 501} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			people, gone := "email\nada@example.com\n", false
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.Method == http.MethodHead:
					w.WriteHeader(status)
				case gone:
					w.WriteHeader(http.StatusForbidden)
				default:
					w.Header().Set("ETag", fmt.Sprintf(`"%d"`, len(people)))
					fmt.Fprint(w, people)
				}
			}))
			defer server.Close()
			p := httpAt(t, fetch.HTTPSettings{URL: server.URL}, nil)
			_, first, err := brought(t, p, "/people.csv", fetch.Entry{}, fetch.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if e, err := p.Stat(t.Context(), "/people.csv"); err != nil || !e.Same(first.Entry) || e.Tag == "" {
				t.Errorf("a look at the same file: got %+v, %v; want %+v", e, err, first.Entry)
			}
			people += "bo@example.com\n"
			if e, err := p.Stat(t.Context(), "/people.csv"); err != nil || e.Same(first.Entry) {
				t.Errorf("a look at another file: got %+v, %v; want it to differ", e, err)
			}
			gone = true
			_, err = p.Stat(t.Context(), "/people.csv")
			want(t, err, fetch.CodeDenied)
		})
	}
}

func packed(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	fmt.Fprint(w, text)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// What goes wrong between here and a server (reliability.md 4): each is a failure
// with its own words, and none is fewer rows.
func TestAServerThatMisbehaves(t *testing.T) {
	people := "email\n" + strings.Repeat("ada@example.com\n", 1000)
	small := packed(t, people)
	hijack := func(w http.ResponseWriter, text string) {
		conn, buffered, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = buffered.WriteString(text)
		_ = buffered.Flush()
		_ = conn.Close()
	}
	for _, c := range []struct {
		name  string
		file  string
		serve func(w http.ResponseWriter, r *http.Request)
		code  string
	}{
		{"it breaks off in the middle", "/people.csv", func(w http.ResponseWriter, _ *http.Request) {
			hijack(w, "HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\nemail\nada@ex")
		}, fetch.CodeCut},
		{"it breaks off between two pieces", "/people.csv", func(w http.ResponseWriter, _ *http.Request) {
			hijack(w, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nemail\n\r\n")
		}, fetch.CodeCut},
		{"it says nothing about the length and closes", "/people.csv", func(w http.ResponseWriter, _ *http.Request) {
			hijack(w, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nemail\nada@ex")
		}, fetch.CodeCut},
		{"it closes before it answers", "/people.csv", func(w http.ResponseWriter, _ *http.Request) { hijack(w, "") }, fetch.CodeUnreachable},
		{"it stops in the middle", "/people.csv", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "9000")
			fmt.Fprint(w, "email\n")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, fetch.CodeUnreachable},
		{"a login page by its type", "/people.csv", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, "<p>Sign in</p>")
		}, fetch.CodeWrongContent},
		{"a login page that calls itself CSV", "/people.csv", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/csv")
			fmt.Fprint(w, "\ufeff \n<!DOCTYPE HTML><title>Sign in</title>")
		}, fetch.CodeWrongContent},
		{"a redirect to a login page", "/people.csv", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/login" {
				w.Header().Set("Content-Type", "text/html")
				fmt.Fprint(w, "<html>")
				return
			}
			http.Redirect(w, r, "/login", http.StatusFound)
		}, fetch.CodeWrongContent},
		{"it redirects for ever", "/people.csv", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path, http.StatusFound)
		}, fetch.CodeDenied},
		{"it is busy", "/people.csv", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, fetch.CodeUnreachable},
		{"it has something else", "/people.csv", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, fetch.CodeWrongContent},
		{"half the file, unasked", "/people.csv", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(206)
			fmt.Fprint(w, "email\n")
		}, fetch.CodeWrongContent},
		{"a packed file", "/people.csv.gz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, small) }, ""},
		{"packed for the way", "/people.csv", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			fmt.Fprint(w, small)
		}, ""},
		{"a packed file that was cut", "/people.csv.gz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, small[:len(small)-9]) }, fetch.CodeCut},
		{"packed for the way, and cut", "/people.csv", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			fmt.Fprint(w, small[:40])
		}, fetch.CodeCut},
		{"a packed file with something behind it", "/people.csv.gz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, small+"garbage") }, fetch.CodeCut},
		{"packed as nobody asked", "/people.csv", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "br")
			fmt.Fprint(w, "x")
		}, fetch.CodeWrongContent},
		{"a packed file that swells", "/people.csv.gz", func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, packed(t, strings.Repeat("0", 40<<20)))
		}, fetch.CodeTooLarge},
		{"more than the limit, with its length", "/people.csv", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "99999999")
			fmt.Fprint(w, "x")
		}, fetch.CodeTooLarge},
		{"more than the limit, without its length", "/people.csv", func(w http.ResponseWriter, _ *http.Request) {
			for range 100 {
				fmt.Fprint(w, strings.Repeat("x", 1<<20))
			}
		}, fetch.CodeTooLarge},
		{"a file without a word about its type", "/people.csv", func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = nil
			fmt.Fprint(w, people)
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(c.serve))
			defer server.Close()
			p := httpAt(t, fetch.HTTPSettings{URL: server.URL, IdleTime: 2 * time.Second}, nil)
			got, _, err := brought(t, p, c.file, fetch.Entry{}, fetch.Limits{Size: 50 << 20, Unpack: true})
			if c.code != "" {
				want(t, err, c.code)
			} else if err != nil || got != people {
				t.Errorf("got %d bytes, %v; want the %d of the file", len(got), err, len(people))
			}
		})
	}
	t.Run("a packed file that nobody wants unpacked", func(t *testing.T) {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, small) }))
		defer server.Close()
		_, _, err := brought(t, httpAt(t, fetch.HTTPSettings{URL: server.URL}, nil), "/people.csv.gz", fetch.Entry{}, fetch.Limits{})
		want(t, err, fetch.CodeWrongContent)
	})
	t.Run("being told to stop", func(t *testing.T) {
		began := make(chan struct{})
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			close(began)
			<-r.Context().Done()
		}))
		defer server.Close()
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-began; cancel() }()
		_, err := fetch.Copy(ctx, httpAt(t, fetch.HTTPSettings{URL: server.URL}, nil), "/people.csv", fetch.Entry{}, fetch.Limits{}, &bytes.Buffer{})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want that it was told to stop", err)
		}
	})
}

// Neither the password nor the token reaches another server, and no error repeats
// a link that is a secret.
func TestSecretsStayAtHome(t *testing.T) {
	var header http.Header
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header = r.Header
		fmt.Fprint(w, "email\n")
	}))
	defer other.Close()
	home := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL, http.StatusFound)
	}))
	defer home.Close()
	for _, s := range []fetch.HTTPSettings{{User: "ada", Secret: "s3cret"}, {Secret: "token"}} {
		s.URL = home.URL
		if _, _, err := brought(t, httpAt(t, s, nil), "/people.csv", fetch.Entry{}, fetch.Limits{}); err != nil {
			t.Fatal(err)
		}
		if got := header.Get("Authorization"); got != "" {
			t.Errorf("another host was told %q, want nothing", got)
		}
	}
	home.Close()
	_, _, err := brought(t, httpAt(t, fetch.HTTPSettings{URL: home.URL, Whole: home.URL + "/people.csv?X-Amz-Signature=1f0c"}, nil), "people.csv", fetch.Entry{}, fetch.Limits{})
	if err == nil || strings.Contains(err.Error(), "1f0c") {
		t.Errorf("got %v, want an error without the signature", err)
	}
}

func TestFromHTTPSToHTTPIsRefused(t *testing.T) {
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "email\n") }))
	defer plain.Close()
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, plain.URL, http.StatusFound) }))
	defer secure.Close()
	pem := pemOf(secure.Certificate().Raw)
	_, _, err := brought(t, httpAt(t, fetch.HTTPSettings{URL: secure.URL}, pem), "/people.csv", fetch.Entry{}, fetch.Limits{})
	want(t, err, fetch.CodeDenied)
}

func pemOf(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
