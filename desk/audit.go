package desk

import (
	"encoding/json"
	"time"

	"github.com/kith-sync/kith/store"
)

// An AuditReport is an entry of the audit log. It names people by number.
type AuditReport struct {
	Entry   int64           `json:"entry"`
	At      time.Time       `json:"at"`
	Actor   string          `json:"actor"`
	Action  string          `json:"action"`
	Object  string          `json:"object,omitempty"`
	Address string          `json:"address,omitempty"`
	Detail  json.RawMessage `json:"detail,omitempty"`
	Hash    string          `json:"hash"`
}

// ReportAudit is an entry of the audit log for people and programs.
func ReportAudit(e store.AuditEntry) AuditReport {
	detail := json.RawMessage(e.Detail)
	if !json.Valid(detail) {
		detail = nil // it was altered: a check of the log says so
	}
	return AuditReport{e.N, e.At, e.Actor, e.Action, e.Object, e.Address, detail, e.Hash}
}
