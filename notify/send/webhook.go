package send

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/kith-sync/kith/notify"
)

func webhookKind() Kind {
	return Kind{
		Name: "webhook", Title: "A program of yours, told by signed HTTP requests (Standard Webhooks)",
		Settings: []Setting{{"url", "where the requests go", true}},
		Secret:   "signing secret whsec_...; while you change it, the new and the old one with a space between", Needs: true,
		check: func(c Channel) error {
			if u, err := url.Parse(c.Settings["url"]); err == nil && u.User != nil {
				return errors.New("the address of a web hook holds no password; the requests are signed")
			}
			if _, err := signingKeys(c.Secret); err != nil {
				return err
			}
			return checkAddress(c.Settings["url"])
		},
		open: func(c Channel, o Options) Sender {
			keys, _ := signingKeys(c.Secret) // checked
			return &webhook{url: c.Settings["url"], keys: keys, client: client(o)}
		},
	}
}

// SigningSecret writes a key of 24 to 64 bytes as a signing secret.
func SigningSecret(key []byte) string { return prefix + base64.StdEncoding.EncodeToString(key) }

const prefix = "whsec_"

// signingKeys reads one or more signing secrets, the newest first.
func signingKeys(secrets string) (keys [][]byte, err error) {
	for one := range strings.FieldsSeq(secrets) {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(one, prefix))
		if err != nil || len(key) < 24 || len(key) > 64 {
			return nil, errors.New("a signing secret is whsec_ and 24 to 64 bytes in base64. Leave it out, and one is made")
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, errors.New("there is no signing secret")
	}
	return keys, nil
}

type webhook struct {
	url    string
	keys   [][]byte
	client *http.Client
}

// An event is the body of a request.
type event struct {
	Type      string         `json:"type"` // run.failed
	Timestamp time.Time      `json:"timestamp"`
	Data      notify.Message `json:"data"`
}

// Send signs what it sends by the Standard Webhooks scheme: the receiver computes
// HMAC-SHA256 of "id.timestamp.body" and finds it among the signatures, refuses
// old timestamps, and drops an id that it has seen.
func (w *webhook) Send(ctx context.Context, e Envelope) error {
	body, err := json.Marshal(event{"run." + string(e.Message.Event), e.Made.UTC(), e.Message})
	if err != nil {
		return err
	}
	at := strconv.FormatInt(e.Now.Unix(), 10)
	return post(ctx, w.client, w.url, map[string]string{
		"Content-Type":      "application/json",
		"webhook-id":        e.ID,
		"webhook-timestamp": at,
		"webhook-signature": w.sign(e.ID + "." + at + "." + string(body)),
	}, body)
}

// sign gives a signature for every secret, so that a receiver may know only one.
func (w *webhook) sign(text string) string {
	signatures := make([]string, len(w.keys))
	for i, key := range w.keys {
		mac := hmac.New(sha256.New, key)
		fmt.Fprint(mac, text)
		signatures[i] = "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	return strings.Join(signatures, " ")
}
