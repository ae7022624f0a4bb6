// Package client asks a Kith server over its API. It knows how to say who asks, how
// to follow a list and how to wait for work; what the answers mean is the caller's.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// A Client asks one server. Create it with New.
type Client struct {
	base  string
	token string
	http  *http.Client
}

// ErrAddress is returned for an address that no token may be sent to.
var ErrAddress = errors.New("the server's address begins with https://, or names this machine")

// New returns a client of the server at an address. A token is not sent in clear
// over a network.
func New(address, token string) (*Client, error) {
	u, err := url.Parse(strings.TrimRight(address, "/"))
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && (u.Scheme != "http" || !here(u.Hostname())) {
		return nil, ErrAddress
	}
	return &Client{base: u.Scheme + "://" + u.Host + u.Path, token: token, http: &http.Client{
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: 10 * time.Second}).DialContext, ResponseHeaderTimeout: time.Minute},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // no token goes elsewhere
	}}, nil
}

func here(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// At is a page of the server, for people.
func (c *Client) At(path string) string { return c.base + path }

// A Refusal is what the server said instead of doing it.
type Refusal struct {
	Status int    `json:"status"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

func (r *Refusal) Error() string { return r.Detail }

// Unreachable is the error of a server that does not answer.
type Unreachable struct{ Err error }

func (u *Unreachable) Error() string { return u.Err.Error() }
func (u *Unreachable) Unwrap() error { return u.Err }

// Do sends a request, and reads the answer into out when that is not nil. A body
// that is an io.Reader is sent as a file; nil is none; all else becomes JSON.
func (c *Client) Do(ctx context.Context, method, path string, body, out any) error {
	return c.read(ctx, method, path, body, func(r io.Reader) error {
		if out == nil {
			return nil
		}
		return json.NewDecoder(r).Decode(out)
	})
}

// Copy writes an answer as it comes.
func (c *Client) Copy(ctx context.Context, path string, out io.Writer) error {
	return c.read(ctx, http.MethodGet, path, nil, func(r io.Reader) error {
		_, err := io.Copy(out, r)
		return err
	})
}

func (c *Client) read(ctx context.Context, method, path string, body any, do func(io.Reader) error) error {
	kind := "application/json"
	var in io.Reader
	switch b := body.(type) {
	case nil:
	case io.Reader:
		in, kind = b, "text/csv"
	default:
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		in = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, in)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	r.Header.Set("User-Agent", "kith")
	if in != nil {
		r.Header.Set("Content-Type", kind)
	}
	resp, err := c.http.Do(r)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return &Unreachable{err}
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		return refusal(resp)
	}
	return do(resp.Body)
}

// refusal reads a problem; whoever answers otherwise is no Kith server.
func refusal(resp *http.Response) error {
	r := &Refusal{Status: resp.StatusCode}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(r); err != nil || r.Code == "" {
		return &Unreachable{fmt.Errorf("it answers %s, and not as Kith does", resp.Status)}
	}
	return r
}

// List follows a list to its end. It asks for the next part when the one before was
// used up.
func List[T any](ctx context.Context, c *Client, path string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		next := ""
		for {
			var part struct {
				Items []T    `json:"items"`
				Next  string `json:"next_cursor"`
			}
			at := path
			if next != "" {
				sign := "?"
				if strings.Contains(path, "?") {
					sign = "&"
				}
				at += sign + "cursor=" + url.QueryEscape(next)
			}
			if err := c.Do(ctx, http.MethodGet, at, nil, &part); err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range part.Items {
				if !yield(item, nil) {
					return
				}
			}
			if next = part.Next; next == "" {
				return
			}
		}
	}
}

// A Job is work at the server.
type Job struct {
	ID      int64  `json:"id"`
	State   string `json:"state"`
	Sync    string `json:"sync"`
	Run     int64  `json:"run,omitempty"`
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
}

// waits between two looks at a job.
const (
	firstWait   = 50 * time.Millisecond
	longestWait = 2 * time.Second
)

// Work asks for work and waits until it is over.
func (c *Client) Work(ctx context.Context, path string, body any) (j Job, err error) {
	if err := c.Do(ctx, http.MethodPost, path, body, &j); err != nil {
		return j, err
	}
	for wait := firstWait; j.State == "waiting" || j.State == "running"; wait = min(2*wait, longestWait) {
		select {
		case <-ctx.Done():
			return j, ctx.Err()
		case <-time.After(wait):
		}
		if err := c.Do(ctx, http.MethodGet, fmt.Sprintf("/api/v1/jobs/%d", j.ID), nil, &j); err != nil {
			return j, err
		}
	}
	return j, nil
}
