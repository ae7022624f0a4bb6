package metrics

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

func seen(t *testing.T, m *Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	return w.Body.String()
}

func ended(name string) store.Run {
	began := time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)
	return store.Run{Name: name, Status: store.WithErrors, Started: began, Finished: began.Add(3 * time.Second),
		RunDetail: store.RunDetail{Totals: plan.Totals{Read: 12, Created: 9, Rejected: 3}}}
}

func TestWhatPrometheusSees(t *testing.T) {
	at := time.Unix(1700000000, 0)
	m := New("v1", func(context.Context) (Now, error) {
		return Now{Success: map[string]time.Time{"people": at}, Next: map[string]time.Time{"people": at.Add(time.Hour)}, Waiting: 2,
			Oldest: time.Minute, Calls: map[string]int64{"office": 7}, Remaining: map[string]int64{"office": 93}}, nil
	})
	m.Ran(ended("people"), map[string]int64{"email.invalid": 3})
	text := seen(t, m)
	for _, want := range []string{
		`kith_run_total{result="completed_with_errors",sync="people"} 1`,
		`kith_run_duration_seconds_sum{sync="people"} 3`,
		`kith_rows_total{action="created",sync="people"} 9`,
		`kith_rejects_total{code="email.invalid",sync="people"} 3`,
		`kith_last_success_timestamp_seconds{sync="people"} 1.7e+09`,
		`kith_next_run_timestamp_seconds{sync="people"} 1.7000036e+09`,
		"kith_queue_depth 2", "kith_queue_age_seconds 60",
		`kith_api_calls_today{connection="office"} 7`, `kith_rate_limit_remaining{connection="office"} 93`,
		`version="v1"`, "go_goroutines",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing in\n%s", want, text)
		}
	}
}

func TestLabelsAreBounded(t *testing.T) {
	m := New("v1", func(context.Context) (Now, error) { return Now{}, nil })
	for i := range 3 * mostNames {
		m.Ran(ended(fmt.Sprintf("sync-%d", i)), nil)
		m.Ran(ended(fmt.Sprintf("import-ada-lovelace-%d", i)), nil)
	}
	text := seen(t, m)
	if got := strings.Count(text, "kith_run_total{"); got != mostNames+2 {
		t.Errorf("%d series of runs, want %d: the names, import and other", got, mostNames+2)
	}
	if strings.Contains(text, "lovelace") {
		t.Error("the name of an imported file is a label")
	}
}

// A database that does not answer leaves the counters as they are.
func TestCountersStayWhenTheDatabaseDoesNotAnswer(t *testing.T) {
	m := New("v1", func(context.Context) (Now, error) { return Now{}, errors.New("busy") })
	m.Ran(ended("people"), nil)
	if text := seen(t, m); !strings.Contains(text, "kith_run_total{") || strings.Contains(text, "kith_queue_depth 0") {
		t.Errorf("got\n%s", text)
	}
}
