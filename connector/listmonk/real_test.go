package listmonk_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/connectortest"
	"github.com/kith-sync/kith/connector/listmonk"
)

// A there is a listmonk that is not ours, and a list on it for one test.
type there struct {
	settings listmonk.Settings
	list     int
	made     int
}

// TestRealServer runs the suite against the server that KITH_LISTMONK_URL, _USER
// and _TOKEN name: a server for tests. It makes lists there, and deletes whoever
// has an address at example.com or example.net, where nobody has one.
func TestRealServer(t *testing.T) {
	s := listmonk.Settings{URL: os.Getenv("KITH_LISTMONK_URL"), User: os.Getenv("KITH_LISTMONK_USER"), Token: os.Getenv("KITH_LISTMONK_TOKEN"),
		Attributes: []string{"first_name", "note"}, PageSize: 20}
	if s.URL == "" {
		t.Skip("KITH_LISTMONK_URL names no listmonk")
	}
	client := &http.Client{Timeout: time.Minute, Transport: &http.Transport{}}
	connectortest.Remote{
		Open: func(t *testing.T) (connector.Remote, connectortest.Other) {
			one := &there{settings: s}
			one.do(t, "POST", "subscribers/query/delete", map[string]any{"query": "(subscribers.email LIKE '%@example.com' OR subscribers.email LIKE '%@example.net')"}, nil)
			var made struct{ ID int }
			one.do(t, "POST", "lists", map[string]any{"name": "Kith test " + strconv.FormatInt(time.Now().UnixNano(), 36), "type": "private", "optin": "single", "tags": []string{}}, &made)
			one.list, one.settings.List = made.ID, strconv.Itoa(made.ID)
			t.Cleanup(func() { one.do(t, "DELETE", "lists/"+one.settings.List, nil, nil) })
			l, err := listmonk.Open(t.Context(), one.settings, client)
			if err != nil {
				t.Fatal(err)
			}
			return l.Hasty(), one
		},
		Settle: func(*testing.T, connector.Remote) { client.CloseIdleConnections() },
	}.Run(t)
}

func (o *there) do(t *testing.T, method, path string, body, into any) {
	t.Helper()
	text, _ := json.Marshal(body)                                                         // tests write what can be written
	r, err := http.NewRequest(method, o.settings.URL+"/api/"+path, bytes.NewReader(text)) //nolint:noctx // also after the test's context has ended
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(o.settings.User, o.settings.Token)
	r.Header.Set("Content-Type", "application/json")
	answer, err := (&http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var got struct {
		Data    any    `json:"data"`
		Message string `json:"message"`
	}
	got.Data = into
	if err := json.NewDecoder(answer.Body).Decode(&got); err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: got %s, %s, %v", method, path, answer.Status, got.Message, err)
	}
}

func (o *there) entry(values map[string]string) map[string]any {
	address := values["email"]
	if address == "" {
		o.made++
		address = fmt.Sprintf("nobody%d@example.net", o.made)
	}
	return map[string]any{"email": address, "name": "Somebody", "status": "enabled", "attribs": attribs(values), "lists": []int{o.list}, "preconfirm_subscriptions": true}
}

func (o *there) Add(t *testing.T, values map[string]string) string {
	t.Helper()
	var made struct{ ID int }
	o.do(t, "POST", "subscribers", o.entry(values), &made)
	return strconv.Itoa(made.ID)
}

func (o *there) Change(t *testing.T, id string, values map[string]string) {
	t.Helper()
	o.do(t, "PUT", "subscribers/"+id, o.entry(values), nil)
}

func (o *there) Remove(t *testing.T, id string) {
	t.Helper()
	o.do(t, "DELETE", "subscribers?"+url.Values{"id": {id}}.Encode(), nil, nil)
}
