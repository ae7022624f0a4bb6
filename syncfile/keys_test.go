package syncfile

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/kith-sync/kith/notify"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/schedule"
)

// The key tables know every key that plan.Sync has, and no other: a key that is
// read and then dropped would be ignored in silence.
func TestKeysAreThoseOfPlanSync(t *testing.T) {
	compareKeys(t, "", syncKeys(), reflect.TypeFor[plan.Sync](), "apiVersion", "kind", "source", "target", "schedule", "notify")
	compareKeys(t, "notify[].", notifyKeys(), reflect.TypeFor[notify.Rule]())
	compareKeys(t, "schedule.", scheduleKeys(), reflect.TypeFor[schedule.Schedule](), "paused")
	compareKeys(t, "source.", sourceKeys(), reflect.TypeFor[plan.Endpoint]())
	compareKeys(t, "target.", targetKeys(), reflect.TypeFor[plan.Endpoint](), "every_time", "which", "after", "no_file")
}

func compareKeys(t *testing.T, path string, keys []key, of reflect.Type, apart ...string) {
	t.Helper()
	fields := map[string]reflect.Type{}
	for f := range of.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if jsonName, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "-" && name != jsonName {
			t.Errorf("%s%s: the json tag is %q, the yaml tag %q; want one name", path, f.Name, jsonName, name)
		}
		fields[name] = f.Type
	}
	delete(fields, "-")
	for _, k := range keys {
		inner, there := fields[k.name]
		delete(fields, k.name)
		switch {
		case slices.Contains(apart, k.name):
		case !there && !k.later:
			t.Errorf("%s%s: plan has no such key", path, k.name)
		case k.shape == mapping && !k.later:
			compareKeys(t, path+k.name+".", k.keys, inner)
		case k.shape == mappings:
			compareKeys(t, path+k.name+"[].", k.keys, inner.Elem())
		}
	}
	for name := range fields {
		if !slices.Contains(apart, name) {
			t.Errorf("%s%s: plan has this key, the key tables do not", path, name)
		}
	}
}

// The default that the table promises is the default that plan fills in.
func TestDefaultsAreThoseOfPlan(t *testing.T) {
	s, err := Apply("", plan.Sync{Name: "a", Source: plan.Endpoint{File: "a"}, Target: plan.Endpoint{Book: "b"}})
	if err != nil {
		t.Fatal(err)
	}
	var walk func(keys []key, values map[string]any, path string)
	walk = func(keys []key, values map[string]any, path string) {
		for _, k := range keys {
			got, there := values[k.name].(string)
			inner, _ := values[k.name].(map[string]any)
			switch {
			case k.later:
			case path == "source." && (k.name == "which" || k.name == "no_file"): // of a remote file only: nothing is filled in
			case k.shape == mapping:
				walk(k.keys, inner, path+k.name+".")
			case k.fallback != "" && there && got != k.fallback:
				t.Errorf("%s%s: the table says %s, plan %s", path, k.name, k.fallback, got)
			case k.fallback != "" && k.shape == word && k.fallback != "none" && !there:
				t.Errorf("%s%s: the table says %s, plan nothing", path, k.name, k.fallback)
			case k.shape == word && k.fallback != "" && k.words[0] != k.fallback:
				t.Errorf("%s%s: the first word is %s, the default %s", path, k.name, k.words[0], k.fallback)
			}
		}
	}
	walk(syncKeys(), tree(s), "")
}

func TestNearest(t *testing.T) {
	words := []string{"always", "if_new_not_blank", "never", "email"}
	for _, c := range []struct{ name, in, want string }{
		{"a letter too many", "allways", "always"},
		{"a letter too few", "nevr", "never"},
		{"two letters swapped", "emial", "email"},
		{"capitals", "Always", "always"},
		{"camel case", "ifNewNotBlank", "if_new_not_blank"},
		{"dashes and spaces", "if-new not-blank", "if_new_not_blank"},
		{"something else", "trash", ""},
		{"a short word is not every short word", "ab", ""},
		{"a novel", strings.Repeat("always", 100), ""},
	} {
		if got := nearest(c.in, words); got != c.want {
			t.Errorf("%s: nearest(%q) = %q, want %q", c.name, c.in, got, c.want)
		}
	}
}
