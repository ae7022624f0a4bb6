package send

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/kith-sync/kith/egress"
)

const (
	answerTimeout = 15 * time.Second
	wholeTimeout  = 20 * time.Second
	longestWait   = 6 * time.Hour // that a server may ask for
)

// client follows no redirect at all: a hook that has moved is set anew by a person,
// and what is sent goes to nobody else.
func client(o Options) *http.Client {
	c := o.Guard.Client(egress.Options{Answer: answerTimeout, Whole: wholeTimeout, Roots: o.Roots})
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c
}

// post sends a body and takes any 2xx for thanks.
func post(ctx context.Context, c *http.Client, address string, header map[string]string, body []byte) error {
	defer c.CloseIdleConnections() // the next message may be hours away
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return &Refusal{"the address is not a URL"} // without the error, which repeats it
	}
	req.Header.Set("User-Agent", "Kith")
	for name, value := range header {
		req.Header.Set(name, value)
	}
	resp, err := c.Do(req)
	if err != nil {
		return withoutAddress(err)
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // so that the connection ends in order
	return judge(resp)
}

// withoutAddress is an error of net/http without the URL, which may be a secret.
func withoutAddress(err error) error {
	if refused, ok := errors.AsType[*egress.Refused](err); ok {
		return refused
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}

func judge(resp *http.Response) error {
	code := resp.StatusCode
	why := "the other side answers " + strings.TrimSpace(fmt.Sprintf("%d %s", code, http.StatusText(code)))
	switch {
	case code >= 200 && code < 300:
		return nil
	case code >= 300 && code < 400:
		return errors.New(why + ": it has moved, and nothing is sent to another place; set the new address")
	case code == http.StatusGone:
		return &Refusal{why + ": it wants no more messages"}
	case code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable:
		if wait := retryAfter(resp.Header.Get("Retry-After")); wait > 0 {
			return &Busy{why, wait}
		}
	}
	return errors.New(why)
}

// retryAfter reads the seconds of RFC 9110, 10.2.3; a date is left to the back-off.
func retryAfter(text string) time.Duration {
	seconds, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || seconds < 0 {
		return 0
	}
	return min(time.Duration(min(seconds, 1<<20))*time.Second, longestWait)
}

// checkAddress says what is wrong with an address that messages go to.
func checkAddress(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" {
		return errors.New("the address must be a URL that begins with https:// (or http:// on your own network)")
	}
	return nil
}
