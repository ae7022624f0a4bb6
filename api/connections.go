package api

import (
	"net/http"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/notify"
	"github.com/kith-sync/kith/service"
)

// ConnectionAt names a connection in an address.
type ConnectionAt struct {
	Connection string `path:"connection" maxLength:"200" doc:"The name of a connection."`
}

// ChannelAt names a channel in an address.
type ChannelAt struct {
	Channel string `path:"channel" maxLength:"200" doc:"The name of a channel."`
}

// A SignInAt is where a person lets Kith in at a system.
type SignInAt struct {
	URL string `json:"url" format:"uri"`
}

func (a *Server) offerConnections() {
	const path = "/connections/{connection}"
	offer(a, "connections.list", http.MethodGet, "/connections", func(v *visit, _ *nothing) (*paged[service.ConnectionState], error) {
		all, err := v.service().Connections(v.ctx())
		return whole(v, all, err)
	})
	offer(a, "connections.systems", http.MethodGet, "/systems", func(v *visit, _ *nothing) (*paged[service.SystemReport], error) {
		return whole(v, v.service().Systems(), nil)
	})
	offer(a, "connections.show", http.MethodGet, path, func(v *visit, in *ConnectionAt) (*tagged[service.ConnectionState], error) {
		return shownConnection(v, in.Connection)
	})
	offer(a, "connections.save", http.MethodPut, path, saveConnection, says("The secret is written only: no answer has it. Without one the connection keeps the one it has."))
	offer(a, "connections.test", http.MethodPost, path+"/test", func(v *visit, in *struct {
		ConnectionAt
		Body *struct {
			Object string `json:"object,omitempty" maxLength:"200"`
			Path   string `json:"path,omitempty" maxLength:"1000"`
		}
	}) (*body[service.ConnectionTest], error) {
		if in.Body == nil {
			return answer(v.service().TestConnection(v.ctx(), in.Connection, "", ""))
		}
		return answer(v.service().TestConnection(v.ctx(), in.Connection, in.Body.Object, in.Body.Path))
	})
	offer(a, "connections.signin", http.MethodPost, path+"/signin", func(v *visit, in *ConnectionAt) (*body[SignInAt], error) {
		at, err := v.service().BeginLogin(v.ctx(), v.who, in.Connection)
		return answer(SignInAt{at}, err)
	}, says("The address is for a browser in which the same user has signed in; there the system sends its answer back to."))
	offer(a, "connections.prepare", http.MethodPost, path+"/prepare", func(v *visit, in *struct {
		ConnectionAt
		Body struct {
			Object string `json:"object" minLength:"1" maxLength:"200"`
		}
	}) (*struct{}, error) {
		return nil, v.service().PrepareConnection(v.ctx(), in.Connection, in.Body.Object)
	}, says("It changes the system: a unique field for keys (Kith_Id__c in Salesforce) is made on the object and shown to our user."))
	offer(a, "connections.trust", http.MethodPost, path+"/trust", func(v *visit, in *struct {
		ConnectionAt
		Body struct {
			Key string `json:"host_key" minLength:"1" maxLength:"2000" doc:"As the test showed it, after a person has compared it."`
		}
	}) (*body[service.ConnectionState], error) {
		return answer(v.service().TrustConnection(v.ctx(), in.Connection, in.Body.Key))
	})
	offer(a, "connections.delete", http.MethodDelete, path, func(v *visit, in *ConnectionAt) (*struct{}, error) {
		return nil, v.service().DeleteConnection(v.ctx(), in.Connection)
	})
	offer(a, "links.list", http.MethodGet, "/links", listLinks)
	a.offerChannels()
}

func shownConnection(v *visit, name string) (*tagged[service.ConnectionState], error) {
	c, err := v.service().Connection(v.ctx(), name)
	if err != nil {
		return nil, err
	}
	return &tagged[service.ConnectionState]{tag(c.ConnectionReport), c}, nil
}

