package api

import (
	"net/http"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/schedule"
	"github.com/kith-sync/kith/service"
)

// largestUpload is how large the file of an import may be.
const largestUpload = 2 << 30

// ImportAt names an import that is being set up in an address.
type ImportAt struct {
	Import string `path:"import" maxLength:"100" doc:"The ID of an import that is being set up."`
}

func (a *Server) offerImports() {
	offer(a, "imports.list", http.MethodGet, "/imports", listImports)
	offer(a, "imports.begin", http.MethodPost, "/imports", beginImport, status(http.StatusCreated),
		says("Then give it a file: upload one with PUT /imports/{import}/file, or name its place with PATCH /imports/{import}."))
	offer(a, "imports.show", http.MethodGet, "/imports/{import}", func(v *visit, in *ImportAt) (*tagged[service.ImportDraft], error) {
		return shownImport(v, in.Import)
	})
	offer(a, "imports.change", http.MethodPatch, "/imports/{import}", changeImport, says("What is not sent stays as it is."))
	offer(a, "imports.change", http.MethodPut, "/imports/{import}/file", uploadImport, variant("file"), fileBody("application/octet-stream", largestUpload), says("The body is the file itself."))
	offer(a, "imports.preview", http.MethodGet, "/imports/{import}/preview", func(v *visit, in *ImportAt) (*body[service.ImportView], error) {
		d, err := v.service().Import(v.ctx(), in.Import)
		if err != nil {
			return nil, err
		}
		view, err := v.service().ViewImport(v.ctx(), d)
		view.Draft = shownDraft(view.Draft)
		return answer(view, err)
	})
	offer(a, "imports.plan", http.MethodPost, "/imports/{import}/plan", func(v *visit, in *ImportAt) (*accepted, error) {
		d, err := v.service().Import(v.ctx(), in.Import)
		if err != nil {
			return nil, err
		}
		return accept(v.service().PlanImport(v.ctx(), v.who, d))
	}, status(http.StatusAccepted))
	offer(a, "imports.run", http.MethodPost, "/imports/{import}/run", func(v *visit, in *ImportAt) (*accepted, error) {
		d, err := v.service().Import(v.ctx(), in.Import)
		if err != nil {
			return nil, err
		}
		return accept(v.service().RunImport(v.ctx(), v.who, d))
	}, status(http.StatusAccepted))
	offer(a, "imports.finish", http.MethodPost, "/imports/{import}/finish", finishImport)
	offer(a, "imports.discard", http.MethodDelete, "/imports/{import}", func(v *visit, in *ImportAt) (*struct{}, error) {
		return nil, v.service().DiscardImport(v.ctx(), in.Import)
	})
}

// ImportList is the list of imports, and those that are being set up.
type ImportList struct {
	Items  []service.SyncState   `json:"items" nullable:"false"`
	Drafts []service.ImportDraft `json:"drafts" nullable:"false"`
}

func listImports(v *visit, _ *nothing) (*body[ImportList], error) {
	imports, err := v.service().Imports(v.ctx())
	if err != nil {
		return nil, err
	}
	drafts, err := v.service().Drafts(v.ctx())
	for i := range drafts {
		drafts[i] = shownDraft(drafts[i])
	}
	return answer(ImportList{desk.Spelled(imports), desk.Spelled(drafts)}, err)
}

// shownDraft leaves out where an upload lies on the server.
func shownDraft(d service.ImportDraft) service.ImportDraft {
	d.Source.File = ""
	return d
}

func shownImport(v *visit, id string) (*tagged[service.ImportDraft], error) {
	d, err := v.service().Import(v.ctx(), id)
	if err != nil {
		return nil, err
	}
	return &tagged[service.ImportDraft]{tag(d), shownDraft(d)}, nil
}

type importBegun struct {
	Location string `header:"Location"`
	ETag     string `header:"ETag"`
	Body     service.ImportDraft
}

func beginImport(v *visit, in *struct {
	Body *struct {
		Edits string `json:"edits,omitempty" maxLength:"200" doc:"The sync that is to be edited."`
	}
}) (*importBegun, error) {
	edits := ""
	if in.Body != nil {
		edits = in.Body.Edits
	}
	d, err := v.service().BeginImport(v.ctx(), v.who, edits)
	if err != nil {
		return nil, err
	}
	return &importBegun{Root + "/imports/" + d.ID, tag(d), shownDraft(d)}, nil
}

