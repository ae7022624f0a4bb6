package syncfile

import (
	"path"
	"strings"

	"github.com/kith-sync/kith/plan"
)

// checkAfter judges what becomes of a remote file: keep, delete or {move: DIR}.
func checkAfter(v any, at string) []Error {
	const hint = "Write keep, delete or {move: DIR}."
	if m, ok := v.(map[string]any); ok {
		folder, ok := m["move"].(string)
		if !ok || len(m) != 1 || strings.TrimSpace(folder) == "" {
			return []Error{{Key: at, Message: "says nothing that can be done with a file", Hint: hint}}
		}
		return nil
	}
	if v != plan.AfterKeep && v != plan.AfterDelete {
		return []Error{{Key: at, Message: describe(v) + " is nothing that can be done with a file", Hint: hint}}
	}
	return nil
}

// remoteRules judges a source that is a file of a connection.
func remoteRules(s plan.Sync, say sayer) {
	e := s.Source
	if e.Path == "" {
		for _, k := range []struct{ name, value string }{{"which", e.Which}, {"after", string(e.After)}, {"no_file", e.NoFile}} {
			if k.value != "" {
				say("source."+k.name, "belongs to a file of a connection", "Write source: {connection: NAME, path: /out/people-*.csv}.")
			}
		}
		return
	}
	if e.Connection == "" {
		say("source.path", "belongs to a connection", "Write source: {connection: NAME, path: "+e.Path+"}, or file: for a file of this machine.")
		return
	}
	if e.Object != "" {
		say("source.object", "stands beside path", "A file has no objects: leave one of the two out.")
	}
	folder, name := path.Split(e.Path)
	if strings.ContainsAny(folder, "*?[") {
		say("source.path", "has a pattern in its folder", "Only the name of the file may be one, as in /out/people-*.csv.")
	}
	if _, err := path.Match(name, ""); err != nil {
		say("source.path", "the pattern "+describe(name)+" cannot be read", "A [ needs its ].")
	}
	pattern := strings.ContainsAny(name, "*?[")
	switch {
	case e.Which != "" && !pattern:
		say("source.which", "asks which of several files, and path names one", "Leave it out, or write a pattern such as people-*.csv.")
	case e.Which != plan.WhichAll:
	case removes(s):
		say("policy.delete.not_found", "a file of several never holds everybody: who is in another one would be taken for gone",
			"Write not_found: keep, or which: newest where each file holds everybody.")
	case e.EveryTime:
		say("source.every_time", "each file of which: all is read once", "Leave it out.")
	}
}
