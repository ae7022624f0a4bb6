package store

import (
	"encoding/json"
	"maps"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/kith-sync/kith/plan"
)

func TestPropWhatWasAgreedOnComesBack(t *testing.T) {
	text := rapid.OneOf(rapid.String(), rapid.SampledFrom(naughty()[:60]))
	agreed := rapid.Custom(func(t *rapid.T) (a plan.Agreed) {
		a.Ours, a.Theirs = text.Draw(t, "ours"), text.Draw(t, "theirs")
		for range rapid.IntRange(0, 2).Draw(t, "writes") {
			a.Wrote = append(a.Wrote, plan.Wrote{At: rapid.Int64().Draw(t, "at"), Value: rapid.Uint64().Draw(t, "hash")})
		}
		return a
	})
	rapid.Check(t, func(t *rapid.T) {
		base := rapid.MapOfN(text, agreed, 0, 4).Draw(t, "base")
		seen := rapid.MapOfN(text, text, 0, 4).Draw(t, "seen")
		for _, layout := range []func(any) ([]byte, error){json.Marshal, func(v any) ([]byte, error) { return json.MarshalIndent(v, "", " ") }} {
			data, _ := layout(base) // maps of strings and numbers
			var want map[string]plan.Agreed
			_ = json.Unmarshal(data, &want) // what is no UTF-8 is no longer there
			if got, err := parseAgreed(string(data)); err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("%s: got %v, %v, want %v", data, got, err, want)
			}
			data, _ = layout(seen)
			var texts map[string]string
			_ = json.Unmarshal(data, &texts)
			if got, err := parseTexts(string(data)); err != nil || !maps.Equal(got, texts) {
				t.Fatalf("%s: got %q, %v, want %q", data, got, err, texts)
			}
		}
	})
}

func TestDamagedObjectsAreRefused(t *testing.T) {
	for _, data := range []string{"", "{", `{"a"`, `{"a":`, `{"a":"b"`, `{"a":"b"}x`, `{"a":"b"{"c":"d"}`, `{"a":"b",}`, `{a:"b"}`, `{"a":1}`, `["a"]`} {
		if got, err := parseTexts(data); err == nil {
			t.Errorf("texts %s: got %q, want an error", data, got)
		}
		if got, err := parseAgreed(data); err == nil {
			t.Errorf("agreed %s: got %v, want an error", data, got)
		}
	}
	for _, data := range []string{`{"a":{"o":"b"}`, `{"a":{"o":1}}`, `{"a":{"w":[{"at":1}}}`, `{"a":{"w":[{"at":"x"}]}}`, `{"a":{"w":`} {
		if got, err := parseAgreed(data); err == nil {
			t.Errorf("agreed %s: got %v, want an error", data, got)
		}
	}
}
