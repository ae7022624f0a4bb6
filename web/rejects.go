package web

import (
	"fmt"
	"io"
	"net/url"
	"strconv"

	"github.com/kith-sync/kith/service"
)

func rejectRoutes() []route {
	return []route{
		{pattern: "GET /runs/{run}/rejects", operation: "runs.rejects", do: (*visit).rejects},
		{pattern: "GET /runs/{run}/rejects.csv", operation: "runs.download", do: (*visit).rejectsFile},
		{pattern: "POST /runs/{run}/rejects", operation: "runs.replay", do: (*visit).correct},
		{pattern: "POST /runs/{run}/rejects.csv", operation: "runs.replay", do: (*visit).replay, upload: true},
	}
}

const rejectsOnPage = 50

type rejectsView struct {
	service.RejectPage
	Why  string
	More string
}

// rejects shows what did not get through, by cause, to be corrected in place.
func (v *visit) rejects() error {
	id, err := v.number("run")
	if err != nil {
		return err
	}
	after, _ := strconv.ParseInt(v.form("after"), 10, 64) // what is no number means the first
	found, err := v.service().Rejects(v.ctx(), id, v.form("why"), after, rejectsOnPage)
	if err != nil {
		return err
	}
	data := rejectsView{RejectPage: found, Why: v.form("why")}
	if found.Next > 0 {
		data.More = "?" + url.Values{"why": {data.Why}, "after": {strconv.FormatInt(found.Next, 10)}}.Encode()
	}
	return v.show("rejects", page{Title: fmt.Sprintf("Rejects of run %d", id), Nav: "Syncs", CLI: fmt.Sprintf("kith rejects %d", id),
		API: fmt.Sprintf("GET /api/v1/runs/%d/rejects", id), Data: data})
}

func (v *visit) rejectsFile() error {
	id, err := v.number("run")
	if err != nil {
		return err
	}
	return v.download("text/csv; charset=utf-8", fmt.Sprintf("rejects-%d.csv", id), func(w io.Writer) error { return v.service().WriteRejects(v.ctx(), id, w) })
}

// correct imports the records of the form that are ticked, as they stand in it.
func (v *visit) correct() error {
	id, err := v.number("run")
	if err != nil {
		return err
	}
	if err := v.r.ParseForm(); err != nil {
		return err
	}
	columns := v.r.PostForm["column"]
	var rows [][]string
	for _, n := range v.r.PostForm["record"] {
		row := make([]string, len(columns))
		copy(row, v.r.PostForm["value-"+n])
		rows = append(rows, row)
	}
	return v.follow(v.service().Correct(v.ctx(), v.who, id, columns, rows))
}

// replay imports a file of corrected rejects.
func (v *visit) replay() error {
	id, err := v.number("run")
	if err != nil {
		return err
	}
	file, _, err := v.r.FormFile("file")
	if err != nil {
		return &problem{422, "There is no file", "Nothing was changed. Choose the file that you have corrected, then send it."}
	}
	defer file.Close()
	return v.follow(v.service().ReplayFile(v.ctx(), v.who, id, file))
}
