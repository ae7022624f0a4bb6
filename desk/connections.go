package desk

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/fetch"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// A ConnectionReport is what kith prints of a connection. The secret is never
// part of it.
type ConnectionReport struct {
	Name     string            `json:"name"`
	Type     string            `json:"type"`
	Settings map[string]string `json:"settings"`
	Secret   bool              `json:"secret"` // whether one is stored
}

// ReportConnection says what a connection is; its secret stays out.
func ReportConnection(c store.Connection) ConnectionReport {
	return ConnectionReport{Name: c.Name, Type: c.Kind, Settings: c.Settings, Secret: c.Secret != ""}
}

// SettingsOf puts name=value settings over the old ones and refuses what the system
// does not know, or lacks.
func SettingsOf(system workspace.System, old map[string]string, set []string) (map[string]string, error) {
	settings := map[string]string{}
	maps.Copy(settings, old)
	var names []string
	for _, s := range system.Settings {
		names = append(names, s.Name)
	}
	for _, pair := range set {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || !slices.Contains(names, name) {
			return nil, usage("--set %q is no setting of %s. Its settings are %s, as in --set url=https://dav.example.org", pair, system.Name, strings.Join(names, ", "))
		}
		if value == "" {
			delete(settings, name)
			continue
		}
		var err error
		if settings[name], err = settingOf(name, value); err != nil {
			return nil, err
		}
	}
	for _, s := range system.Settings {
		if s.Required && settings[s.Name] == "" {
			return nil, usage("%s is missing: %s. Add it with --set %s=", s.Name, s.Help, s.Name)
		}
	}
	return settings, nil
}

// settingOf checks the value of a setting, as far as that needs no look at the
// system: what is read wrongly later would count as not set.
func settingOf(name, value string) (string, error) {
	value, wrong := SettingValue(name, value)
	if wrong == "" {
		return value, nil
	}
	if first, _ := utf8.DecodeRuneInString(wrong); unicode.IsLower(first) {
		wrong = "--set " + name + " " + wrong
	}
	return "", usage("%s", wrong)
}

// SettingValue returns the value of a setting as it is kept, or what is wrong with
// it: a sentence, or one that lacks its beginning, the setting's name.
func SettingValue(name, value string) (kept, wrong string) {
	switch name {
	case "url":
		u, err := url.Parse(value)
		if err != nil && !strings.Contains(value, "@") { // host:port
			return value, ""
		}
		if err == nil && u.RawQuery != "" {
			return "", fmt.Sprintf("The address may hold nothing after a ?, where everybody could see it. A link that is itself a secret is given whole as the secret (--secret-stdin); then the address is %s://%s/", u.Scheme, u.Host)
		}
		if err != nil || u.User != nil {
			return "", "The address may hold no user name and no password, where everybody could see them. Use user and the secret (--set user= and --secret-stdin)"
		}
	case "ca":
		path, err := filepath.Abs(value) // runs begin in other folders
		if err != nil {
			return "", err.Error()
		}
		return path, ""
	case workspace.HostKey:
		key, err := fetch.ParseHostKey(value)
		if err != nil {
			return "", fmt.Sprintf("%q cannot be read: %v", value, err)
		}
		return key.String(), ""
	case "tls":
		if value != "explicit" && value != "implicit" {
			return "", fmt.Sprintf("takes explicit or implicit, not %q", value)
		}
	case "settle_seconds":
		if n, err := strconv.ParseFloat(value, 64); err != nil || !(n >= 0 && n <= 3600) {
			return "", fmt.Sprintf("takes a number from 0 to 3600, not %q", value)
		}
	case "starttls", "gzip", workspace.Protect.Name:
		if value != "yes" && value != "no" {
			return "", fmt.Sprintf("takes yes or no, not %q", value)
		}
	case workspace.CallsPerDay.Name, "page_size", "max_mb":
		if n, err := strconv.Atoi(value); err != nil || n <= 0 {
			return "", fmt.Sprintf("takes a whole number above zero, not %q", value)
		}
	case workspace.CallsPerSecond.Name:
		if n, err := strconv.ParseFloat(value, 64); err != nil || !(n > 0) {
			return "", fmt.Sprintf("takes a number above zero, not %q", value)
		}
	}
	return value, ""
}

// ConnectionNamed finds a connection, or says which ones there are.
func ConnectionNamed(ctx context.Context, w *workspace.Workspace, name string) (store.Connection, error) {
	c, err := w.Store.Connection(ctx, name)
	if !errors.Is(err, store.ErrNotFound) {
		return c, err
	}
	all, err := w.Store.Connections(ctx)
	if err != nil {
		return c, err
	}
	var names []string
	for _, c := range all {
		names = append(names, c.Name)
	}
	return c, Absent("connection", name, names, "kith connections list")
}

// Connected opens an object of a connection.
func Connected(ctx context.Context, w *workspace.Workspace, name, object string) (connector.Remote, error) {
	c, err := ConnectionNamed(ctx, w, name)
	if err != nil {
		return nil, err
	}
	return w.Connect(ctx, c, object)
}
