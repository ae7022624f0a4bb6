package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/kith-sync/kith/service"
	"github.com/kith-sync/kith/store"
)

// tag is the ETag of something that can be edited: it changes whenever one of the
// values does.
func tag(values ...any) string {
	sum := sha256.New()
	e := json.NewEncoder(sum)
	for _, v := range values {
		_ = e.Encode(v) // a hash takes everything, and what is encoded here was decoded before
	}
	return `"` + hex.EncodeToString(sum.Sum(nil)[:12]) + `"`
}

// tagged is an answer with something that can be edited.
type tagged[T any] struct {
	ETag string `header:"ETag" doc:"What to send as If-Match with a change."`
	Body T
}

// Conditions are what has to be true for a change to be made.
type Conditions struct {
	Match string `header:"If-Match" maxLength:"500" doc:"The ETag of what you have seen: when it has changed since, nothing is done (412)."`
}

// hold refuses a change to what is not any more what was seen.
func (c Conditions) hold(v *visit, now string) error {
	if c.Match == "" || c.Match == "*" {
		return nil
	}
	for one := range strings.SplitSeq(c.Match, ",") {
		if strings.TrimSpace(one) == now {
			return nil
		}
	}
	return v.server.problem(http.StatusPreconditionFailed, CodeChanged, "Somebody or something else has changed this meanwhile. Nothing was done. Read it again, then decide")
}

// accepted is the answer to a request for work that goes on behind it.
type accepted struct {
	Location string `header:"Location" doc:"Of the job: ask there how far it has come."`
	Body     service.JobReport
}

// accept answers with the job that does the work.
func accept(j store.Job, err error) (*accepted, error) {
	if err != nil {
		return nil, err
	}
	r := service.ReportJob(j, nil)
	return &accepted{jobAddress(j.ID), r}, nil
}

// noCancel is the context of what has to be stored although whoever asked may be
// gone.
func noCancel(v *visit) context.Context { return context.WithoutCancel(v.ctx()) }
