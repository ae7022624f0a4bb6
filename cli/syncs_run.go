package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/syncfile"
	"github.com/kith-sync/kith/workspace"
)

func (a *app) planCommand() *cobra.Command {
	var file, out string
	var everyTime, detailed bool
	cmd := &cobra.Command{
		Use:   "plan SYNC | -f FILE",
		Short: "Show what a sync would do, record by record; write nothing",
		Example: `  kith plan attendees
  kith plan -f attendees.yaml -o json
  kith plan attendees --out plan.json && kith apply plan.json`,
		Args: nameOrFile(&file),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.write(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				syncs, err := a.syncsToRun(ctx, w, args, file, everyTime)
				if err != nil {
					return err
				}
				if out != "" && len(syncs) > 1 {
					return usage("--out takes one plan, and %s has %d syncs", file, len(syncs))
				}
				return a.showPlans(ctx, w, syncs, out, detailed)
			})
		},
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "sync file; its syncs are kept under their names")
	cmd.Flags().StringVar(&out, "out", "", "also write the plan to this file, for kith apply")
	cmd.Flags().BoolVar(&everyTime, "every-time", false, "look at every record although the source has not changed")
	cmd.Flags().BoolVar(&detailed, "detailed-exitcode", false, "exit 2 when the plan has changes")
	return cmd
}

// nameOrFile checks that a command gets one sync by name or a file of them.
func nameOrFile(file *string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if *file != "" {
			return exactly()(cmd, args)
		}
		if len(args) == 0 {
			return usage("%s needs the name of a SYNC, or -f FILE. kith syncs list shows the names", cmd.CommandPath())
		}
		return exactly("a SYNC")(cmd, args)
	}
}

func (a *app) showPlans(ctx context.Context, w *workspace.Workspace, syncs []store.Sync, out string, detailed bool) error {
	writer := a.planWriter(len(syncs) > 1)
	changes := false
	for _, s := range syncs {
		j := &job{app: a, workspace: w, sync: s}
		r, err := j.showPlan(ctx, writer)
		if err != nil {
			if len(syncs) == 1 {
				return a.printRuns(err, false, j)
			}
			writer.end()
			return err
		}
		changes = changes || r.Totals.Writes() > 0
		if out != "" {
			if err := savePlan(ctx, w, r, out); err != nil {
				return err
			}
		}
	}
	writer.end()
	if detailed && changes {
		a.exit = max(a.exit, exitChanges)
	}
	return nil
}

// savePlan writes a plan's JSON to a file.
func savePlan(ctx context.Context, w *workspace.Workspace, r store.Run, path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return refuse("plan.out", "The plan could not be written to %s: %v. It is stored all the same: %s", path, errors.Unwrap(err), applyHint(r.PlanHash))
	}
	defer file.Close()
	writer := planWriter{out: file, format: "json"}
	if err := writer.write(planReport(r), changesOf(ctx, w, r)); err != nil {
		return err
	}
	return file.Close()
}

func (a *app) runCommand() *cobra.Command {
	var file string
	var everyTime, rejectsOnly bool
	cmd := &cobra.Command{
		Use:   "run SYNC | -f FILE",
		Short: "Plan a sync and apply the plan",
		Example: `  kith run attendees
  kith run -f attendees.yaml -o json
  kith run attendees --rejects-only`,
		Args: nameOrFile(&file),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.write(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				syncs, err := a.syncsToRun(ctx, w, args, file, everyTime)
				if err != nil {
					return err
				}
				if rejectsOnly {
					return a.retryRejects(ctx, w, syncs)
				}
				return a.runAll(ctx, w, syncs)
			})
		},
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "sync file; its syncs are kept under their names and run in order")
	cmd.Flags().BoolVar(&everyTime, "every-time", false, "look at every record although the source has not changed")
	cmd.Flags().BoolVar(&rejectsOnly, "rejects-only", false, "try only the records again that the last run rejected or held")
	cmd.Flags().BoolVarP(&a.yes, "yes", "y", false, "answer every question but the guard's")
	return cmd
}

// runAll runs syncs in order. The first that fails or is stopped is the last: a
// later one may build on it.
func (a *app) runAll(ctx context.Context, w *workspace.Workspace, syncs []store.Sync) error {
	var jobs []*job
	var err error
	for _, s := range syncs {
		j := &job{app: a, workspace: w, sync: s}
		jobs = append(jobs, j)
		if err = j.run(ctx); err != nil || !j.applied {
			break
		}
	}
	if left := len(syncs) - len(jobs); left > 0 {
		a.say("%d more were not begun, because %s did not come to its end.", left, syncs[len(jobs)-1].Name)
	}
	return a.printRuns(err, len(syncs) > 1, jobs...)
}

