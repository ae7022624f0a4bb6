package sandbox

import (
	"net/http"
	"slices"
)

// An order is the body of a request about many subscribers: those with ids, or
// who are looked for.
type order struct {
	IDs               []int  `json:"ids"`
	Query             string `json:"query"`
	Search            string `json:"search"`
	ListIDs           []int  `json:"list_ids"`
	Target            []int  `json:"target_list_ids"`
	Action            string `json:"action"`
	Status            string `json:"status"`
	SubscriptionState string `json:"subscription_status"`
	All               bool   `json:"all"`
}

func (s *Sandbox) subscriptions(w http.ResponseWriter, r *http.Request) *problem {
	var o order
	if err := body(r, &o); err != nil {
		return err
	}
	if len(o.IDs) == 0 {
		return bad("No IDs given.")
	}
	if s.options.First {
		o.Status = ""
	}
	return s.manage(w, o, false)
}

func (s *Sandbox) subscriptionsByQuery(w http.ResponseWriter, r *http.Request) *problem {
	o, err := s.order(r)
	if err != nil {
		return err
	}
	if s.options.Old {
		o.Status = ""
	}
	return s.manage(w, o, true)
}

// manage changes subscriptions. A state that is added for people by id overwrites
// the one that is there, without a trace of when; for those who were looked for it
// does not.
func (s *Sandbox) manage(w http.ResponseWriter, o order, looked bool) *problem {
	if len(o.Target) == 0 {
		return bad("No lists given.")
	}
	if !slices.Contains([]string{"", "unconfirmed", "confirmed", "unsubscribed"}, o.Status) {
		return &problem{http.StatusInternalServerError, "pq: invalid input value for enum subscription_status"}
	}
	for _, id := range o.IDs {
		p := s.touch(id)
		if p == nil && o.Action == "add" {
			return &problem{http.StatusInternalServerError, "pq: insert violates foreign key constraint"}
		}
		for _, l := range o.Target {
			if p == nil || l < 1 || l > len(s.lists) {
				continue
			}
			on := p.to(l)
			switch {
			case o.Action == "remove":
				p.leave(l)
			case o.Action == "unsubscribe" && on != nil:
				on.status, on.updated = "unsubscribed", s.now()
			case o.Action == "unsubscribe":
			case o.Action != "add":
				return bad("Invalid action.")
			case on == nil:
				p.on = append(p.on, subscription{l, "unconfirmed", s.now(), s.now()})
				if on = p.to(l); o.Status != "" {
					on.status = o.Status
				}
			case o.Status != "" && !looked:
				on.status = o.Status
			}
		}
	}
	reply(w, true)
	return nil
}

// order reads an order about who is looked for, and looks.
func (s *Sandbox) order(r *http.Request) (o order, err *problem) {
	if err := body(r, &o); err != nil {
		return o, err
	}
	w, err := s.wanted(o.Query, o.Search, o.ListIDs, o.SubscriptionState)
	if err != nil {
		return o, err
	}
	o.IDs, err = s.ids(w)
	return o, err
}

func (s *Sandbox) blockOne(w http.ResponseWriter, r *http.Request) *problem {
	return s.block(w, []int{idIn(r)})
}

func (s *Sandbox) blockSome(w http.ResponseWriter, r *http.Request) *problem {
	var o order
	if err := body(r, &o); err != nil {
		return err
	}
	if len(o.IDs) == 0 {
		return bad("No IDs given.")
	}
	return s.block(w, o.IDs)
}

func (s *Sandbox) blockByQuery(w http.ResponseWriter, r *http.Request) *problem {
	o, err := s.order(r)
	if err != nil {
		return err
	}
	return s.block(w, o.IDs)
}

// block keeps people out of everything, for good.
func (s *Sandbox) block(w http.ResponseWriter, ids []int) *problem {
	for _, id := range ids {
		p := s.touch(id)
		if p == nil {
			continue
		}
		p.status, p.updated = "blocklisted", s.now()
		for i := range p.on {
			p.on[i].status, p.on[i].updated = "unsubscribed", s.now()
		}
	}
	reply(w, true)
	return nil
}

func (s *Sandbox) deleteByQuery(w http.ResponseWriter, r *http.Request) *problem {
	o, err := s.order(r)
	if err != nil {
		return err
	}
	if o.Query == "" && o.Search == "" && !o.All {
		return bad("Invalid fields: query")
	}
	for _, id := range o.IDs {
		s.delete(id)
	}
	reply(w, true)
	return nil
}
