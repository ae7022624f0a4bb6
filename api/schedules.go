package api

import (
	"net/http"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/schedule"
)

func (a *Server) offerSchedules() {
	offer(a, "schedules.show", http.MethodGet, "/syncs/{sync}/schedule", func(v *visit, in *SyncAt) (*tagged[desk.ScheduleReport], error) {
		return shownSchedule(v, in.Sync)
	})
	offer(a, "schedules.preview", http.MethodPost, "/schedules:preview", func(v *visit, in *struct{ Body schedule.Schedule }) (*body[desk.ScheduleReport], error) {
		return answer(v.service().PreviewSchedule(in.Body))
	}, onlyLooks)
	offer(a, "schedules.save", http.MethodPut, "/syncs/{sync}/schedule", saveSchedule)
	offer(a, "schedules.remove", http.MethodDelete, "/syncs/{sync}/schedule", func(v *visit, in *SyncAt) (*struct{}, error) {
		return nil, v.service().RemoveSchedule(v.ctx(), in.Sync)
	})
	offer(a, "schedules.pause", http.MethodPost, "/syncs/{sync}/schedule/pause", pausing(true))
	offer(a, "schedules.resume", http.MethodPost, "/syncs/{sync}/schedule/resume", pausing(false))
}

func shownSchedule(v *visit, sync string) (*tagged[desk.ScheduleReport], error) {
	r, err := v.service().ScheduleOf(v.ctx(), sync)
	if err != nil {
		return nil, err
	}
	return &tagged[desk.ScheduleReport]{tag(r.Schedule), r}, nil
}

func saveSchedule(v *visit, in *struct {
	SyncAt
	Conditions
	Body schedule.Schedule
}) (*tagged[desk.ScheduleReport], error) {
	if in.Match != "" {
		now, err := shownSchedule(v, in.Sync)
		if err != nil {
			return nil, err
		}
		if err := in.hold(v, now.ETag); err != nil {
			return nil, err
		}
	}
	if err := v.service().SaveSchedule(v.ctx(), in.Sync, in.Body); err != nil {
		return nil, err
	}
	return shownSchedule(v, in.Sync)
}

func pausing(paused bool) func(*visit, *SyncAt) (*tagged[desk.ScheduleReport], error) {
	return func(v *visit, in *SyncAt) (*tagged[desk.ScheduleReport], error) {
		if err := v.service().PauseSchedule(v.ctx(), in.Sync, paused); err != nil {
			return nil, err
		}
		return shownSchedule(v, in.Sync)
	}
}