// syncsToRun returns the named sync, or those of a file, which are stored.
func (a *app) syncsToRun(ctx context.Context, w *workspace.Workspace, args []string, file string, everyTime bool) (syncs []store.Sync, err error) {
	if file != "" {
		syncs, err = saveFile(ctx, w, file)
	} else {
		var s store.Sync
		s, err = savedSync(ctx, w, args[0])
		syncs = []store.Sync{s}
	}
	for i := range syncs {
		syncs[i].Definition.Source.EveryTime = syncs[i].Definition.Source.EveryTime || everyTime
	}
	return syncs, err
}

// parseFile reads a sync file. Its mistakes carry the path as it was typed.
func parseFile(path string) ([]plan.Sync, error) {
	if _, err := existing(path); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	defs, err := syncfile.Parse(path, data)
	if err != nil {
		return nil, err
	}
	if found := syncfile.ValidateTogether(defs); len(found) > 0 {
		return nil, invalidSync(inFile(path, found))
	}
	return defs, nil
}

func inFile(path string, found []syncfile.Error) []syncfile.Error {
	for i := range found {
		found[i].File = path
	}
	return found
}

// saveFile stores the syncs of a file under their names. Two that would remove
// each other's contacts are refused also when one of them was stored earlier.
func saveFile(ctx context.Context, w *workspace.Workspace, path string) ([]store.Sync, error) {
	defs, err := parseFile(path)
	if err != nil {
		return nil, err
	}
	found, err := against(ctx, w, defs)
	if err != nil {
		return nil, err
	}
	var grave []syncfile.Error
	for _, e := range found {
		if strings.HasSuffix(e.Key, "policy.delete.scope") {
			grave = append(grave, e)
		}
	}
	if len(grave) > 0 {
		return nil, invalidSync(inFile(path, grave))
	}
	base, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	syncs := make([]store.Sync, len(defs))
	for i, def := range defs {
		if syncs[i], err = w.Store.SaveSync(ctx, def, base); err != nil {
			return nil, err
		}
	}
	return syncs, nil
}

// against returns what is wrong between new syncs and those stored before. What
// import keeps of single files is left out: nothing runs those by itself.
func against(ctx context.Context, w *workspace.Workspace, defs []plan.Sync) ([]syncfile.Error, error) {
	stored, err := w.Store.Syncs(ctx)
	if err != nil {
		return nil, err
	}
	replaced := map[string]bool{}
	for _, d := range defs {
		replaced[d.Name] = true
	}
	var all []plan.Sync
	for _, s := range stored {
		if !replaced[s.Name] && !strings.HasPrefix(s.Name, "import-") {
			all = append(all, s.Definition)
		}
	}
	return syncfile.ValidateTogether(append(all, defs...)), nil
}

func (a *app) applyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "apply PLAN",
		Short: "Carry out exactly a plan that was shown",
		Long: `Apply carries out a plan: the file that kith plan --out wrote, or its hash. It is
refused when the plan was used already or when the target has changed since.`,
		Example: `  kith apply plan.json
  kith apply 7f3c2a1b`,
		Args: exactly("a PLAN (its file or its hash)"),
		RunE: func(cmd *cobra.Command, args []string) error {
			hash, err := planHash(args[0])
			if err != nil {
				return err
			}
			return a.write(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				s, r, err := storedPlan(ctx, w, hash)
				if err != nil {
					return err
				}
				j := &job{app: a, workspace: w, sync: s}
				if r.Stop != nil && !r.Approved && r.Status == store.Blocked {
					r.Status = store.Planned // to be asked again
				}
				return a.printRuns(j.carryOut(ctx, r), false, j)
			})
		},
	}
}

