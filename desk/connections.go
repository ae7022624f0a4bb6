package desk

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

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
	switch name {
	case "url":
		u, err := url.Parse(value)
		if err != nil && !strings.Contains(value, "@") { // host:port
			return value, nil
		}
		if err == nil && u.RawQuery != "" {
			return "", usage("The address may hold nothing after a ?, where everybody could see it. A link that is itself a secret is given whole by --secret-stdin; then the address is %s://%s/", u.Scheme, u.Host)
		}
		if err != nil || u.User != nil {
			return "", usage("The address may hold no user name and no password, where everybody could see them. Use --set user= and --secret-stdin")
		}
	case "ca":
		return filepath.Abs(value) // runs begin in other folders
	case workspace.HostKey:
		key, err := fetch.ParseHostKey(value)
		if err != nil {
			return "", usage("%q cannot be read: %v", value, err)
		}
		return key.String(), nil
	case "tls":
		if value != "explicit" && value != "implicit" {
			return "", usage("--set %s takes explicit or implicit, not %q", name, value)
		}
	case "settle_seconds":
		if n, err := strconv.ParseFloat(value, 64); err != nil || !(n >= 0 && n <= 3600) {
			return "", usage("--set %s takes a number from 0 to 3600, not %q", name, value)
		}
	case "starttls", "gzip":
		if value != "yes" && value != "no" {
			return "", usage("--set %s takes yes or no, not %q", name, value)
		}
	case workspace.CallsPerDay.Name, "page_size", "max_mb":
		if n, err := strconv.Atoi(value); err != nil || n <= 0 {
			return "", usage("--set %s takes a whole number above zero, not %q", name, value)
		}
	case workspace.CallsPerSecond.Name:
		if n, err := strconv.ParseFloat(value, 64); err != nil || !(n > 0) {
			return "", usage("--set %s takes a number above zero, not %q", name, value)
		}
	}
	return value, nil
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
