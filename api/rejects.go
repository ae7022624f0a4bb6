package api

import (
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/service"
)

// largestFile is how large a file of corrections may be.
const largestFile = 64 << 20

func (a *Server) offerRejects() {
	offer(a, "runs.rejects", http.MethodGet, "/runs/{run}/rejects", listRejects)
	offer(a, "runs.download", http.MethodGet, "/runs/{run}/rejects.csv", downloadRejects, csvAnswer,
		says("Safe to open in a spreadsheet. Correct the values and give the file back."))
	offer(a, "runs.replay", http.MethodPost, "/runs/{run}/rejects", func(v *visit, in *corrections) (*accepted, error) {
		return accept(v.service().Correct(v.ctx(), v.who, in.Run, in.Body.Columns, in.Body.Records))
	}, status(http.StatusAccepted))
	offer(a, "runs.replay", http.MethodPost, "/runs/{run}/rejects.csv", func(v *visit, in *RunAt) (*accepted, error) {
		return accept(v.service().ReplayFile(v.ctx(), v.who, in.Run, http.MaxBytesReader(nil, v.r.Body, largestFile)))
	}, variant("file"), status(http.StatusAccepted), fileBody("text/csv", largestFile), says("The body is the corrected file."))
}

type corrections struct {
	RunAt
	Body struct {
		Columns []string   `json:"columns" minItems:"1" maxItems:"2000" nullable:"false" doc:"As the rejects have them."`
		Records [][]string `json:"records" minItems:"1" maxItems:"1000" nullable:"false" doc:"The corrected records, each value in its column."`
	}
}

// rejectsPaged is a part of the records that did not get through.
type rejectsPaged struct {
	Link string `header:"Link"`
	Body struct {
		Run     int64                  `json:"run"`
		Sync    string                 `json:"sync"`
		Linked  bool                   `json:"linked,omitempty" doc:"Of a sync with a connection: there is nothing to replay."`
		Groups  []desk.RejectGroup     `json:"groups" nullable:"false"`
		Columns []string               `json:"columns" nullable:"false"`
		Items   []service.RejectRecord `json:"items" nullable:"false"`
		Next    string                 `json:"next_cursor,omitempty"`
	}
}

func listRejects(v *visit, in *struct {
	RunAt
	Paging
	Code string `query:"code" maxLength:"100" doc:"Only those of this cause."`
}) (*rejectsPaged, error) {
	after, err := in.number(v)
	if err != nil {
		return nil, err
	}
	found, err := v.service().Rejects(v.ctx(), in.Run, in.Code, after, in.Limit)
	if err != nil {
		return nil, err
	}
	part := page(v, found.Records, numbered(found.Next))
	out := &rejectsPaged{Link: part.Link}
	out.Body.Run, out.Body.Sync, out.Body.Linked, out.Body.Groups, out.Body.Columns = found.Run, found.Sync, found.Linked, found.Groups, found.Columns
	out.Body.Items, out.Body.Next = part.Body.Items, part.Body.Next
	return out, nil
}

// A file is an answer that is written as it is read.
type file struct {
	Body func(huma.Context)
}

// attach answers with a file. What goes wrong before its first byte is a problem.
func attach(v *visit, kind, name string, write func(http.ResponseWriter) error) *file {
	return &file{func(ctx huma.Context) {
		_, w := humago.Unwrap(ctx)
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name))
		if err := write(w); err != nil {
			v.service().Log.Error("a download ended early", "route", v.r.Pattern, "error", err)
			panic(http.ErrAbortHandler) // so that nobody takes it for whole
		}
	}}
}

func downloadRejects(v *visit, in *RunAt) (*file, error) {
	if _, err := v.service().Run(v.ctx(), in.Run); err != nil {
		return nil, err
	}
	return attach(v, "text/csv; charset=utf-8", fmt.Sprintf("rejects-%d.csv", in.Run), func(w http.ResponseWriter) error {
		return v.service().WriteRejects(v.ctx(), in.Run, w)
	}), nil
}
