package web

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// download answers with a file that the browser stores under a name instead of showing
// it. What goes wrong before its first byte is a page as everywhere; after that the
// answer breaks off, for half a file must not look like a whole one.
func (v *visit) download(kind, name string, write func(io.Writer) error) error {
	file := &attachment{to: v.w, kind: kind, name: name}
	err := write(file)
	switch {
	case err == nil:
		file.begin() // an empty file is one, too
		return nil
	case !file.begun:
		return err
	}
	v.service().Log.Error("a download broke off", "route", v.r.Pattern, "error", err)
	panic(http.ErrAbortHandler)
}

// An attachment is the answer as a file. Its headers go before its first byte.
type attachment struct {
	to         http.ResponseWriter
	kind, name string
	begun      bool
}

func (a *attachment) Write(b []byte) (int, error) {
	a.begin()
	return a.to.Write(b)
}

func (a *attachment) begin() {
	if a.begun {
		return
	}
	a.begun = true
	h := a.to.Header()
	h.Set("Content-Type", a.kind)
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s"; filename*=UTF-8''%s`, plainName(a.name), url.PathEscape(a.name)))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'; frame-ancestors 'none'")
}

// plainName is a file name that every browser and disk takes as it is.
func plainName(name string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '.' || r == '_' {
			return r
		}
		return '-'
	}, name)
}
