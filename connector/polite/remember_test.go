package polite_test

import (
	"testing"

	"github.com/kith-sync/kith/connector/polite"
)

func TestTheSchemaIsAskedForOnce(t *testing.T) {
	s := &scripted{}
	counted := polite.Count(s)
	r := polite.Remember(counted)
	for range 3 {
		if _, err := r.Schema(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := counted.Counts().Schema; got != 1 {
		t.Errorf("asked %d times, want once", got)
	}
}
