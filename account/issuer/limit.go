package issuer

import (
	"io"
	"net/http"
)

// mostAnswer is more than any discovery document or set of keys has.
const mostAnswer = 1 << 20

// limited returns a client like another one that reads no more of an answer than
// an issuer needs.
func limited(client *http.Client) *http.Client {
	c := *client
	c.Transport = limit{c.Transport}
	return &c
}

type limit struct{ next http.RoundTripper }

// RoundTrip ends the body of an answer after mostAnswer bytes.
func (l limit) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := l.next.RoundTrip(r)
	if err == nil {
		answer.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(answer.Body, mostAnswer), answer.Body}
	}
	return answer, err
}
