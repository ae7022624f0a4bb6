package storm

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/salesforce"
	"github.com/kith-sync/kith/connector/salesforce/sandbox"
	"github.com/kith-sync/kith/contact"
)

// org is a Salesforce org whose Leads and Contacts are the people.
type org struct {
	*sandbox.Sandbox
	clock    *clock
	bulkFrom int
	undo     []func()
}

func newSalesforce(rng *rand.Rand, c *clock) vendor {
	o := &org{clock: c, bulkFrom: pick(rng, 0, 0, 2)}
	o.Sandbox = sandbox.New(sandbox.Options{Now: c.Now, ShortPage: pick(rng, 0, 2, 3), Unordered: chance(rng, 50), PageSize: pick(rng, 0, 5)})
	if chance(rng, 50) { // Tier A of reliability.md
		for _, object := range []string{"Lead", "Contact"} {
			o.AddField(object, sandbox.NewField{Name: salesforce.ExternalID, Label: "Kith Id", Length: 40, External: true, Unique: chance(rng, 70)})
		}
	}
	return o
}

func (o *org) object() string { return salesforce.Person }

func (o *org) hearsNo() bool { return false }

func (o *org) forgetsNo() bool { return false }

func (o *org) overwrites(*http.Request) bool { return false }

func (o *org) halves() bool { return false }

func (o *org) fields() [][2]string {
	return [][2]string{{"email", "Email"}, {"first_name", "FirstName"}, {"last_name", "LastName"}, {"company", salesforce.Company},
		{"note", "Description"}, {"news", "HasOptedOutOfEmail"}, {"sync_as", salesforce.SyncAs}}
}

func (o *org) open(ctx context.Context, url string, client *http.Client, c *clock) (connector.Remote, error) {
	return salesforce.Open(ctx, salesforce.Settings{URL: url, Auth: "client_credentials", ClientID: "kith", ClientSecret: "sandbox", Object: salesforce.Person,
		BulkFrom: o.bulkFrom, UntickedSaysNothing: true, Sleep: c.Sleep}, client, c.Now)
}

// ServeHTTP tells the time of the world.
func (o *org) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", o.clock.Now().UTC().Format(http.TimeFormat))
	o.Sandbox.ServeHTTP(w, r)
}

func (o *org) people() map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, object := range []string{"Lead", "Contact"} {
		for _, id := range o.IDs(object) {
			v := o.Values(id)
			if v["IsConverted"] == "true" {
				continue // the contact stands for it
			}
			all[id] = map[string]string{"email": v["Email"], "first_name": v["FirstName"], "last_name": v["LastName"], "note": v["Description"], "sync_as": object}
			if all[id]["company"] = v["Company"]; object == "Contact" && v["AccountId"] != "" {
				all[id]["company"] = o.Values(v["AccountId"])["Name"]
			}
			if v["HasOptedOutOfEmail"] == "true" {
				all[id]["news"] = contact.Unsubscribed
			}
		}
	}
	return all
}

func (o *org) add(values map[string]string) {
	v := map[string]string{}
	for _, f := range o.fields() {
		if f[0] != "company" && f[0] != "news" && f[0] != "sync_as" && values[f[0]] != "" {
			v[f[1]] = values[f[0]]
		}
	}
	v["HasOptedOutOfEmail"] = strconv.FormatBool(values["news"] == contact.Unsubscribed)
	if values["sync_as"] == "Lead" {
		v["Company"] = values["company"]
	} else {
		v["AccountId"] = o.account(values["company"])
	}
	o.Add(values["sync_as"], v)
}

func (o *org) account(name string) string {
	if ids := o.Find("Account", "Name", name); len(ids) > 0 {
		return ids[0]
	}
	return o.Add("Account", map[string]string{"Name": name})
}

func (o *org) edit(id, field, value string) {
	name := map[string]string{"email": "Email", "first_name": "FirstName", "last_name": "LastName", "note": "Description", "company": "Company"}[field]
	if field == "company" && slices.Contains(o.IDs("Contact"), id) {
		name, value = "AccountId", o.account(value)
	}
	o.Change(id, map[string]string{name: value})
}

func (o *org) remove(id string) { o.Remove(id) }

func (o *org) sayNo(id string) { o.Change(id, map[string]string{"HasOptedOutOfEmail": "true"}) }

// upheaval converts a lead, or merges two records of one object.
func (o *org) upheaval(one, other string) (merged bool, done string) {
	leads := o.IDs("Lead")
	switch {
	case slices.Contains(leads, one) && (one == other || !slices.Contains(leads, other)):
		to, _ := o.Convert(one, sandbox.Conversion{})
		return false, fmt.Sprintf("lead %s is converted into %s", one, to)
	case one == other || slices.Contains(leads, one) != slices.Contains(leads, other):
		return false, ""
	}
	o.Merge(one, other)
	return true, fmt.Sprintf("%s is merged into %s", other, one)
}

func (o *org) storm(rng *rand.Rand) string {
	after := map[string]string{"Retry-After": strconv.Itoa(pick(rng, 1, 7, 300))}
	fail := func(what string, f sandbox.Fault) string {
		o.undo = append(o.undo, o.Fail(f))
		return what
	}
	refuse := func(what string, f sandbox.RowFault) string {
		o.undo = append(o.undo, o.Refuse(f))
		return what
	}
	switch rng.IntN(8) {
	case 0:
		return fail("429 storm", sandbox.Fault{Status: http.StatusTooManyRequests, Body: "Too Many Requests", Header: after, Times: 1 + rng.IntN(9)})
	case 1:
		return fail("busy", sandbox.Fault{Status: http.StatusServiceUnavailable, Code: "SERVER_UNAVAILABLE", Header: after, Times: 1 + rng.IntN(9)})
	case 2:
		return fail("time-out after commit", sandbox.Fault{Method: http.MethodPost, Status: http.StatusInternalServerError, Late: true, Times: 1 + rng.IntN(2)})
	case 3:
		return fail("the day's calls are used up", sandbox.Fault{Status: http.StatusForbidden, Code: "REQUEST_LIMIT_EXCEEDED", Message: "TotalRequests Limit exceeded."})
	case 4:
		o.Expire()
		return "the access token has expired"
	case 5:
		o.Forget()
		return "query locators are forgotten"
	case 6:
		return refuse("rows are refused by a rule", sandbox.RowFault{Code: "FIELD_CUSTOM_VALIDATION_EXCEPTION", Message: "Ask Ann first.", Times: 1 + rng.IntN(2)})
	}
	return refuse("rows are locked", sandbox.RowFault{Times: 1 + rng.IntN(6)})
}

func (o *org) calm() {
	for _, undo := range o.undo {
		undo()
	}
	o.clock.pass(time.Minute)
}

func (o *org) writes() int { return o.Counts().Saved }

func (o *org) breaches() []string { return slices.Sorted(maps.Keys(o.Counts().Breaches)) }
