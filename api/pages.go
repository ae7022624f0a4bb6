package api

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
)

// Paging asks for a part of a list.
type Paging struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"50" doc:"How many at most."`
	Cursor string `query:"cursor" maxLength:"500" doc:"Where to go on: next_cursor of the answer before."`
}

// A Page is a part of a list.
type Page[T any] struct {
	Items []T    `json:"items" nullable:"false"`
	Next  string `json:"next_cursor,omitempty" doc:"Where the list goes on; absent at its end."`
}

// paged is an answer with a part of a list.
type paged[T any] struct {
	Link string `header:"Link" doc:"The address of the next part, with rel=next."`
	Body Page[T]
}

// page answers with a part of a list. Next is where the following one begins; empty
// at the end.
func page[T any](v *visit, items []T, next string) *paged[T] {
	out := &paged[T]{Body: Page[T]{Items: items}}
	if items == nil {
		out.Body.Items = []T{}
	}
	if next != "" {
		out.Body.Next = base64.RawURLEncoding.EncodeToString([]byte(next))
		u := *v.r.URL
		query := u.Query()
		query.Set("cursor", out.Body.Next)
		out.Link = "<" + (&url.URL{Path: u.Path, RawQuery: query.Encode()}).String() + `>; rel="next"`
	}
	return out
}

// whole answers with a list that is never long.
func whole[T any](v *visit, items []T, err error) (*paged[T], error) {
	if err != nil {
		return nil, err
	}
	return page(v, items, ""), nil
}

// number is a cursor that is a number; 0 for none.
func (p Paging) number(v *visit) (int64, error) {
	if p.Cursor == "" {
		return 0, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(p.Cursor)
	if err == nil {
		if n, err := strconv.ParseInt(string(text), 10, 64); err == nil && n >= 0 {
			return n, nil
		}
	}
	return 0, v.server.problem(http.StatusUnprocessableEntity, CodeInvalid, "This cursor is not one that an answer gave. Begin without one")
}

// numbered is the cursor behind a number; none behind 0.
func numbered(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// pack and unpack make a cursor of a place in a list that is no number.
func pack(mark any) string {
	text, _ := json.Marshal(mark) // of numbers and texts: it cannot fail
	return string(text)
}

func unpack(v *visit, cursor string, mark any) error {
	if cursor == "" {
		return nil
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		err = json.Unmarshal(text, mark)
	}
	if err != nil {
		_, err = Paging{Cursor: "!"}.number(v)
	}
	return err
}
