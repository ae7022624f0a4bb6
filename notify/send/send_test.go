package send_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kith-sync/kith/egress"
	"github.com/kith-sync/kith/notify"
	"github.com/kith-sync/kith/notify/send"
	"github.com/kith-sync/kith/plan"
)

// A heard request is what a server was told.
type heard struct {
	path   string
	header http.Header
	body   []byte
}

// listen starts a server that answers everything alike.
func listen(t *testing.T, code int, header ...string) (address string, told *[]heard) {
	t.Helper()
	told = &[]heard{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		*told = append(*told, heard{r.Method + " " + r.URL.RequestURI(), r.Header, body})
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}))
	t.Cleanup(s.Close)
	return s.URL, told
}

func sender(t *testing.T, c send.Channel) send.Sender {
	t.Helper()
	guard, err := egress.New(egress.Settings{Allow: "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	s, err := send.Open(c, send.Options{Guard: guard})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var now = time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)

// envelope has a message about a sync of that name whose file was not there.
func envelope(name string) send.Envelope {
	_, notices := notify.Decide(notify.State{}, notify.Result{Sync: name, Run: 12, Outcome: notify.RunFailed, At: now, Code: "source.missing",
		Message: "There is no file people.csv", Totals: plan.Totals{Read: 3, Unchanged: 3}}, []notify.Rule{{Channel: "x"}})
	return send.Envelope{ID: "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W", Made: now, Now: now.Add(time.Minute), Message: notices[0].Message.WithBase("https://kith.example.org")}
}

// verify is the receiver's side of Standard Webhooks, written from its description:
// the signed text is id.timestamp.body, the key is what stands in base64 behind
// whsec_, and one of the signatures in the header has to be it.
func verify(secret string, h http.Header, body []byte, at time.Time) error {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return err
	}
	seconds, err := strconv.ParseInt(h.Get("Webhook-Timestamp"), 10, 64)
	if err != nil {
		return err
	}
	if age := at.Unix() - seconds; age > 300 || age < -300 {
		return errors.New("the timestamp is more than five minutes away")
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(h.Get("Webhook-Id") + "." + h.Get("Webhook-Timestamp") + "."))
	mac.Write(body)
	want := mac.Sum(nil)
	for one := range strings.SplitSeq(h.Get("Webhook-Signature"), " ") {
		version, text, _ := strings.Cut(one, ",")
		got, err := base64.StdEncoding.DecodeString(text)
		if version == "v1" && err == nil && hmac.Equal(got, want) {
			return nil
		}
	}
	return errors.New("no signature fits")
}

// The receiver's side itself, against the example of the scheme's specification.
func TestTheVerifierKnowsTheExampleOfTheScheme(t *testing.T) {
	h := http.Header{}
	h.Set("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek")
	h.Set("webhook-timestamp", "1614265330")
	h.Set("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
	if err := verify("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", h, []byte(`{"test": 2432232314}`), time.Unix(1614265330, 0)); err != nil {
		t.Error(err)
	}
}

func TestAWebhookIsSigned(t *testing.T) {
	first, second := send.SigningSecret([]byte(strings.Repeat("a", 32))), send.SigningSecret([]byte(strings.Repeat("b", 24)))
	for _, row := range []struct {
		sentence, secrets, receiver string
		fits                        bool
	}{
		{"with its secret", first, first, true},
		{"with the new secret while the receiver has the old one", second + " " + first, first, true},
		{"with the new secret when the receiver has it too", second + " " + first, second, true},
		{"not for a receiver with another secret", first, second, false},
	} {
		url, told := listen(t, http.StatusNoContent)
		e := envelope("attendees")
		if err := sender(t, send.Channel{Kind: "webhook", Secret: row.secrets, Settings: map[string]string{"url": url + "/hook?x=1"}}).Send(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		got := (*told)[0]
		if err := verify(row.receiver, got.header, got.body, e.Now); (err == nil) != row.fits {
			t.Errorf("%s: got %v, want it to fit: %v", row.sentence, err, row.fits)
		}
		if err := verify(row.receiver, got.header, append(got.body, ' '), e.Now); err == nil {
			t.Errorf("%s: a body that was changed fits", row.sentence)
		}
		if err := verify(row.receiver, got.header, got.body, e.Now.Add(time.Hour)); err == nil {
			t.Errorf("%s: an hour later it fits", row.sentence)
		}
		var body struct {
			Type string
			Data notify.Message
		}
		if err := json.Unmarshal(got.body, &body); err != nil || body.Type != "run.failed" || body.Data.Run != 12 || body.Data.Causes[0].Code != "source.missing" {
			t.Errorf("%s: the body is %s, %v", row.sentence, got.body, err)
		}
		if got.path != "POST /hook?x=1" || got.header.Get("webhook-id") != e.ID {
			t.Errorf("%s: got %s with the id %s", row.sentence, got.path, got.header.Get("webhook-id"))
		}
	}
}

func TestChats(t *testing.T) {
	const hostile = "<!channel> @channel *a* [b](https://eve.example.com) <https://eve.example.com|b>"
	for _, row := range []struct {
		kind string
		want []string // in the body
		not  []string
	}{
		{"slack", []string{`"text":"*`, "\\u0026lt;!channel\\u0026gt;"}, []string{"<!channel>", "<https", "\\u003c!"}},
		{"mattermost", []string{`"text":"**`, "@\u200bchannel"}, []string{"@channel"}},
		{"discord", []string{`"parse":[]`, "@\u200bchannel", `\\*a\\*`}, []string{"@channel"}},
		{"teams", []string{"AdaptiveCard", "https://kith.example.org/runs/12"}, []string{"@channel", "[b]("}},
		{"generic", []string{`"title":`, `"text":`, `"url":"https://kith.example.org/runs/12"`}, nil},
	} {
		url, told := listen(t, http.StatusOK)
		if err := sender(t, send.Channel{Kind: row.kind, Secret: url + "/services/T0/B0/x"}).Send(t.Context(), envelope(hostile)); err != nil {
			t.Fatalf("%s: %v", row.kind, err)
		}
		got := (*told)[0]
		if !json.Valid(got.body) || got.header.Get("Content-Type") != "application/json" || got.path != "POST /services/T0/B0/x" {
			t.Errorf("%s: got %s, %s\n%s", row.kind, got.path, got.header.Get("Content-Type"), got.body)
		}
		for _, w := range row.want {
			if !strings.Contains(string(got.body), w) {
				t.Errorf("%s: want %q in\n%s", row.kind, w, got.body)
			}
		}
		for _, n := range row.not {
			if strings.Contains(string(got.body), n) {
				t.Errorf("%s: want no %q in\n%s", row.kind, n, got.body)
			}
		}
	}
}

func TestNtfy(t *testing.T) {
	url, told := listen(t, http.StatusOK)
	address := strings.Replace(url, "http://", "http://:tk_secret@", 1) + "/below/alerts"
	if err := sender(t, send.Channel{Kind: "ntfy", Secret: address}).Send(t.Context(), envelope("Größe")); err != nil {
		t.Fatal(err)
	}
	got := (*told)[0]
	var body struct{ Topic, Title, Message, Click string }
	if err := json.Unmarshal(got.body, &body); err != nil {
		t.Fatal(err)
	}
	if got.path != "POST /below/" || body.Topic != "alerts" || body.Title != "Größe: a run failed" || body.Click != "https://kith.example.org/runs/12" {
		t.Errorf("got %s: %+v", got.path, body)
	}
	if got.header.Get("Authorization") != "Bearer tk_secret" {
		t.Errorf("authorization: got %q", got.header.Get("Authorization"))
	}
}

func TestPing(t *testing.T) {
	url, told := listen(t, http.StatusOK)
	s := sender(t, send.Channel{Kind: "ping", Secret: url + "/5f1c?create=1"})
	for _, signal := range []send.Signal{send.Start, send.Success, send.Fail} {
		e := envelope("attendees")
		e.Ping = signal
		if err := s.Send(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []string{"POST /5f1c/start?create=1", "POST /5f1c?create=1", "POST /5f1c/fail?create=1"} {
		if got := (*told)[i].path; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// webKinds are the channels that speak HTTP, each with an address that holds a secret.
func webKinds(url string) (all []send.Channel) {
	for _, k := range send.Kinds() {
		switch k.Name {
		case "smtp":
		case "webhook":
			all = append(all, send.Channel{Kind: k.Name, Secret: send.SigningSecret(make([]byte, 32)), Settings: map[string]string{"url": url + "/hunter2/x"}})
		default:
			all = append(all, send.Channel{Kind: k.Name, Secret: url + "/hunter2/x"})
		}
	}
	return all
}

func TestAnswers(t *testing.T) {
	for _, row := range []struct {
		sentence string
		code     int
		header   []string
		refused  bool
		wait     time.Duration
	}{
		{"an error of the server is tried again", 500, nil, false, 0},
		{"what was not found is tried again: somebody may mend the address", 404, nil, false, 0},
		{"gone is gone", 410, nil, true, 0},
		{"busy says when", 429, []string{"Retry-After", "120"}, false, 2 * time.Minute},
		{"down for ever waits six hours", 503, []string{"Retry-After", "99999999999"}, false, 6 * time.Hour},
		{"down for a year waits six hours", 503, []string{"Retry-After", "31536000"}, false, 6 * time.Hour},
		{"busy says no number", 429, []string{"Retry-After", "soon"}, false, 0},
	} {
		url, _ := listen(t, row.code, row.header...)
		for _, c := range webKinds(url) {
			err := sender(t, c).Send(t.Context(), envelope("a"))
			refusal, busy := (*send.Refusal)(nil), (*send.Busy)(nil)
			if err == nil || errors.As(err, &refusal) != row.refused || errors.As(err, &busy) != (row.wait > 0) || busy != nil && busy.After != row.wait {
				t.Errorf("%s, %s: got %#v, want refused %v, wait %s", row.sentence, c.Kind, err, row.refused, row.wait)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s, %s: the error has the secret address: %v", row.sentence, c.Kind, err)
			}
		}
	}
}

func TestNoRedirectIsFollowed(t *testing.T) {
	var visits atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { visits.Add(1) }))
	t.Cleanup(elsewhere.Close)
	for _, code := range []int{301, 302, 303, 307, 308} {
		url, _ := listen(t, code, "Location", elsewhere.URL)
		for _, c := range webKinds(url) {
			if err := sender(t, c).Send(t.Context(), envelope("a")); err == nil || !strings.Contains(err.Error(), "moved") {
				t.Errorf("%d, %s: got %v, want an error that says it has moved", code, c.Kind, err)
			}
		}
	}
	if n := visits.Load(); n != 0 {
		t.Errorf("%d requests went elsewhere, want none", n)
	}
}

// A server that does not answer, and one that is not there, tell no secret either.
func TestErrorsHaveNoSecret(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	closed := httptest.NewServer(nil)
	closed.Close()
	for _, c := range webKinds(closed.URL) {
		for _, ctx := range []context.Context{ctx, t.Context()} {
			if err := sender(t, c).Send(ctx, envelope("a")); err == nil || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s: got %v, want an error without the address", c.Kind, err)
			}
		}
	}
}

func TestChannelsThatAreRefused(t *testing.T) {
	mail := func(set ...string) send.Channel {
		c := send.Channel{Kind: "smtp", Settings: map[string]string{"host": "mail.example.org", "from": "kith@example.org"}}
		for i := 0; i+1 < len(set); i += 2 {
			c.Settings[set[i]] = set[i+1]
		}
		return c
	}
	for _, row := range []struct {
		sentence string
		channel  send.Channel
		want     string // in the error; empty: it is right
	}{
		{"a mail server", mail(), ""},
		{"mails in the clear", mail("security", "none"), "read along"},
		{"mails in the clear that somebody accepts", mail("security", "none", "insecure", "accepted"), ""},
		{"mails in the clear on this machine", mail("security", "none", "host", "localhost"), ""},
		{"mails in the clear on this machine by address", mail("security", "none", "host", "::1"), ""},
		{"a name that only begins like this machine", mail("security", "none", "host", "localhost.example.org"), "read along"},
		{"a sender with a second header", mail("from", "kith@example.org\r\nBcc: eve@example.com"), "line break"},
		{"a sender with a name", mail("from", "Kith <kith@example.org>"), "not an e-mail address"},
		{"a greeting with a second word", mail("hello", "kith\r\nMAIL FROM:<eve@example.com>"), "line break"},
		{"no host", mail("host", ""), "host is missing"},
		{"a port that is none", mail("port", "0"), "port is a number"},
		{"a protection nobody knows", mail("security", "ssl"), "starttls, tls or none"},
		{"a user without a password", mail("user", "kith"), "needs a password"},
		{"a setting of nothing", mail("url", "x"), "no setting"},
		{"a kind nobody knows", send.Channel{Kind: "fax"}, "no kind of channel"},
		{"a chat without an address", send.Channel{Kind: "slack"}, "secret is missing"},
		{"a chat at a file", send.Channel{Kind: "slack", Secret: "file:///etc/passwd"}, "https://"},
		{"a chat at no host", send.Channel{Kind: "teams", Secret: "https://"}, "https://"},
		{"a web hook with a short secret", send.Channel{Kind: "webhook", Secret: "whsec_YQ==", Settings: map[string]string{"url": "https://example.org"}}, "24 to 64 bytes"},
		{"a web hook with a password in its address", send.Channel{Kind: "webhook", Secret: send.SigningSecret(make([]byte, 32)), Settings: map[string]string{"url": "https://a:b@example.org"}}, "no password"},
	} {
		err := send.Check(row.channel)
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want %q", row.sentence, err, row.want)
		}
	}
}
