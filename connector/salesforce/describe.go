package salesforce

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/kith-sync/kith/connector"
)

// A table is one object of the org, as it describes it to our user: what that user
// may not see is not there [REST: sObject describe].
type table struct {
	Name       string  `json:"name"`
	Label      string  `json:"label"`
	Prefix     string  `json:"keyPrefix"`
	Createable bool    `json:"createable"`
	Updateable bool    `json:"updateable"`
	Deletable  bool    `json:"deletable"`
	Queryable  bool    `json:"queryable"`
	Fields     []field `json:"fields"`

	at     map[string]*field // by name
	key    string            // field for the keys of creates; empty: there is none
	unique bool              // the org refuses a second record with the same key
}

// A field is one of an object's.
type field struct {
	Name              string   `json:"name"`
	Label             string   `json:"label"`
	Type              string   `json:"type"`
	Length            int      `json:"length"`
	Createable        bool     `json:"createable"`
	Updateable        bool     `json:"updateable"`
	Nillable          bool     `json:"nillable"`
	DefaultedOnCreate bool     `json:"defaultedOnCreate"`
	Calculated        bool     `json:"calculated"`
	NameField         bool     `json:"nameField"`
	ExternalID        bool     `json:"externalId"`
	IDLookup          bool     `json:"idLookup"`
	Unique            bool     `json:"unique"`
	Custom            bool     `json:"custom"`
	Compound          string   `json:"compoundFieldName"`
	Restricted        bool     `json:"restrictedPicklist"`
	ReferenceTo       []string `json:"referenceTo"`
	Choices           []struct {
		Active bool   `json:"active"`
		Label  string `json:"label"`
		Value  string `json:"value"`
	} `json:"picklistValues"`
}

// required: a create must have it [SOAP: describesobjectresult]. What page layouts
// require the API does not know.
func (f *field) required() bool { return f.Createable && !f.Nillable && !f.DefaultedOnCreate }

func (a *api) describe(ctx context.Context, name, key string) (*table, error) {
	if !apiName(name) {
		return nil, &connector.Fault{Kind: connector.Missing, Message: "There is no such object."}
	}
	t := &table{}
	got, err := a.ask(ctx, request{method: http.MethodGet, path: "sobjects/" + name + "/describe"}, t)
	if got.status == http.StatusNotFound {
		return nil, &connector.Fault{Kind: connector.Missing, Message: "There is no such object."}
	}
	if err != nil {
		return nil, err
	}
	t.at = map[string]*field{}
	for i := range t.Fields {
		t.at[t.Fields[i].Name] = &t.Fields[i]
	}
	if f := t.at[key]; f != nil && f.Createable && (f.ExternalID || f.IDLookup) {
		t.key, t.unique = f.Name, f.Unique
	}
	return t, nil
}

func (t *table) has(name string) bool { return t.at[name] != nil }

// readOnly: users are records too, but not ours to make.
func (t *table) readOnly() bool {
	return t.Name == "User" || !t.Createable && !t.Updateable && !t.Deletable
}

// compound reports whether a field is only what others say together.
func (t *table) compound(f *field) bool {
	return f.Type == "address" || f.Type == "location" || slices.ContainsFunc(t.Fields, func(part field) bool { return part.Compound == f.Name && part.Name != f.Name })
}

// A Choice is an object that can be synchronized.
type Choice struct {
	Name  string // of the API
	Label string
}

// A ChoiceError says that no object was chosen, or one that is not there.
type ChoiceError struct {
	Wanted  string
	Objects []Choice
}

// Options are the objects.
func (e *ChoiceError) Options() (all []connector.Choice) {
	for _, o := range e.Objects {
		all = append(all, connector.Choice{ID: o.Name, Name: o.Name})
	}
	return all
}

func (e *ChoiceError) Error() string {
	var names []string
	for _, o := range e.Objects {
		names = append(names, o.Name)
	}
	if e.Wanted != "" {
		return fmt.Sprintf("The org has no object %q, or does not show it to our user. There are %s.", e.Wanted, strings.Join(names, ", "))
	}
	return "Choose one of the org's objects: " + strings.Join(names, ", ") + "."
}

// Objects lists what Open can open, for a form that sets a sync up: Person and the
// usual objects first, then those of the org's own.
func Objects(ctx context.Context, s Settings, client *http.Client) ([]Choice, error) {
	a, err := newAPI(s, client, nil)
	if err != nil {
		return nil, err
	}
	return a.objects(ctx)
}

func (a *api) objects(ctx context.Context) (all []Choice, err error) {
	var global struct {
		Objects []struct {
			Name      string `json:"name"`
			Label     string `json:"label"`
			Custom    bool   `json:"custom"`
			Queryable bool   `json:"queryable"`
			Creatable bool   `json:"createable"`
		} `json:"sobjects"`
	}
	if _, err := a.ask(ctx, request{method: http.MethodGet, path: "sobjects"}, &global); err != nil {
		return nil, err
	}
	labels := map[string]string{}
	var own []Choice
	for _, o := range global.Objects {
		labels[o.Name] = o.Label
		if o.Custom && o.Queryable && o.Creatable && strings.HasSuffix(o.Name, "__c") {
			own = append(own, Choice{o.Name, o.Label})
		}
	}
	if labels["Lead"] != "" && labels["Contact"] != "" {
		all = append(all, Choice{Person, "Leads and contacts"})
	}
	for _, name := range []string{"Contact", "Lead", "Account", "Campaign", "CampaignMember", "Event", "User"} {
		if labels[name] != "" {
			all = append(all, Choice{name, labels[name]})
		}
	}
	return append(all, own...), nil
}

// choice is the error of an object that cannot be opened.
func (a *api) choice(ctx context.Context, wanted string) error {
	all, err := a.objects(ctx)
	if err != nil {
		return err
	}
	return &ChoiceError{Wanted: wanted, Objects: all}
}