// ImportChange is what is to become of an import that is being set up.
type ImportChange struct {
	Network *struct {
		Connection string `json:"connection" minLength:"1" maxLength:"200"`
		Path       string `json:"path" minLength:"1" maxLength:"1000" doc:"A file of the connection, or a folder with a pattern."`
		Which      string `json:"which,omitempty" enum:"newest,all"`
		After      string `json:"after,omitempty" enum:"keep,delete"`
		NoFile     string `json:"no_file,omitempty" enum:"warn,ok,error"`
	} `json:"network,omitempty" doc:"Where the server finds the file by itself."`
	CSV       *plan.CSV       `json:"csv,omitempty"`
	EveryTime *bool           `json:"every_time,omitempty"`
	Book      *string         `json:"book,omitempty" maxLength:"200"`
	Delete    *bool           `json:"delete_missing,omitempty" doc:"Delete contacts not found in the synchronization file."`
	Update    *string         `json:"update,omitempty" enum:"never,if_new_not_blank,if_existing_blank,always"`
	Email     *string         `json:"email,omitempty" maxLength:"320" doc:"Who hears of errors."`
	Region    *string         `json:"region,omitempty" maxLength:"2"`
	Match     []plan.Rule     `json:"match,omitempty" maxItems:"4"`
	Key       *string         `json:"key,omitempty" maxLength:"200"`
	Map       []plan.Mapping  `json:"map,omitempty" maxItems:"2000"`
	Fields    []contact.Field `json:"fields,omitempty" maxItems:"500"`
	Several   *plan.OnSeveral `json:"on_several,omitempty"`
}

func changeImport(v *visit, in *struct {
	ImportAt
	Conditions
	Body ImportChange
}) (*tagged[service.ImportDraft], error) {
	d, err := v.service().Import(v.ctx(), in.Import)
	if err != nil {
		return nil, err
	}
	if err := in.hold(v, tag(d)); err != nil {
		return nil, err
	}
	c := in.Body
	if n := c.Network; n != nil {
		d.File = ""
		if err := v.service().FromNetwork(v.ctx(), &d, n.Connection, n.Path, n.Which, n.After, n.NoFile); err != nil {
			return nil, err
		}
	}
	for _, f := range c.Fields {
		if err := desk.CheckField(f); err != nil {
			return nil, err
		}
	}
	c.into(&d)
	if err := v.service().KeepImport(v.ctx(), v.who, d); err != nil {
		return nil, err
	}
	return shownImport(v, in.Import)
}

func (c ImportChange) into(d *service.ImportDraft) {
	put(&d.Source.CSV, c.CSV)
	put(&d.Source.EveryTime, c.EveryTime)
	put(&d.Book, c.Book)
	put(&d.Delete, c.Delete)
	put((*string)(&d.Update), c.Update)
	put(&d.Email, c.Email)
	put(&d.Region, c.Region)
	put(&d.Key, c.Key)
	put(&d.Several, c.Several)
	if c.Match != nil {
		d.Match = c.Match
	}
	if c.Map != nil {
		d.Map, d.Mapped = c.Map, true
	}
	if c.Fields != nil {
		d.Fields = c.Fields
	}
}

// put sets what was sent.
func put[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

func uploadImport(v *visit, in *struct {
	ImportAt
	Name string `query:"name" required:"true" minLength:"1" maxLength:"300" doc:"The file's own name."`
}) (*tagged[service.ImportDraft], error) {
	d, err := v.service().Import(v.ctx(), in.Import)
	if err != nil {
		return nil, err
	}
	if err := v.service().Upload(v.ctx(), &d, in.Name, http.MaxBytesReader(nil, v.r.Body, largestUpload)); err != nil {
		return nil, err
	}
	if err := v.service().KeepImport(v.ctx(), v.who, d); err != nil {
		return nil, err
	}
	return shownImport(v, in.Import)
}

func finishImport(v *visit, in *struct {
	ImportAt
	Body *struct {
		Schedule *schedule.Schedule `json:"schedule,omitempty" doc:"Without one it is run by hand."`
	}
}) (*tagged[service.SyncDetail], error) {
	d, err := v.service().Import(v.ctx(), in.Import)
	if err != nil {
		return nil, err
	}
	if d.Source.File == "" && d.Source.Connection == "" {
		return nil, &run.Error{Code: desk.CodeUsage, Message: "The import has no file yet. Nothing was changed"}
	}
	var when *schedule.Schedule
	if in.Body != nil {
		when = in.Body.Schedule
	}
	sync, err := v.service().FinishImport(v.ctx(), d, when)
	if err != nil {
		return nil, err
	}
	return shownSync(v, sync.Name)
}
