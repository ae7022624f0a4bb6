package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/kith-sync/kith/service"
)

// JobAt names a job in an address.
type JobAt struct {
	Job int64 `path:"job" minimum:"1" doc:"The number of a job."`
}

func jobAddress(id int64) string { return fmt.Sprintf("%s/jobs/%d", Root, id) }

func (a *Server) offerJobs() {
	offer(a, "jobs.list", http.MethodGet, "/jobs", listJobs)
	offer(a, "jobs.show", http.MethodGet, "/jobs/{job}", func(v *visit, in *JobAt) (*body[service.JobReport], error) {
		return answer(v.service().Job(v.ctx(), in.Job))
	})
	offer(a, "jobs.events", http.MethodGet, "/jobs/{job}/events", jobEvents, eventAnswer,
		says("Server-sent events: `job` with the job as it is now, and at its end `over`. Whoever comes back with Last-Event-ID hears only what is new."))
	offer(a, "jobs.cancel", http.MethodPost, "/jobs/{job}/cancel", func(v *visit, in *JobAt) (*body[service.JobReport], error) {
		return answer(v.service().CancelJob(v.ctx(), in.Job))
	})
}

func listJobs(v *visit, in *struct {
	Paging
	Sync string `query:"sync" maxLength:"200" doc:"Only those of this sync."`
}) (*paged[service.JobReport], error) {
	before, err := in.number(v)
	if err != nil {
		return nil, err
	}
	jobs, err := v.service().JobsBefore(v.ctx(), in.Sync, before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	next := int64(0)
	if len(jobs) > in.Limit {
		jobs = jobs[:in.Limit]
		next = jobs[in.Limit-1].ID
	}
	return page(v, jobs, numbered(next)), nil
}

// jobEvents tells how a job comes along, until it is over. An event's ID says all
// of what it tells, so nobody has to remember what was told before.
func jobEvents(v *visit, in *struct {
	JobAt
	Last string `header:"Last-Event-ID" maxLength:"200" doc:"The ID of the latest event that was heard."`
}) (*file, error) {
	now, err := v.service().Job(v.ctx(), in.Job)
	if err != nil {
		return nil, err
	}
	return &file{func(ctx huma.Context) {
		_, w := humago.Unwrap(ctx)
		if now.State.Over() && in.Last == eventID(now) {
			w.WriteHeader(http.StatusNoContent) // tells a browser not to come back
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		stream := http.NewResponseController(w)
		_ = stream.SetWriteDeadline(time.Time{}) // where there is none it stays so
		for j, progress := range v.service().Watch(v.ctx(), in.Job) {
			report := service.ReportJob(j, progress)
			id := eventID(report)
			if id == in.Last {
				continue
			}
			name := "job"
			if report.State.Over() {
				name = "over"
			}
			text, err := json.Marshal(report)
			if err != nil {
				return
			}
			fmt.Fprintf(w, "id: %s\nevent: %s\ndata: %s\n\n", id, name, text)
			if stream.Flush() != nil {
				return // whoever asked has gone
			}
		}
	}}, nil
}

func eventID(j service.JobReport) string {
	if p := j.Progress; p != nil && !j.State.Over() {
		return fmt.Sprintf("%d-%s-%s-%d", j.ID, j.State, p.Phase, p.Done)
	}
	return fmt.Sprintf("%d-%s", j.ID, j.State)
}
