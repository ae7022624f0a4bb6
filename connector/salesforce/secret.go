package salesforce

import (
	"encoding/json"
	"strings"
)

// A Secret is everything of a connection that nobody may see. It is stored sealed,
// as one text.
type Secret struct {
	ClientSecret string `json:"client_secret,omitempty"`
	RefreshToken string `json:"refresh_token,omitempty"`
	PrivateKey   string `json:"private_key,omitempty"`
}

// ParseSecret reads what Text wrote, or what a person typed: the one secret that a
// way to sign in needs.
func ParseSecret(auth, text string) (s Secret) {
	if strings.HasPrefix(strings.TrimSpace(text), "{") && json.Unmarshal([]byte(text), &s) == nil {
		return s
	}
	switch auth {
	case "jwt":
		return Secret{PrivateKey: text}
	case "client_credentials":
		return Secret{ClientSecret: text}
	}
	return Secret{RefreshToken: text}
}

// Text is the secret as it is stored.
func (s Secret) Text() string {
	text, err := json.Marshal(s)
	if err != nil {
		return "" // texts always marshal
	}
	return string(text)
}

// With puts the secret into settings.
func (s Secret) With(settings Settings) Settings {
	settings.ClientSecret, settings.RefreshToken, settings.PrivateKey = s.ClientSecret, s.RefreshToken, s.PrivateKey
	return settings
}
