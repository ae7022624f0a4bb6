package mailchimp

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/md5" // Mailchimp's way to name a member, no protection of anything
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/httpfault"
	"github.com/kith-sync/kith/contact"
)

// few is how many members are asked for one by one. For more, a batch of
// operations takes three calls and some seconds.
const few = 20

// Find looks members up by their address, whatever its case. Archived ones are
// not found.
func (a *Audience) Find(ctx context.Context, field string, values []string) ([]connector.Item, error) {
	if field != emailField {
		return nil, &connector.Fault{Kind: connector.Invalid, Field: field, Message: "Members can only be looked up by their address."}
	}
	var hashes []string
	for _, v := range values {
		if hash := hashOf(v); !contact.Blank(v) && !slices.Contains(hashes, hash) {
			hashes = append(hashes, hash)
		}
	}
	found, err := a.several(ctx, hashes)
	if err != nil {
		return nil, err
	}
	var items []connector.Item
	for _, hash := range hashes {
		if m := found[hash]; m != nil && m.Status != archived {
			items = append(items, a.item(m))
		}
	}
	return items, nil
}

// hashOf names a member by the address.
func hashOf(email string) string {
	sum := md5.Sum([]byte(strings.ToLower(strings.TrimSpace(email))))
	return hex.EncodeToString(sum[:])
}

// several returns the members with these names, contact ids or hashes; those who
// are not there are left out.
func (a *Audience) several(ctx context.Context, names []string) (map[string]*member, error) {
	found := map[string]*member{}
	if len(names) > few {
		for some := range slices.Chunk(names, maxOperations) {
			if err := a.inBatch(ctx, some, found); err != nil {
				return nil, err
			}
		}
		return found, nil
	}
	for _, name := range names {
		m, err := a.member(ctx, name)
		if err != nil {
			return nil, err
		}
		if m != nil {
			found[name] = m
		}
	}
	return found, nil
}

// maxOperations is how many operations a batch can have, longest how long one is
// waited for.
const (
	maxOperations = 1000
	longest       = 15 * time.Minute
)

type operation struct {
	Method string            `json:"method"`
	Path   string            `json:"path"`
	Params map[string]string `json:"params,omitempty"`
	ID     string            `json:"operation_id"`
}

type batch struct {
	ID     string `json:"id"`
	Status string `json:"status"`
	URL    string `json:"response_body_url"`
}

// inBatch has Mailchimp ask for members by itself, and reads what it found.
func (a *Audience) inBatch(ctx context.Context, names []string, found map[string]*member) error {
	fields := strings.ReplaceAll(memberFields(), "members.", "")
	var ops []operation
	for i, name := range names {
		ops = append(ops, operation{Method: http.MethodGet, Path: a.path("members", url.PathEscape(name)), Params: map[string]string{"fields": fields}, ID: strconv.Itoa(i)})
	}
	var b batch
	if _, err := a.server.call(ctx, request{method: http.MethodPost, path: "/batches", body: map[string]any{"operations": ops}, into: &b}); err != nil {
		return err
	}
	id, end := b.ID, a.now().Add(longest)
	for wait := a.server.patience; b.Status != "finished"; wait = min(2*wait, 16*a.server.patience) {
		if a.now().After(end) {
			return &connector.Fault{Kind: connector.Busy, Message: "Mailchimp did not come to our batch of questions."}
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
		if _, err := a.server.call(ctx, request{method: http.MethodGet, path: "/batches/" + url.PathEscape(id), into: &b}); err != nil {
			return err
		}
	}
	answered := 0
	err := a.server.results(ctx, b.URL, func(r result) error {
		i, err := strconv.Atoi(r.ID)
		if err != nil || i < 0 || i >= len(names) {
			return nil
		}
		answered++
		var m member
		switch {
		case r.Status == http.StatusNotFound:
			return nil
		case r.Status >= 300:
			return statusFault(&http.Response{StatusCode: r.Status}, []byte(r.Response), false)
		}
		d := json.NewDecoder(strings.NewReader(r.Response))
		d.UseNumber()
		if err := d.Decode(&m); err != nil {
			return &connector.Fault{Kind: connector.Busy, Message: "A result of a batch cannot be read.", Err: err}
		}
		found[names[i]] = &m
		return nil
	})
	if err == nil && answered != len(names) {
		return &connector.Fault{Kind: connector.Busy, Message: "A batch gave fewer results than were asked for."}
	}
	return err
}

type result struct {
	Status   int    `json:"status_code"`
	ID       string `json:"operation_id"`
	Response string `json:"response"`
}

// results reads the archive of a batch. Its address lies on another server and
// gives the right to read it by itself: the key is not shown there.
func (s *server) results(ctx context.Context, at string, take func(result) error) error {
	u, err := url.Parse(at)
	if err != nil || u.Scheme != "https" && !strings.HasPrefix(s.base, "http://") {
		return &connector.Fault{Kind: connector.Busy, Message: "The results of a batch are not where they can be read."}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, http.NoBody)
	if err != nil {
		return httpfault.NoAnswer(ctx, err, false, "Mailchimp")
	}
	answer, err := s.client.Do(req)
	if err != nil {
		return httpfault.NoAnswer(ctx, err, false, "Mailchimp")
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return &connector.Fault{Kind: connector.Busy, Code: strconv.Itoa(answer.StatusCode), Message: "The results of a batch could not be read."}
	}
	err = unpack(io.LimitReader(answer.Body, maxAnswer), take)
	var f *connector.Fault
	if err == nil || errors.As(err, &f) {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return &connector.Fault{Kind: connector.Busy, Message: "The results of a batch broke off.", Err: err}
}

// unpack reads results out of files of JSON in a tar archive, compressed.
func unpack(from io.Reader, take func(result) error) error {
	zip, err := gzip.NewReader(from)
	if err != nil {
		return fmt.Errorf("read results: %w", err)
	}
	for files := tar.NewReader(io.LimitReader(zip, maxAnswer)); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read results: %w", err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		var some []result
		if err := json.NewDecoder(files).Decode(&some); err != nil {
			return fmt.Errorf("read results: %w", err)
		}
		for _, r := range some {
			if err := take(r); err != nil {
				return err
			}
		}
	}
}
