package web

import (
	"errors"
	"slices"

	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/service"
)

// An ask is one field of a form, drawn from what a system says it needs.
type ask struct {
	Name, Label, Hint string
	Value             string
	Type              string   // of the input; "long" for several lines
	Options           []choice // to choose from, instead
	Required          bool
	Error             string
	Auto              string // what a browser may fill in
}

// mistakes are what is wrong with the fields of a form, by field. What is wrong with
// the form as a whole stands under no name.
type mistakes map[string]string

// mistakesOf reads what a service refused; ok is false for an error that is no
// mistake of the form.
func mistakesOf(err error) (m mistakes, ok bool) {
	var fields service.FieldErrors
	if errors.As(err, &fields) {
		m = mistakes{}
		for _, f := range fields {
			m[f.Field] = f.Message + "."
		}
		return m, true
	}
	if _, said := errors.AsType[*run.Error](err); said {
		return mistakes{"": sentenceOf(err)}, true
	}
	return nil, false
}

// rest are the mistakes that have no field among these names.
func (m mistakes) rest(names ...string) (all []string) {
	for field, message := range m {
		if !slices.Contains(names, field) {
			all = append(all, message)
		}
	}
	slices.Sort(all)
	return all
}

// asks draws the settings of a connection or a channel.
func asks(settings []service.SettingReport, values map[string]string, wrong mistakes) (all []ask) {
	for _, s := range settings {
		if s.Name == fileOfMachine {
			continue
		}
		a := ask{Name: "set." + s.Name, Label: settingLabel(s.Name), Hint: s.Help, Value: values[s.Name], Type: "text", Required: s.Required, Error: wrong[s.Name], Auto: "off"}
		switch s.Name {
		case "starttls", "gzip", "protect":
			a.Options = choices(a.Value, "", "no", "yes", "yes")
		case "tls":
			a.Options = choices(a.Value, "", "explicit (AUTH TLS, port 21)", "implicit", "implicit (port 990)")
		case "security":
			a.Options, a.Hint = choices(a.Value, "", "STARTTLS", "tls", "TLS from the beginning", "none", "none"), "none is for a server on this machine"
		case "insecure":
			a.Options, a.Hint = choices(a.Value, "", "no", "accepted", "accepted"), "accepted lets mails, and the password, go where others can read along"
		case "host_key":
			a.Hint = "as ssh-keygen -l prints it. Leave it blank, and Test shows it to you"
		case "to":
			a.Hint = "an e-mail address, where it is ticked below that it hears of every sync"
		case "calls_per_day", "page_size", "max_mb":
			a.Type = "number"
		case "port":
			a.Type, a.Hint = "number", "587 when left blank; 465 with TLS from the beginning"
		}
		all = append(all, a)
	}
	return all
}

// few splits fields into those that everybody needs and those that few do. Opened
// tells that one of the latter has something in it.
func few(all []ask, often ...string) (most, more []ask, opened bool) {
	for _, a := range all {
		if a.Required || slices.Contains(often, a.Name) {
			most = append(most, a)
			continue
		}
		more = append(more, a)
		opened = opened || a.Value != "" || a.Error != ""
	}
	return most, more, opened
}

// fileOfMachine is a setting that no form has: it is set on the command line, and
// kept.
const fileOfMachine = "ca"

// drawn are the fields that a form of a connection or a channel has.
func drawn(settings []service.SettingReport) []string {
	names := []string{"name", "secret"}
	for _, s := range settings {
		if s.Name != fileOfMachine {
			names = append(names, s.Name)
		}
	}
	return names
}

// settingLabel says the name of a setting in words.
func settingLabel(name string) string {
	words := map[string]string{
		"url": "Address", "user": "Login", "base": "Where people are", "filter": "Filter", "key": "Identifier", "attributes": "Further attributes",
		"starttls": "Encrypt (STARTTLS)", "page_size": "Entries in one answer", "ca": "Certificate file", "calls_per_day": "Calls a day", "calls_per_second": "Calls a second",
		"max_mb": "Largest file (MB)", "gzip": "Packed files (.gz)", "marker": "Marker", "settle_seconds": "Seconds to settle", "tls": "TLS", "host_key": "Server's key",
		"host": "Server", "from": "From", "port": "Port", "security": "Encryption", "to": "Mails about every sync go to", "hello": "Name of this machine", "insecure": "Without encryption",
		"client_id": "Client ID (consumer key)", "auth": "How to sign in", "username": "User to act as", "external_id": "Field for Kith's keys", "duplicates": "Duplicate rules",
		"new_accounts": "New accounts", "api_version": "Version of the API", "bulk_from": "Bulk from", "opt_in": "Not opted out means", "protect": "Never overwrite values there", "gate": "Gate for new records", "new_status": "Status of new members",
	}
	if text, known := words[name]; known {
		return text
	}
	return name
}

// settingsTyped are the values of the form's settings.
func (v *visit) settingsTyped(settings []service.SettingReport) map[string]string {
	typed := map[string]string{}
	for _, s := range settings {
		if value := v.form("set." + s.Name); value != "" {
			typed[s.Name] = value
		}
	}
	return typed
}
