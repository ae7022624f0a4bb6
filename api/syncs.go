package api

import (
	"cmp"
	"encoding/base64"
	"io"
	"net/http"
	"slices"

	"github.com/kith-sync/kith/service"
	"github.com/kith-sync/kith/syncfile"
)

// largestText is how large a sync file may be.
const largestText = 1 << 20

// text is the body of a request that is no JSON, or need not be.
func (v *visit) text() ([]byte, error) {
	return io.ReadAll(http.MaxBytesReader(nil, v.r.Body, largestText))
}

// SyncAt names a sync in an address.
type SyncAt struct {
	Sync string `path:"sync" maxLength:"200" doc:"The name of a sync."`
}

func (a *Server) offerSyncs() {
	offer(a, "syncs.list", http.MethodGet, "/syncs", listSyncs)
	offer(a, "syncs.show", http.MethodGet, "/syncs/{sync}", func(v *visit, in *SyncAt) (*tagged[service.SyncDetail], error) {
		return shownSync(v, in.Sync)
	})
	offer(a, "syncs.save", http.MethodPut, "/syncs/{sync}", saveSync, status(http.StatusOK), yamlBody,
		says("The body is a sync file of one sync, as docs/sync-file.md tells, in YAML or in JSON. It says all of the sync: without a schedule it runs by hand only."))
	offer(a, "syncs.check", http.MethodPost, "/syncs:check", checkSync, yamlBody, onlyLooks, says("The same as saving it, but nothing is stored."))
	offer(a, "syncs.delete", http.MethodDelete, "/syncs/{sync}", func(v *visit, in *SyncAt) (*struct{}, error) {
		return nil, v.service().DeleteSync(v.ctx(), in.Sync)
	})
	offer(a, "syncs.run", http.MethodPost, "/syncs/{sync}/run", func(v *visit, in *runAsked) (*accepted, error) {
		return accept(v.service().RunSync(v.ctx(), v.who, in.Sync, in.Body != nil && in.Body.EveryTime, false))
	}, status(http.StatusAccepted))
	offer(a, "syncs.plan", http.MethodPost, "/syncs/{sync}/plan", func(v *visit, in *runAsked) (*accepted, error) {
		return accept(v.service().RunSync(v.ctx(), v.who, in.Sync, in.Body != nil && in.Body.EveryTime, true))
	}, status(http.StatusAccepted))
	offer(a, "syncs.retry", http.MethodPost, "/syncs/{sync}/retry", func(v *visit, in *SyncAt) (*accepted, error) {
		return accept(v.service().RetrySync(v.ctx(), v.who, in.Sync))
	}, status(http.StatusAccepted))
	offer(a, "presets.list", http.MethodGet, "/presets", listPresets)
}

type runAsked struct {
	SyncAt
	Body *struct {
		EveryTime bool `json:"every_time,omitempty" doc:"Look at every record although the source has not changed."`
	}
}

func listSyncs(v *visit, in *Paging) (*paged[service.SyncState], error) {
	all, err := v.service().Syncs(v.ctx())
	if err != nil {
		return nil, err
	}
	after, err := base64.RawURLEncoding.DecodeString(in.Cursor)
	if err != nil {
		_, err = in.number(v)
		return nil, err
	}
	slices.SortFunc(all, func(a, b service.SyncState) int { return cmp.Compare(a.Name, b.Name) })
	all = slices.DeleteFunc(all, func(s service.SyncState) bool { return s.Name <= string(after) && in.Cursor != "" })
	if len(all) <= in.Limit {
		return page(v, all, ""), nil
	}
	return page(v, all[:in.Limit], all[in.Limit-1].Name), nil
}

func shownSync(v *visit, name string) (*tagged[service.SyncDetail], error) {
	s, err := v.service().SyncDetail(v.ctx(), name)
	if err != nil {
		return nil, err
	}
	return &tagged[service.SyncDetail]{syncTag(s), s}, nil
}

func syncTag(s service.SyncDetail) string {
	if s.Schedule == nil {
		return tag(s.Definition, s.Notify)
	}
	return tag(s.Definition, s.Notify, s.Schedule.Schedule)
}

type syncSaved struct {
	SyncAt
	Conditions
	NoneMatch string `header:"If-None-Match" enum:"*" doc:"*: only make it; one that is there is not changed (412)."`
}

type syncKept struct {
	Status int
	ETag   string `header:"ETag"`
	Body   service.SyncDetail
}

func saveSync(v *visit, in *syncSaved) (*syncKept, error) {
	if in.Match != "" || in.NoneMatch != "" {
		if err := in.holdSync(v); err != nil {
			return nil, err
		}
	}
	text, err := v.text()
	if err != nil {
		return nil, err
	}
	made, err := v.service().SaveDefinition(v.ctx(), in.Sync, text)
	if err != nil {
		return nil, err
	}
	s, err := v.service().SyncDetail(v.ctx(), in.Sync)
	out := &syncKept{http.StatusOK, syncTag(s), s}
	if made {
		out.Status = http.StatusCreated
	}
	return out, err
}

func (in *syncSaved) holdSync(v *visit) error {
	s, err := v.service().SyncDetail(v.ctx(), in.Sync)
	switch p := (*Problem)(nil); {
	case err != nil:
		if p = v.server.problemOf(v.r, err); p.Status == http.StatusNotFound && in.Match == "" {
			return nil
		} else if p.Status == http.StatusNotFound {
			return v.server.problem(http.StatusPreconditionFailed, CodeChanged, "There is no sync of this name any more. Nothing was done")
		}
		return err
	case in.NoneMatch != "":
		return v.server.problem(http.StatusPreconditionFailed, CodeChanged, "There is a sync of this name already. Nothing was done")
	}
	return in.hold(v, syncTag(s))
}

// A CheckReport says that a definition is right.
type CheckReport struct {
	Valid bool   `json:"valid"`
	Sync  string `json:"sync"`
}

func checkSync(v *visit, _ *nothing) (*body[CheckReport], error) {
	text, err := v.text()
	if err != nil {
		return nil, err
	}
	doc, err := v.service().ReadDefinition(v.ctx(), text)
	return answer(CheckReport{true, doc.Sync.Name}, err)
}

// A PresetReport is the manner of another system that a sync can take on.
type PresetReport struct {
	Name    string       `json:"name"`
	Title   string       `json:"title"`
	Summary string       `json:"summary"`
	Rules   []PresetRule `json:"rules"`
}

// A PresetRule is one rule of a preset and the requirement it comes from.
type PresetRule struct {
	Rule        string `json:"rule"`
	Requirement string `json:"requirement"`
}

func listPresets(v *visit, _ *nothing) (*paged[PresetReport], error) {
	var all []PresetReport
	for _, p := range syncfile.Presets() {
		r := PresetReport{p.Name, p.Title, p.Summary, []PresetRule{}}
		for _, rule := range p.Rules {
			r.Rules = append(r.Rules, PresetRule{rule.Rule, rule.Requirement})
		}
		all = append(all, r)
	}
	return whole(v, all, nil)
}
