package salesforce

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/kith-sync/kith/connector"
)

// A result is a page of rows.
type result struct {
	Done    bool   `json:"done"`
	Next    string `json:"nextRecordsUrl"`
	Records []row  `json:"records"`

	at time.Time // on the server's clock, of the first page
}

// queryRequest asks for what a statement finds, and for deleted records with it
// where they are wanted.
func queryRequest(soql string, deleted bool) request {
	resource := "query"
	if deleted {
		resource = "queryAll"
	}
	return request{method: http.MethodGet, path: resource, query: url.Values{"q": {soql}}, header: map[string]string{"Sforce-Query-Options": "batchSize=2000"}}
}

// query asks for the first page of what a statement finds.
func (a *api) query(ctx context.Context, soql string, deleted bool) (result, error) {
	var page result
	got, err := a.ask(ctx, queryRequest(soql, deleted), &page)
	if err != nil {
		return page, err
	}
	page.at, _ = http.ParseTime(got.header.Get("Date")) // zero: the server does not say
	return page, page.check()
}

// next asks for the page after one. A page that is short says nothing about the
// end: only Done does.
func (a *api) next(ctx context.Context, page result) (result, error) {
	var more result
	if _, err := a.ask(ctx, request{method: http.MethodGet, path: page.Next}, &more); err != nil {
		return more, err
	}
	return more, more.check()
}

func (p result) check() error {
	if !p.Done && !strings.HasPrefix(p.Next, "/services/data/") {
		return &connector.Fault{Kind: connector.Busy, Message: "Salesforce listed a part and did not say how to go on."}
	}
	return nil
}

// all reads every page of a short listing.
func (a *api) all(ctx context.Context, soql string, deleted bool) ([]row, error) {
	page, err := a.query(ctx, soql, deleted)
	if err != nil {
		return nil, err
	}
	more, err := a.rest(ctx, page)
	return append(page.Records, more...), err
}

// rest reads the pages after one. Where the org has lost its place all of it is to
// be asked for again.
func (a *api) rest(ctx context.Context, page result) (rows []row, err error) {
	for !page.Done {
		page, err = a.next(ctx, page)
		if f := asFault(err); f != nil && f.Kind == connector.Expired {
			return nil, &connector.Fault{Kind: connector.Busy, Code: f.Code, Message: f.Message, Err: f}
		}
		if err != nil {
			return nil, err
		}
		rows = append(rows, page.Records...)
	}
	return rows, nil
}

// in asks for the rows whose field has one of these values, in as many statements
// as the length of an address demands: there is no limit on their number. Five
// statements are one call.
func (a *api) in(ctx context.Context, head, field string, values []string, tail string, deleted bool) (rows []row, err error) {
	for some := range slices.Chunk(a.statements(head, field, values, tail), queriesTogether) {
		pages, err := a.queries(ctx, some, deleted)
		if err != nil {
			return nil, err
		}
		for _, page := range pages {
			rows = append(rows, page.Records...)
			more, err := a.rest(ctx, page)
			if err != nil {
				return nil, err
			}
			rows = append(rows, more...)
		}
	}
	return rows, nil
}

// statements are the ones that ask for all of some values.
func (a *api) statements(head, field string, values []string, tail string) (all []string) {
	head, tail = head+" WHERE "+field+" IN (", ")"+tail
	for len(values) > 0 {
		n, list := 0, &strings.Builder{}
		room := maxURI - len(a.path) - 16 - escapedLen(head+tail)
		for _, v := range values {
			item := quote(v)
			if n > 0 {
				item = "," + item
			}
			if room -= escapedLen(item); room < 0 && n > 0 {
				break
			}
			list.WriteString(item)
			n++
		}
		values = values[n:]
		all = append(all, head+list.String()+tail)
	}
	return all
}

// queries asks for the first pages of what some statements find.
func (a *api) queries(ctx context.Context, statements []string, deleted bool) (pages []result, err error) {
	var requests []request
	for _, soql := range statements {
		requests = append(requests, queryRequest(soql, deleted))
	}
	if len(requests) == 1 || slices.ContainsFunc(statements, func(s string) bool { return strings.Contains(s, reference) }) {
		for _, soql := range statements {
			page, err := a.query(ctx, soql, deleted)
			if err != nil {
				return nil, err
			}
			pages = append(pages, page)
		}
		return pages, nil
	}
	answers, err := a.composite(ctx, requests)
	if err != nil {
		return nil, err
	}
	for _, got := range answers {
		if f := got.fault(false); f != nil {
			return nil, f
		}
		var page result
		if err := read(got.body, &page); err != nil {
			return nil, unreadable(err, false)
		}
		if err := page.check(); err != nil {
			return nil, err
		}
		pages = append(pages, page)
	}
	return pages, nil
}

func escapedLen(s string) int { return len(url.QueryEscape(s)) }

// quote writes a text as a literal [SOQL: quoted string escape sequences]: any
// other backslash would be an error.
func quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\b", `\b`, "\f", `\f`).Replace(s) + "'"
}
