package web

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/kith-sync/kith/account"
)

// guardHeaders are those of every answer (reliability.md 8, rows 15 to 20).
func guardHeaders(h http.Header, secure bool) {
	h.Set("Content-Security-Policy", "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	if secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// The session's cookie: the __Host- prefix needs TLS, which a server on
// 127.0.0.1 does not have.
const (
	plainCookie  = "kith_session"
	secureCookie = "__Host-kith_session"
)

func (v *visit) secure() bool {
	return v.r.TLS != nil || strings.HasPrefix(v.service().BaseURL, "https://")
}

func (v *visit) cookieName() string {
	if v.secure() {
		return secureCookie
	}
	return plainCookie
}

func (v *visit) sessionSecret() string {
	c, err := v.r.Cookie(v.cookieName())
	if err != nil {
		return ""
	}
	return c.Value
}

func (v *visit) setSession(secret string) {
	c := &http.Cookie{Name: v.cookieName(), Value: secret, Path: "/", HttpOnly: true, Secure: v.secure(), SameSite: http.SameSiteLaxMode}
	if secret == "" {
		c.MaxAge = -1
	}
	http.SetCookie(v.w, c)
}

// signedIn returns who the visitor is.
func (v *visit) signedIn() (account.Actor, error) {
	secret := v.sessionSecret()
	if secret == "" {
		return account.Actor{}, account.ErrSession
	}
	return v.service().Accounts.Session(v.ctx(), secret, v.from())
}

// toTheDoor leads whoever has not signed in to where they can, and back again.
func (v *visit) toTheDoor(why error) error {
	needs, err := v.service().Accounts.NeedsSetUp(v.ctx())
	switch {
	case err != nil:
		return err
	case needs:
		return v.goTo("/setup", "")
	case errors.Is(why, account.ErrUnfinished):
		return v.goTo("/signin/code", "")
	case v.r.Method != http.MethodGet:
		return v.goTo("/signin", "You were signed out. Nothing was changed.")
	}
	return v.goTo("/signin?next="+url.QueryEscape(v.r.URL.RequestURI()), "")
}

// An asset is a file that browsers may keep: its address changes with its content.
type asset struct {
	name, kind string
	content    []byte
}

// readAssets gives every asset an address with its checksum.
func readAssets() (map[string]asset, error) {
	all := map[string]asset{}
	err := fs.WalkDir(assetFiles, "assets", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(file) == ".md" || path.Ext(file) == ".txt" {
			return err
		}
		content, err := assetFiles.ReadFile(file)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(content)
		name, ext := strings.TrimSuffix(path.Base(file), path.Ext(file)), path.Ext(file)
		all[path.Base(file)] = asset{name + "-" + hex.EncodeToString(sum[:5]) + ext, mime.TypeByExtension(ext), content}
		return nil
	})
	return all, err
}

func (s *Server) asset(w http.ResponseWriter, r *http.Request) {
	for _, a := range s.assets {
		if a.name == r.PathValue("name") {
			w.Header().Set("Content-Type", a.kind)
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
			_, _ = w.Write(a.content) // a browser that is gone needs no answer
			return
		}
	}
	http.NotFound(w, r)
}
