package httpfault_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/httpfault"
)

func TestWhatNoAnswerMeans(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, row := range []struct {
		sentence string
		ctx      context.Context
		err      error
		sent     bool
		want     connector.FaultKind // 0: the context's own error
	}{
		{"a write that was sent may have arrived", t.Context(), errors.New("reset"), true, connector.Unknown},
		{"so it may when the run was stopped meanwhile", ended, errors.New("reset"), true, connector.Unknown},
		{"what was stopped before it was sent is no fault", ended, errors.New("reset"), false, 0},
		{"an authority that nobody knows is not asked again", t.Context(), &tls.CertificateVerificationError{}, false, connector.Denied},
		{"a read is asked again", t.Context(), errors.New("reset"), false, connector.Busy},
	} {
		got := httpfault.NoAnswer(row.ctx, &url.Error{Op: "Get", URL: "https://crm.example.org/?email=ada@example.com", Err: row.err}, row.sent, "The CRM")
		f, is := errors.AsType[*connector.Fault](got)
		if is != (row.want != 0) || is && f.Kind != row.want || strings.Contains(got.Error(), "ada@") {
			t.Errorf("%s: got %v", row.sentence, got)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	for _, row := range []struct {
		sentence, header string
		want             time.Duration
	}{
		{"seconds", "120", 2 * time.Minute},
		{"a date, by the server's own clock", now.Add(time.Hour).Format(http.TimeFormat), time.Hour},
		{"a date that has passed", now.Add(-time.Hour).Format(http.TimeFormat), 0},
		{"longer than a day is a day", "999999999999", 24 * time.Hour},
		{"less than nothing says nothing", "-5", 0},
		{"words say nothing", "soon", 0},
		{"nothing says nothing", "", 0},
	} {
		h := http.Header{"Date": {now.Format(http.TimeFormat)}}
		h.Set("Retry-After", row.header)
		if got := httpfault.RetryAfter(h); got != row.want {
			t.Errorf("%s: got %v, want %v", row.sentence, got, row.want)
		}
	}
}