func saveConnection(v *visit, in *struct {
	ConnectionAt
	Conditions
	NoneMatch string `header:"If-None-Match" enum:"*" doc:"*: only make it."`
	Body      struct {
		Type     string            `json:"type,omitempty" maxLength:"50" doc:"What it connects to; one that is there keeps its own."`
		Settings map[string]string `json:"settings" doc:"All of them: what is not sent is taken away."`
		Secret   string            `json:"secret,omitempty" maxLength:"100000" writeOnly:"true"`
	}
}) (*tagged[service.ConnectionState], error) {
	if in.Match != "" {
		now, err := shownConnection(v, in.Connection)
		if err != nil {
			return nil, err
		}
		if err := in.hold(v, now.ETag); err != nil {
			return nil, err
		}
	}
	n := service.NewConnection{Name: in.Connection, Type: in.Body.Type, Settings: in.Body.Settings, Secret: in.Body.Secret, New: in.NoneMatch != ""}
	if _, err := v.service().SaveConnection(v.ctx(), n); err != nil {
		return nil, err
	}
	return shownConnection(v, in.Connection)
}

func listLinks(v *visit, in *struct {
	Paging
	Connection string `query:"connection" maxLength:"200" doc:"Only links with this one."`
	Book       int64  `query:"book" minimum:"0" doc:"Only contacts of this book."`
}) (*paged[service.LinkedContact], error) {
	after, err := in.number(v)
	if err != nil {
		return nil, err
	}
	found, err := v.service().Links(v.ctx(), in.Connection, in.Book, after, in.Limit)
	if err != nil {
		return nil, err
	}
	return page(v, found.Links, numbered(found.Next)), nil
}

func (a *Server) offerChannels() {
	offer(a, "channels.list", http.MethodGet, "/channels", func(v *visit, _ *nothing) (*paged[desk.ChannelReport], error) {
		all, err := v.service().Channels(v.ctx())
		return whole(v, all, err)
	})
	offer(a, "channels.save", http.MethodPut, "/channels/{channel}", saveChannel, says("The secret is written only. The signing secret of a web hook that came without one is in the answer, once."))
	offer(a, "channels.test", http.MethodPost, "/channels/{channel}/test", func(v *visit, in *struct {
		ChannelAt
		Body *struct {
			To string `json:"to,omitempty" maxLength:"320" doc:"Who gets the mail, of a mail server."`
		}
	}) (*struct{}, error) {
		to := ""
		if in.Body != nil {
			to = in.Body.To
		}
		return nil, v.service().TestChannel(v.ctx(), in.Channel, to)
	})
	offer(a, "channels.delete", http.MethodDelete, "/channels/{channel}", func(v *visit, in *ChannelAt) (*struct{}, error) {
		return nil, v.service().DeleteChannel(v.ctx(), in.Channel)
	})
	offer(a, "notify.save", http.MethodPut, "/syncs/{sync}/notify", func(v *visit, in *struct {
		SyncAt
		Body struct {
			Rules []notify.Rule `json:"rules" maxItems:"50" nullable:"false"`
		}
	}) (*tagged[service.SyncDetail], error) {
		if err := v.service().SaveNotify(v.ctx(), in.Sync, in.Body.Rules); err != nil {
			return nil, err
		}
		return shownSync(v, in.Sync)
	}, says("In place of who was told before."))
	offer(a, "outbox.list", http.MethodGet, "/outbox", func(v *visit, in *struct {
		Limit int `query:"limit" minimum:"1" maximum:"1000" default:"100"`
	}) (*paged[service.PostingReport], error) {
		all, err := v.service().Outbox(v.ctx(), in.Limit)
		return whole(v, all, err)
	})
}

func saveChannel(v *visit, in *struct {
	ChannelAt
	NoneMatch string `header:"If-None-Match" enum:"*" doc:"*: only make it."`
	Body      struct {
		Type     string            `json:"type,omitempty" maxLength:"50" doc:"One that is there keeps its own."`
		Settings map[string]string `json:"settings" doc:"All of them: what is not sent is taken away."`
		Secret   string            `json:"secret,omitempty" maxLength:"10000" writeOnly:"true"`
		On       []notify.Event    `json:"every_sync,omitempty" maxItems:"20" doc:"What it hears of every sync."`
	}
}) (*body[service.SavedChannel], error) {
	return answer(v.service().SaveChannel(v.ctx(), service.NewChannel{Name: in.Channel, Type: in.Body.Type, Settings: in.Body.Settings, Secret: in.Body.Secret, On: in.Body.On, New: in.NoneMatch != ""}))
}
