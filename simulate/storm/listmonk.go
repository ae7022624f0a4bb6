package storm

import (
	"context"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/listmonk"
	"github.com/kith-sync/kith/connector/listmonk/sandbox"
	"github.com/kith-sync/kith/contact"
)

// newsletter is a list on a listmonk server, some of whose subscribers are on no list.
type newsletter struct {
	*sandbox.Sandbox
	list   int
	wrote  int
	breach int
	undo   []func()

	forgets bool
}

func newListmonk(rng *rand.Rand, c *clock) vendor {
	n := &newsletter{}
	o := sandbox.Options{User: "kith", Token: "correct horse", Now: c.Now, Old: chance(rng, 25), First: chance(rng, 10), PutResubscribes: chance(rng, 30)}
	if !o.First { // listmonk 1 does not list in order: the connector says so
		o.MaxPage = pick(rng, 0, 0, 3)
	}
	n.Sandbox, n.forgets = sandbox.New(o), o.PutResubscribes && (o.Old || o.First)
	n.list = n.AddList("News", pick(rng, "single", "double"))
	return n
}

func (n *newsletter) object() string { return "subscribers" }

func (n *newsletter) hearsNo() bool { return false }

func (n *newsletter) forgetsNo() bool { return n.forgets }

func (n *newsletter) overwrites(r *http.Request) bool {
	return r.Method == http.MethodPut && wholeRecord.MatchString(r.URL.Path)
}

var wholeRecord = regexp.MustCompile(`^/api/subscribers/[0-9]+$`)

func (n *newsletter) halves() bool { return true }

func (n *newsletter) fields() [][2]string {
	return [][2]string{{"email", "email"}, {"first_name", "name"}, {"last_name", "last_name"}, {"company", "company"}, {"note", "note"}, {"news", "status"}}
}

func (n *newsletter) open(ctx context.Context, url string, client *http.Client, _ *clock) (connector.Remote, error) {
	return listmonk.Open(ctx, listmonk.Settings{URL: url, User: "kith", Token: "correct horse", List: "News", Attributes: []string{"last_name", "company", "note"}, PageSize: 40}, client)
}

// most is above every number of a world's subscribers.
const most = 200

func (n *newsletter) people() map[string]map[string]string {
	all := map[string]map[string]string{}
	for id := range most {
		p, is := n.Get(id)
		state, on := p.Lists[n.list]
		if !is || !on {
			continue
		}
		one := map[string]string{"email": p.Email, "first_name": p.Name, "news": said(p.Status, state)}
		for _, f := range []string{"last_name", "company", "note"} {
			one[f], _ = p.Attribs[f].(string)
		}
		all[strconv.Itoa(id)] = one
	}
	return all
}

// said is what a person has said to the list, as listmonk's manual has it.
func said(status, subscription string) string {
	switch {
	case status == "blocklisted":
		return contact.Suppressed
	case status == "disabled", subscription == "unsubscribed":
		return contact.Unsubscribed
	case subscription == "confirmed":
		return contact.Subscribed
	}
	return contact.Pending
}

func (n *newsletter) add(values map[string]string) {
	state := "confirmed"
	if values["news"] == contact.Unsubscribed {
		state = "unsubscribed"
	}
	n.Add(sandbox.Person{Email: values["email"], Name: values["first_name"], Lists: map[int]string{n.list: state},
		Attribs: map[string]any{"last_name": values["last_name"], "company": values["company"], "note": values["note"]}})
}

func (n *newsletter) edit(id, field, value string) {
	n.Change(number(id), func(p *sandbox.Person) {
		switch field {
		case "email":
			p.Email = value
		case "first_name":
			p.Name = value
		default:
			p.Attribs[field] = value
		}
	})
}

func number(id string) int {
	n, err := strconv.Atoi(id)
	if err != nil {
		panic(err) // ours are numbers
	}
	return n
}

// remove takes somebody off the list, and every other one off the server.
func (n *newsletter) remove(id string) {
	if number(id)%2 == 0 {
		n.Delete(number(id))
		return
	}
	n.Leave(number(id), n.list)
}

func (n *newsletter) sayNo(id string) { n.Says(number(id), n.list, "unsubscribed") }

func (n *newsletter) upheaval(string, string) (bool, string) { return false, "" }

func (n *newsletter) storm(rng *rand.Rand) string {
	f := sandbox.Fault{Times: 1 + rng.IntN(9), RetryAfter: pick(rng, 0, time.Second, 7*time.Second, 5*time.Minute)}
	what := "busy"
	switch rng.IntN(6) {
	case 0, 1:
		f.Status, what = http.StatusTooManyRequests, "429 storm"
	case 2:
		f.Status, f.Times, what = http.StatusForbidden, 1, "the token is not taken"
	case 3:
		f.Status, f.Method, f.Commit, f.Times, what = http.StatusInternalServerError, pick(rng, "POST", "PUT", "PATCH"), true, 1+rng.IntN(2), "time-out after commit"
	case 4:
		f.Status = http.StatusInternalServerError
	default:
		f.Status = http.StatusServiceUnavailable
	}
	n.undo = append(n.undo, n.Fail(f))
	return what
}

func (n *newsletter) calm() {
	for _, undo := range n.undo {
		undo()
	}
}

func (n *newsletter) writes() int {
	n.count()
	return n.wrote
}

func (n *newsletter) count() {
	c := n.Counts() // since the last time
	n.breach += c.Breaches
	for call, times := range c.Calls {
		if !strings.HasPrefix(call, "GET ") {
			n.wrote += times
		}
	}
}

func (n *newsletter) breaches() []string {
	if n.count(); n.breach > 0 {
		return []string{strconv.Itoa(n.breach) + " calls too many in a minute"}
	}
	return nil
}