func (a *app) approveCommand() *cobra.Command {
	var hash string
	cmd := &cobra.Command{
		Use:   "approve SYNC --plan HASH",
		Short: "Let one plan pass that the guard stopped, and apply it",
		Long: `Approve carries out exactly the plan that the guard stopped. It holds once: the
next run is guarded again.`,
		Example: `  kith approve attendees --plan 7f3c2a1b`,
		Args:    exactly("a SYNC"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if hash == "" {
				return usage("%s needs --plan HASH: approval is for one plan, not for a sync", cmd.CommandPath())
			}
			return a.write(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				s, r, err := storedPlan(ctx, w, strings.ToLower(hash))
				if err != nil {
					return err
				}
				if r.Name != args[0] {
					return refuse(run.CodePlanUnknown, "Plan %s belongs to %q, not to %q. Nothing was written", short(r.PlanHash), r.Name, args[0])
				}
				j := &job{app: a, workspace: w, sync: s}
				return a.printRuns(j.carryOut(ctx, approved(r)), false, j)
			})
		},
	}
	cmd.Flags().StringVar(&hash, "plan", "", "the plan's hash, or its beginning")
	return cmd
}

// approved puts a blocked run back to where the guard stopped it.
func approved(r store.Run) store.Run {
	if r.Status == store.Blocked {
		r.Status, r.Code, r.Message = store.Planned, "", ""
	}
	r.Approved = r.Status == store.Planned
	return r
}

// planHash is what a plan is named by: the argument itself, or what the file of
// that name says.
func planHash(arg string) (string, error) {
	if isHash(arg) {
		return strings.ToLower(arg), nil
	}
	path, err := existing(arg)
	if err != nil {
		return "", refuse(run.CodePlanUnknown, "%q is neither the file of a plan nor a plan's hash. Make one with kith plan --out plan.json", arg)
	}
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	var head struct {
		Version int
		Plan    string
	}
	if err := readHead(file, &head.Version, &head.Plan); err != nil || head.Plan == "" {
		return "", refuse(run.CodePlanUnknown, "%s is not a plan. Make one with kith plan --out plan.json", arg)
	}
	if head.Version != FormatVersion {
		return "", refuse(run.CodePlanUnknown, "%s is a plan of format %d; this program reads format %d. Make a new plan", arg, head.Version, FormatVersion)
	}
	return head.Plan, nil
}

// readHead reads the beginning of a plan's JSON: its changes may be many.
func readHead(r io.Reader, version *int, hash *string) error {
	d := json.NewDecoder(r)
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return fmt.Errorf("not a JSON object")
	}
	for d.More() && (*version == 0 || *hash == "") {
		key, err := d.Token()
		if err != nil {
			return err
		}
		var into any = new(json.RawMessage)
		switch key {
		case "format_version":
			into = version
		case "plan":
			into = hash
		}
		if err := d.Decode(into); err != nil {
			return err
		}
	}
	return nil
}

const shortestHash = 4

func isHash(s string) bool {
	return len(s) >= shortestHash && len(s) <= 64 && strings.Trim(strings.ToLower(s), "0123456789abcdef") == ""
}

// storedPlan finds a plan by the beginning of its hash, with its sync.
func storedPlan(ctx context.Context, w *workspace.Workspace, hash string) (store.Sync, store.Run, error) {
	if !isHash(hash) {
		return store.Sync{}, store.Run{}, usage("%q is not a plan's hash: at least %d of its letters and digits are needed", hash, shortestHash)
	}
	r, err := w.Store.RunByPlan(ctx, hash)
	if errors.Is(err, store.ErrNotFound) {
		return store.Sync{}, r, refuse(run.CodePlanUnknown, "There is no plan %s in this data folder. Nothing was written. Make a new one with kith plan", short(hash))
	}
	if err != nil {
		return store.Sync{}, r, err
	}
	s, err := syncOf(ctx, w, r)
	return s, r, err
}

// syncOf returns the sync of a run. Of one that has been deleted, and of edits by
// hand, it knows only where they wrote.
func syncOf(ctx context.Context, w *workspace.Workspace, r store.Run) (store.Sync, error) {
	s, err := w.Store.Sync(ctx, r.Name)
	if err == nil && s.ID == r.SyncID || !errors.Is(err, store.ErrNotFound) && err != nil {
		return s, err
	}
	s = store.Sync{ID: r.SyncID, Name: r.Name, Definition: boundOf(r).Sync}
	if s.Definition.Target == (plan.Endpoint{}) {
		b, err := bookOf(ctx, w, r.BookID)
		if err != nil {
			return s, err
		}
		s.Definition.Target.Book = b.Name
	}
	return s, nil
}

func bookOf(ctx context.Context, w *workspace.Workspace, id int64) (store.Book, error) {
	books, err := w.Store.Books(ctx)
	if err != nil {
		return store.Book{}, err
	}
	for _, b := range books {
		if b.ID == id {
			return b, nil
		}
	}
	return store.Book{}, refuse("not_found", "The address book of this run has been deleted")
}
