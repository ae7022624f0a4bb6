package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
)

// What was done is said on the next page, and waits in a cookie until then. It is
// signed: a page of a neighbouring name can plant cookies here, and shall not put
// words into our mouth. A restart of Kith forgets what was to be said.
const (
	saidCookie = "kith_said"
	saidLasts  = 60 // seconds
)

func (v *visit) saidName() string {
	if v.secure() {
		return "__Host-" + saidCookie
	}
	return saidCookie
}

func (v *visit) setSaid(value string, age int) {
	http.SetCookie(v.w, &http.Cookie{Name: v.saidName(), Value: value, Path: "/", MaxAge: age, HttpOnly: true, Secure: v.secure(), SameSite: http.SameSiteLaxMode})
}

// leave has the next page say something.
func (v *visit) leave(said string) {
	text := base64.RawURLEncoding.EncodeToString([]byte(said))
	v.setSaid(text+"."+v.server.sign(text), saidLasts)
}

// said takes what the last request left to be said.
func (v *visit) said() string {
	c, err := v.r.Cookie(v.saidName())
	if err != nil || v.fragment() {
		return ""
	}
	v.setSaid("", -1)
	text, signature, _ := strings.Cut(c.Value, ".")
	if !hmac.Equal([]byte(signature), []byte(v.server.sign(text))) {
		return ""
	}
	said, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return ""
	}
	return string(said)
}

func (s *Server) sign(text string) string {
	sum := hmac.New(sha256.New, s.key)
	sum.Write([]byte(saidCookie + text))
	return base64.RawURLEncoding.EncodeToString(sum.Sum(nil))
}
