package cli

import (
	"context"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/store"
)

func (a *app) auditCommand() *cobra.Command {
	var limit int
	var after int64
	list := &cobra.Command{
		Use: "list", Short: "List who did what, newest first",
		Long:    "List who did what, newest first. With --after everything behind that entry, oldest first: so the log is\nexported, part by part or with --after 0 whole.",
		Example: "  kith audit list\n  kith audit list --after 0 -o jsonl >audit.jsonl",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 1 || after < 0 {
				return usage("--limit is a number from 1, --after one from 0. See %s --help", cmd.CommandPath())
			}
			return a.atGate(cmd, func(ctx context.Context, gate *account.Gate) error {
				if cmd.Flags().Changed("after") {
					return many(a, reported(gate.Audit(ctx, after)), auditShape)
				}
				latest, err := gate.LatestAudit(ctx, 0, limit)
				if err != nil {
					return err
				}
				return many(a, reported(each(latest)), auditShape)
			})
		},
	}
	list.Flags().IntVar(&limit, "limit", 20, "how many")
	list.Flags().Int64Var(&after, "after", 0, "everything after this number, oldest first")
	return group(&cobra.Command{Use: "audit", Short: "The log of who did what, and whether it is whole"}, list, a.verifyAudit())
}

var auditShape = shape[desk.AuditReport]{columns: []string{"entry", "at", "actor", "action", "object", "address", "detail"}, row: func(e desk.AuditReport) []string {
	return []string{number(e.Entry), e.At.Format(time.DateTime), e.Actor, e.Action, e.Object, e.Address, strings.Trim(string(e.Detail), "{}")}
}}

func reported(entries iter.Seq2[store.AuditEntry, error]) iter.Seq2[desk.AuditReport, error] {
	return func(yield func(desk.AuditReport, error) bool) {
		for e, err := range entries {
			if !yield(desk.ReportAudit(e), err) {
				return
			}
		}
	}
}

// A VerifyReport says how far the audit log goes. Entry and hash, kept elsewhere,
// prove later that nothing before was changed.
type VerifyReport struct {
	Entries int64  `json:"entries"`
	Head    string `json:"head"`
}

func (a *app) verifyAudit() *cobra.Command {
	var known string
	cmd := &cobra.Command{
		Use: "verify", Short: "Check that nothing in the audit log was altered or taken away", Args: exactly(),
		Long: "Check that nothing in the audit log was altered or taken away. Keep what it prints in another place:\n" +
			"with --known it proves later that the log was not replaced by an older or another one.",
		Example: "  kith audit verify\n  kith audit verify --known 120:5ab3...",
		RunE: func(cmd *cobra.Command, _ []string) error {
			var head account.Head
			if known != "" {
				n, hash, ok := strings.Cut(known, ":")
				number, err := strconv.ParseInt(n, 10, 64)
				if !ok || err != nil || number < 1 || hash == "" {
					return usage("--known %q is not what kith audit verify prints: a number, a colon and a hash", known)
				}
				head = account.Head{N: number, Hash: hash}
			}
			return a.atGate(cmd, func(ctx context.Context, gate *account.Gate) error {
				end, err := gate.Verify(ctx, head)
				if err != nil {
					return err
				}
				report := VerifyReport{end.N, fmt.Sprintf("%d:%s", end.N, end.Hash)}
				return one(a, report, shape[VerifyReport]{columns: []string{"entries", "head"}, row: func(v VerifyReport) []string {
					return []string{number(v.Entries), v.Head}
				}}, func(out io.Writer) {
					fmt.Fprintf(out, "The audit log is whole: %s. Its head is %s\n", entries(report.Entries), report.Head)
				})
			})
		},
	}
	cmd.Flags().StringVar(&known, "known", "", "a head that was printed before")
	return cmd
}

func entries(n int64) string {
	if n == 1 {
		return "1 entry"
	}
	return fmt.Sprint(n) + " entries"
}
