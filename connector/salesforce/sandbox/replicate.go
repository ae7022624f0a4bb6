package sandbox

import (
	"net/http"
	"time"
)

const (
	changedWithin = 30 * 24 * 60 * 60
	replicateMost = 600_000
)

// window reads start and end of getUpdated and getDeleted.
func (s *Sandbox) window(c *call, within int64) (from, to int64, p *problem) {
	start, ok := parseTime(c.query.Get("start"))
	end, also := parseTime(c.query.Get("end"))
	if !ok || !also {
		return 0, 0, refuse("INVALID_REPLICATION_DATE", "start and end are dates with times")
	}
	from, to = start.Truncate(time.Second).Unix(), min(end.Truncate(time.Second).Unix(), s.now()+1)
	switch {
	case end.Sub(start) <= time.Minute:
		return 0, 0, refuse("INVALID_REPLICATION_DATE", "startDate must be at least one minute before endDate")
	case from < s.now()-within:
		return 0, 0, refuse("INVALID_REPLICATION_DATE", "startDate is too long ago")
	}
	return from, to, nil
}

// updated is getUpdated: ids of what is there and was changed.
func (s *Sandbox) updated(c *call, o *object) answer {
	from, to, p := s.window(c, changedWithin)
	if p != nil {
		return p.answer()
	}
	ids := []string{}
	o.since(from, func(n int32) bool {
		if r := o.rows[n]; r.stamp < to && !r.deleted {
			ids = append(ids, makeID(o.prefix, n))
		}
		return len(ids) <= replicateMost
	})
	if len(ids) > replicateMost {
		return refuse("EXCEEDED_ID_LIMIT", "Too many ids for one call").answer()
	}
	return reply(http.StatusOK, map[string]any{"ids": ids, "latestDateCovered": stampText(min(to, s.now()))})
}

// deleted is getDeleted: what went to the bin, as long as the log tells.
func (s *Sandbox) deleted(c *call, o *object) answer {
	from, to, p := s.window(c, changedWithin)
	if p != nil {
		return p.answer()
	}
	earliest := s.now() - 15*24*60*60
	if from < earliest {
		return refuse("INVALID_REPLICATION_DATE", "startDate before org replication enabled date").answer()
	}
	records := []any{}
	o.since(from, func(n int32) bool {
		if r := o.rows[n]; r.stamp < to && r.deleted {
			records = append(records, map[string]any{"id": makeID(o.prefix, n), "deletedDate": stampText(r.stamp)})
		}
		return true
	})
	return reply(http.StatusOK, map[string]any{"deletedRecords": records, "earliestDateAvailable": stampText(earliest), "latestDateCovered": stampText(min(to, s.now()))})
}
