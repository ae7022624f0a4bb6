package listmonk

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/kith-sync/kith/connector"
)

// A Choice is a list that the server offers.
type Choice struct {
	ID   int64  `json:"id"`
	UUID string `json:"uuid"`
	Name string `json:"name"`
}

// A ChoiceError says that the server has several lists, or none, and none was
// chosen.
type ChoiceError struct {
	Wanted string
	Lists  []Choice
}

// Options are the lists.
func (e *ChoiceError) Options() (all []connector.Choice) {
	for _, l := range e.Lists {
		all = append(all, connector.Choice{ID: strconv.FormatInt(l.ID, 10), Name: l.Name})
	}
	return all
}

func (e *ChoiceError) Error() string {
	var names []string
	for _, c := range e.Lists {
		names = append(names, fmt.Sprintf("%q (%d)", c.Name, c.ID))
	}
	list := strings.Join(names, ", ")
	switch {
	case len(e.Lists) == 0:
		return "This server shows us no list. Create one, or let the role of the API user see it."
	case e.Wanted != "":
		return fmt.Sprintf("There is no single list called %q. Choose one of %s.", e.Wanted, list)
	}
	return fmt.Sprintf("There are several lists. Choose one of %s.", list)
}

// Lists are the lists that the server offers to a user, for a form that sets a
// connection up.
func Lists(ctx context.Context, s Settings, client *http.Client) ([]Choice, error) {
	server, err := newServer(s, client)
	if err != nil {
		return nil, err
	}
	return server.lists(ctx)
}

// lists asks for all lists, without counting who is on them.
func (s server) lists(ctx context.Context) ([]Choice, error) {
	var found struct {
		Results []Choice `json:"results"`
	}
	err := s.call(ctx, request{method: http.MethodGet, path: "lists", query: url.Values{"minimal": {"true"}, "per_page": {"all"}}}, &found)
	return found.Results, err
}

// choose takes the one list there is, or the one that is named.
func choose(all []Choice, wanted string) (Choice, error) {
	var left []Choice
	for _, c := range all {
		if wanted == "" || c.Name == wanted || c.UUID == wanted || strconv.FormatInt(c.ID, 10) == wanted {
			left = append(left, c)
		}
	}
	if len(left) != 1 {
		return Choice{}, &ChoiceError{Wanted: wanted, Lists: all}
	}
	return left[0], nil
}
