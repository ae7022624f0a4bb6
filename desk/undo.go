package desk

import (
	"context"
	"maps"
	"slices"

	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// An UndoPreview says what taking a run back would do, before anybody says yes to it.
type UndoPreview struct {
	Run   int64        `json:"run"`
	Whole string       `json:"whole,omitempty"` // a file that is put back byte for byte, as a whole
	Sides []UndoSide   `json:"sides"`
	First []UndoPerson `json:"first"`          // a few of the people, of each side and kind
	Long  bool         `json:"long,omitempty"` // too long to look at everybody: Sides say what the run did
}

// An UndoSide is what an undo would do on one side. Of a side that is another system
// it is what the run did there: nobody is asked before the undo itself.
type UndoSide struct {
	Name   string        `json:"name"`
	Remote bool          `json:"remote,omitempty"`
	Made   int64         `json:"created"` // by the run: they go
	Old    int64         `json:"updated"` // by it: they get their old values again
	Back   int64         `json:"deleted"` // by it: they come back
	Left   []RejectGroup `json:"left,omitempty"`
}

// An UndoPerson is somebody of whom something is taken back.
type UndoPerson struct {
	Name string `json:"name"`
	Side string `json:"side"`
	What string `json:"what"`
}

const (
	// undoLooked is how many changes an undo may have for each of them to be looked at.
	undoLooked = 10_000
	undoShown  = 4 // people of a kind
)

// PreviewUndo looks at what an undo of a run would do, and writes nothing.
func PreviewUndo(ctx context.Context, w *workspace.Workspace, r store.Run) (p UndoPreview, err error) {
	p.Run, p.Sides, p.First = r.ID, []UndoSide{}, []UndoPerson{}
	if err := w.Engine.Undoable(ctx, r); err != nil {
		return p, err
	}
	b, err := bookOf(ctx, w, r.BookID)
	if err != nil && r.BookID != 0 {
		return p, err
	}
	here, there := UndoSide{Name: b.Name}, UndoSide{Remote: true}
	u := &undoPreview{w: w, r: r, b: b, left: map[plan.Reason]int64{}}
	switch {
	case r.Totals.Writes() > undoLooked && !r.Linked:
		p.Long = true
		here.Made, here.Old, here.Back = r.Totals.Created, r.Totals.Updated+r.Totals.Marked, r.Totals.Deleted
	case r.Totals.Writes() > undoLooked:
		p.Long = true
	default:
		if p.Whole, err = u.here(ctx, r, &here); err != nil || p.Whole != "" {
			return p, err
		}
	}
	if r.Linked {
		sides, err := SidesOf(ctx, w, r)
		if err != nil {
			return p, err
		}
		if err := sides.Count(ctx, w, r); err != nil {
			return p, err
		}
		there.Name = sides.Connection
		there.Made, there.Old, there.Back = sides.There.Created, sides.There.Updated, sides.There.Deleted
		if p.Long {
			here.Made, here.Old, here.Back = sides.Here.Created, sides.Here.Updated, sides.Here.Deleted
		} else if err := u.there(ctx, r); err != nil {
			return p, err
		}
	}
	for _, s := range []UndoSide{here, there} {
		if s.Made+s.Old+s.Back > 0 || len(s.Left) > 0 {
			p.Sides = append(p.Sides, s)
		}
	}
	p.First, err = u.people(ctx, here.Name, there.Name)
	return p, err
}

// undoPreview gathers the first people of each side and kind.
type undoPreview struct {
	r     store.Run
	w     *workspace.Workspace
	b     store.Book
	first []plan.Change // the changes of the undo, not those of the run
	shown map[[2]any]int
	left  map[plan.Reason]int64
}

func (u *undoPreview) show(c plan.Change) {
	if u.shown == nil {
		u.shown = map[[2]any]int{}
	}
	kind := [2]any{c.Remote, c.Action}
	if u.shown[kind]++; u.shown[kind] <= undoShown {
		c.Fields = slices.Clone(c.Fields)
		u.first = append(u.first, c)
	}
}

// here looks at what would happen in the book. A target that is put back as a whole is
// named instead.
func (u *undoPreview) here(ctx context.Context, r store.Run, side *UndoSide) (whole string, err error) {
	s, err := SyncOf(ctx, u.w, r)
	if err != nil {
		return "", err
	}
	var changes []plan.Change
	if r.Linked {
		changes, err = u.w.Engine.Reverse(ctx, s, r)
	} else {
		changes, whole, err = u.w.Engine.Reversal(ctx, s, r)
	}
	for _, c := range changes {
		switch c.Action {
		case plan.Remove:
			side.Made++
		case plan.Update:
			side.Old++
		case plan.Restore, plan.Create:
			side.Back++
			c.Action = plan.Restore
		default:
			u.left[c.Reason]++
			continue
		}
		u.show(c)
	}
	for _, code := range slices.Sorted(maps.Keys(u.left)) {
		cause := CauseOf(code)
		side.Left = append(side.Left, RejectGroup{code, u.left[code], cause.What, cause.Fix})
	}
	return whole, err
}

// there looks at what the run did at the other system, which an undo would take back.
func (u *undoPreview) there(ctx context.Context, r store.Run) error {
	back := map[plan.Action]plan.Action{plan.Create: plan.Remove, plan.Restore: plan.Remove, plan.Update: plan.Update, plan.Remove: plan.Create}
	return ForEach(ChangesOf(ctx, u.w, r), func(c plan.Change) error {
		if action, written := back[c.Action]; written && c.Remote {
			c.Action = action
			u.show(c)
		}
		return nil
	})
}

func (u *undoPreview) people(ctx context.Context, here, there string) ([]UndoPerson, error) {
	all := []UndoPerson{}
	names, err := peopleOf(ctx, u.w, u.r, u.b, u.first)
	if err != nil {
		return nil, err
	}
	for i, c := range u.first {
		p := UndoPerson{Name: names[i], Side: here}
		p.What = map[plan.Action]string{plan.Remove: "goes to the trash", plan.Update: "gets the old values again", plan.Restore: "comes back"}[c.Action]
		if p.Name == "" {
			_, record := Sides(c)
			p.Name = record
		}
		if c.Remote {
			p.Side = there
			p.What = map[plan.Action]string{plan.Remove: "is deleted", plan.Update: "gets the old values again", plan.Create: "comes back as a new record"}[c.Action]
		}
		all = append(all, p)
	}
	return all, nil
}
