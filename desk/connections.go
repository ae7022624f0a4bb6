package desk

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/kith-sync/kith/connector"
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
	for name, value := range old {
		settings[name] = value
	}
	var names []string
	for _, s := range system.Settings {
		names = append(names, s.Name)
	}
	for _, pair := range set {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || !slices.Contains(names, name) {
			return nil, usage("--set %q is no setting of %s. Its settings are %s, as in --set url=https://dav.example.org", pair, system.Name, strings.Join(names, ", "))
		}
		if settings[name] = value; value == "" {
			delete(settings, name)
			continue
		}
		if u, err := url.Parse(value); name == "url" && (err != nil || u.User != nil) {
			return nil, usage("The address may hold no user name and no password, where everybody could see them. Use --set user= and --secret-stdin")
		}
		if n, err := strconv.ParseFloat(value, 64); (name == workspace.CallsPerDay.Name || name == workspace.CallsPerSecond.Name) && (err != nil || n <= 0) {
			return nil, usage("--set %s takes a number above zero, not %q", name, value)
		}
	}
	for _, s := range system.Settings {
		if s.Required && settings[s.Name] == "" {
			return nil, usage("%s is missing: %s. Add --set %s=...", s.Name, s.Help, s.Name)
		}
	}
	return settings, nil
}

// Connected opens an object of a connection.
func Connected(ctx context.Context, w *workspace.Workspace, name, object string) (connector.Remote, error) {
	c, err := w.Store.Connection(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		all, err := w.Store.Connections(ctx)
		if err != nil {
			return nil, err
		}
		var names []string
		for _, c := range all {
			names = append(names, c.Name)
		}
		return nil, Absent("connection", name, names, "kith connections list")
	}
	if err != nil {
		return nil, err
	}
	return w.Connect(ctx, c, object)
}
