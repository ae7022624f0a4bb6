package hubspot

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/httpfault"
)

// maxBody bounds an answer: no service can fill the memory.
const maxBody = 256 << 20

// A service is where requests go, and with what token.
type service struct {
	client       *http.Client
	base         *url.URL
	token        string
	objectPath   string // of contacts
	propertyPath string
	account      *Account
	clock        Clock
}

var versions = regexp.MustCompile(`^(v3|20\d\d-\d\d)$`)

// newService reads the settings. Redirects are not followed: the token is for one
// host only.
func newService(s Settings, client *http.Client, clock Clock) (service, error) {
	if s.URL == "" {
		s.URL = "https://api.hubapi.com"
	}
	base, err := url.Parse(strings.TrimSpace(s.URL))
	if err != nil || base.Host == "" || base.User != nil || base.Scheme != "https" && base.Scheme != "http" {
		return service{}, &connector.Fault{Kind: connector.Invalid, Field: "url", Message: "This is not the address of an API. Leave it out, or give one that begins with https://."}
	}
	if strings.TrimSpace(s.Token) == "" {
		return service{}, &connector.Fault{Kind: connector.Denied, Field: "token", Message: "HubSpot needs a token. Make a private app or a service key there and copy its token."}
	}
	if s.Version == "" {
		s.Version = "v3"
	}
	if !versions.MatchString(s.Version) {
		return service{}, &connector.Fault{Kind: connector.Invalid, Field: "version", Message: "Versions of HubSpot's API are v3 and dates such as 2026-03."}
	}
	one := *client
	one.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	v := service{client: &one, base: base, token: strings.TrimSpace(s.Token), account: cmp.Or(s.Account, &Account{}), clock: clock,
		objectPath: "/crm/v3/objects/contacts", propertyPath: "/crm/v3/properties/contacts"}
	if s.Version != "v3" { // the styles differ in where the version stands
		v.objectPath, v.propertyPath = "/crm/objects/"+s.Version+"/contacts", "/crm/properties/"+s.Version+"/contacts"
	}
	return v, nil
}

// A request is one to send.
type request struct {
	method, path string
	query        url.Values
	body         []byte
	write        bool // it changes something: no answer means unknown
	search       bool // which has a pace of its own
}

// do sends a request and reads its answer's JSON. The time is the service's own,
// where it tells it. An error is a *connector.Fault, or the context's.
func (s service) do(ctx context.Context, r request, into any) (time.Time, error) {
	if r.search {
		if err := s.account.pace.wait(ctx, s.clock); err != nil {
			return time.Time{}, err
		}
	}
	answer, err := s.send(ctx, r)
	if err != nil {
		return time.Time{}, err
	}
	defer answer.Body.Close()
	s.account.heed(answer.Header)
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxBody))
	switch {
	case answer.StatusCode >= 300:
		return time.Time{}, statusFault(answer, text, r.write)
	case err != nil:
		return time.Time{}, httpfault.NoAnswer(ctx, err, r.write, "HubSpot")
	case into == nil:
		return s.told(answer), nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return time.Time{}, unreadable(err, r.write)
	}
	return s.told(answer), nil
}

func (s service) send(ctx context.Context, r request) (*http.Response, error) {
	at := *s.base
	at.Path = strings.TrimSuffix(at.Path, "/") + r.path
	at.RawQuery = r.query.Encode()
	var sent atomic.Bool // told from the goroutine that writes
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }})
	req, err := http.NewRequestWithContext(traced, r.method, at.String(), bytes.NewReader(r.body))
	if err != nil {
		return nil, &connector.Fault{Kind: connector.Invalid, Message: "This is not an address that can be asked.", Err: err}
	}
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Authorization", "Bearer "+s.token)
	answer, err := s.client.Do(req)
	if err != nil {
		return nil, httpfault.NoAnswer(ctx, err, r.write && sent.Load(), "HubSpot")
	}
	return answer, nil
}

// told is the time on the service's clock, to the second, or on ours.
func (s service) told(answer *http.Response) time.Time {
	if at, err := http.ParseTime(answer.Header.Get("Date")); err == nil {
		return at
	}
	return s.clock.Now().UTC()
}

// post sends a body and reads the answer.
func (s service) post(ctx context.Context, path string, body any, r request, into any) (time.Time, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return time.Time{}, &connector.Fault{Kind: connector.Invalid, Message: "These values cannot be sent.", Err: err}
	}
	r.method, r.path, r.body = http.MethodPost, s.objectPath+path, text
	return s.do(ctx, r, into)
}

// An object is a contact as HubSpot writes one.
type object struct {
	ID         string             `json:"id"`
	Properties map[string]*string `json:"properties"`
	UpdatedAt  string             `json:"updatedAt"`
	ArchivedAt string             `json:"archivedAt"`
	Trace      string             `json:"objectWriteTraceId"`
}

// value is a property's, empty when it has none.
func (o object) value(name string) string {
	if v := o.Properties[name]; v != nil {
		return *v
	}
	return ""
}

// changed is when it was changed last, as HubSpot writes it: the version.
func (o object) changed() string {
	if v := o.value("lastmodifieddate"); v != "" {
		return v
	}
	return o.UpdatedAt
}

// A listing is a page of contacts.
type listing struct {
	Total   int      `json:"total"`
	Results []object `json:"results"`
	Paging  struct {
		Next struct {
			After string `json:"after"`
		} `json:"next"`
	} `json:"paging"`
	last object // of a search, as the index has it
}

// A batchReply is what became of a batch.
type batchReply struct {
	Results []object   `json:"results"`
	Errors  []apiError `json:"errors"`
}

// An apiError is one as HubSpot writes it. Only status and message are certain.
type apiError struct {
	Message  string      `json:"message"`
	Category string      `json:"category"`
	Policy   string      `json:"policyName"`
	Context  about       `json:"context"`
	Errors   []apiDetail `json:"errors"`
}

type apiDetail struct {
	Code    string `json:"code"`
	Context about  `json:"context"`
}

// about is what an error says it is about. Other shapes than lists of words
// have been seen, and are passed over.
type about map[string][]string

func (c *about) UnmarshalJSON(text []byte) error {
	var words map[string][]string
	if json.Unmarshal(text, &words) == nil {
		*c = words
	}
	return nil
}

// An input is a contact in a batch.
type input struct {
	ID         string            `json:"id,omitempty"`
	Properties map[string]string `json:"properties,omitzero"`
	Trace      string            `json:"objectWriteTraceId,omitempty"`
}

type batch struct {
	Inputs     []input  `json:"inputs"`
	Properties []string `json:"properties,omitempty"`
	IDProperty string   `json:"idProperty,omitempty"`
	History    []string `json:"propertiesWithHistory,omitzero"` // readings have to name it
}
