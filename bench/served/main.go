// Command served measures the server over a large address book: how long pages and
// API reads take, one after the other and at a sustained rate, and what an import
// of as many rows does to them. It talks to the real handler over loopback, with a
// data folder of its own.
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/bench/people"
	"github.com/kith-sync/kith/job"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/server"
	"github.com/kith-sync/kith/service"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

func main() {
	rows := flag.Int("rows", 1_000_000, "contacts in the book, and rows of the import that goes on meanwhile")
	requests := flag.Int("requests", 200, "of each page, one after the other")
	rate := flag.Int("rate", 50, "API reads a second of the sustained load")
	seconds := flag.Int("seconds", 20, "how long it is sustained")
	work := flag.String("work", os.TempDir(), "folder for the data")
	flag.Parse()
	if err := measure(context.Background(), *work, *rows, *requests, *rate, *seconds); err != nil {
		fmt.Fprintln(os.Stderr, "served:", err)
		os.Exit(1)
	}
}

// A bench is a server at work and somebody who asks it.
type bench struct {
	*service.Service
	url   string
	token string
	pages *http.Client
	email string // of somebody in the middle of the book
}

func measure(ctx context.Context, work string, rows, requests, rate, seconds int) error {
	folder, err := os.MkdirTemp(work, "kith-served-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	w, err := workspace.Open(ctx, workspace.Options{Folder: filepath.Join(folder, "data"), Now: time.Now})
	if err != nil {
		return err
	}
	defer w.Close()
	b, err := open(ctx, w)
	if err != nil {
		return err
	}
	defer b.Close()
	if err := b.fill(ctx, folder, rows); err != nil {
		return err
	}
	fmt.Printf("%d contacts; times in milliseconds\n\n| request | p50 | p95 | p99 |\n|---|---|---|---|\n", people.People(rows))
	for _, page := range [][2]string{
		{"page: list of contacts", "/contacts/1"}, {"page: search by e-mail", "/contacts/1?q=" + url.QueryEscape(b.email)},
		{"page: search for a text, one step", "/contacts/1?q=zzzz"}, {"page: one contact", "/contacts/1/500"},
		{"page: home", "/"}, {"page: list of imports", "/imports"}, {"page: a run", "/runs/1"},
	} {
		if err := b.row(page[0], requests, func(int) error { return b.get(b.pages, page[1], "") }); err != nil {
			return err
		}
	}
	read := func(i int) error {
		return b.get(http.DefaultClient, fmt.Sprintf("/api/v1/books/1/contacts/%d", 1+i*7919%people.People(rows)), b.token)
	}
	if err := b.row("API: one contact", requests, read); err != nil {
		return err
	}
	if err := b.sustained(fmt.Sprintf("API: one contact, %d a second for %d s", rate, seconds), rate, seconds, read); err != nil {
		return err
	}
	again, err := b.write(filepath.Join(folder, "again.csv"), people.Options{Seed: 1, Rows: rows, Changed: people.People(rows) / 2, Edit: 1})
	if err != nil {
		return err
	}
	j, err := b.Jobs.Add(ctx, store.Job{Kind: job.Run, Sync: again, By: "bench"})
	if err != nil {
		return err
	}
	if err := b.sustained(fmt.Sprintf("API: the same while %d rows are imported, half of them changed", rows), rate, seconds, read); err != nil {
		return err
	}
	if now, err := w.Store.Job(ctx, j.ID); err != nil || now.State != store.JobRunning {
		return fmt.Errorf("the import did not go on as long as the load: %s (%w)", now.State, err)
	}
	return nil
}

func open(ctx context.Context, w *workspace.Workspace) (*bench, error) {
	gate, err := w.Gate(ctx, time.Now, false)
	if err != nil {
		return nil, err
	}
	s := service.New(service.Options{Workspace: w, Accounts: gate, Log: slog.New(slog.DiscardHandler), Now: time.Now, Version: "bench"})
	h, err := server.Handler(s)
	if err != nil {
		return nil, err
	}
	if err := s.Start(ctx); err != nil {
		return nil, err
	}
	b := &bench{Service: s, url: httptest.NewServer(h).URL}
	s.BaseURL = b.url
	password := rand.Text()
	u, err := gate.AddUser(ctx, account.Console(), account.NewUser{Email: "bench@example.org", Role: account.Owner, Password: password})
	if err != nil {
		return nil, err
	}
	if b.token, _, err = gate.NewToken(ctx, account.Console(), account.TokenRequest{User: u.ID, Name: "bench", Scopes: []account.Scope{account.Read}}); err != nil {
		return nil, err
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	b.pages = &http.Client{Jar: jar}
	answer, err := b.pages.PostForm(b.url+"/signin", url.Values{"email": {"bench@example.org"}, "password": {password}})
	if err != nil {
		return nil, err
	}
	return b, answer.Body.Close()
}

// write writes a file of people and keeps a sync that reads it.
func (b *bench) write(path string, o people.Options) (sync string, err error) {
	out, err := os.Create(path)
	if err != nil {
		return "", err
	}
	defer out.Close()
	if _, err := people.Write(out, o); err != nil {
		return "", err
	}
	def := plan.Sync{Name: filepath.Base(path), Source: plan.Endpoint{File: path}, Target: plan.Endpoint{Book: "contacts"}, Policy: plan.Policy{Update: plan.WriteAlways}}
	_, err = b.Workspace.Store.SaveSync(context.Background(), def.Defaults(), "")
	return def.Name, err
}

func (b *bench) fill(ctx context.Context, folder string, rows int) error {
	name, err := b.write(filepath.Join(folder, "people.csv"), people.Options{Seed: 1, Rows: rows})
	if err != nil {
		return err
	}
	j, err := b.Jobs.Add(ctx, store.Job{Kind: job.Run, Sync: name, By: "bench"})
	if err != nil {
		return err
	}
	for now := range b.Watch(ctx, j.ID) {
		if now.State.Over() && now.State != store.JobDone {
			return fmt.Errorf("the book was not filled: %s", now.Message)
		}
	}
	var one struct{ Fields map[string]string }
	answer, err := b.ask(http.DefaultClient, fmt.Sprintf("/api/v1/books/1/contacts/%d", rows/2), b.token)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(&one); err != nil || one.Fields["email"] == "" {
		return fmt.Errorf("a contact has no e-mail: %+v (%w)", one, err)
	}
	b.email = one.Fields["email"]
	return nil
}

func (b *bench) ask(c *http.Client, path, token string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, b.url+path, nil)
	if err != nil {
		return nil, err
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := c.Do(r)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		answer.Body.Close()
		return nil, fmt.Errorf("GET %s: %s", path, answer.Status)
	}
	return answer, nil
}

func (b *bench) get(c *http.Client, path, token string) error {
	answer, err := b.ask(c, path, token)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return err
}

// row asks one after the other.
func (b *bench) row(name string, n int, ask func(i int) error) error {
	var took []time.Duration
	for i := range n + 5 {
		began := time.Now()
		if err := ask(i); err != nil {
			return err
		}
		if i >= 5 { // the first ones warm up
			took = append(took, time.Since(began))
		}
	}
	report(name, took)
	return nil
}

// sustained asks at a steady rate, whether or not the answers come as fast: a time
// counts from when the request was due.
func (b *bench) sustained(name string, rate, seconds int, ask func(i int) error) error {
	var mutex sync.Mutex
	var all sync.WaitGroup
	var took []time.Duration
	var failed error
	began := time.Now()
	for i := range rate * seconds {
		due := began.Add(time.Duration(i) * time.Second / time.Duration(rate))
		time.Sleep(time.Until(due))
		all.Go(func() {
			err := ask(i)
			mutex.Lock()
			defer mutex.Unlock()
			took = append(took, time.Since(due))
			if err != nil {
				failed = err
			}
		})
	}
	all.Wait()
	report(name, took)
	return failed
}

func report(name string, took []time.Duration) {
	slices.Sort(took)
	at := func(share int) float64 {
		return float64(took[min(len(took)*share/100, len(took)-1)].Microseconds()) / 1000
	}
	fmt.Printf("| %s | %.1f | %.1f | %.1f |\n", name, at(50), at(95), at(99))
}
