package fetch

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

type folderPlace struct{ root *os.Root }

// Folder takes files from a folder of this machine, which must be one of the
// operator's roots or lie in one. No path leads out of it: neither ".." nor a
// symbolic link (os.Root).
func Folder(folder string, roots []string) (Place, error) {
	whole, err := filepath.Abs(folder)
	if err != nil {
		return nil, err
	}
	for _, root := range roots {
		below, err := filepath.Rel(root, whole)
		if err != nil || !filepath.IsLocal(below) {
			continue
		}
		return openBelow(root, below)
	}
	return nil, fault(CodeFolderClosed, "Kith does not read the folder "+folder+". If that is meant, whoever runs this Kith adds this line to the file roots:  "+whole, nil)
}

func openBelow(root, below string) (Place, error) {
	r, err := os.OpenRoot(root)
	if err != nil {
		return nil, fault(CodeMissing, "There is no folder "+root+" that may be read", nil)
	}
	if below == "." {
		return &folderPlace{r}, nil
	}
	defer r.Close()
	inner, err := r.OpenRoot(below)
	if err != nil {
		return nil, fault(CodeMissing, "There is no folder "+filepath.Join(root, below)+" that may be read", nil)
	}
	return &folderPlace{inner}, nil
}

// Roots reads the operator's list: one absolute path a line, with "#" before
// comments. A folder that is not absolute is left out by nobody's mistake: it is
// an error that names its line.
func Roots(text string) (roots []string, err error) {
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if !filepath.IsAbs(line) {
			return nil, &Fault{Code: CodeFolderClosed, Message: "A folder in the list of roots is not an absolute path: " + line}
		}
		roots = append(roots, filepath.Clean(line))
	}
	return roots, nil
}

// in is a path as the root takes it. "/" is the folder itself.
func in(file string) string {
	if rel := strings.TrimLeft(path.Clean(file), "/"); rel != "" {
		return filepath.FromSlash(rel)
	}
	return "."
}

func (p *folderPlace) List(ctx context.Context, folder, pattern string) (found []Entry, err error) {
	dir, err := p.root.Open(in(folder))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault(CodeMissing, "There is no folder "+folder, nil)
	}
	if err != nil {
		return nil, cannotList(folder, err)
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, cannotList(folder, err)
	}
	for _, name := range names {
		if !matches(pattern, name) {
			continue
		}
		info, err := p.root.Stat(in(path.Join(folder, name)))
		if err != nil || !info.Mode().IsRegular() {
			continue // a folder, or a link that leads out
		}
		found = append(found, entryOf(path.Join(folder, name), info))
	}
	return found, ctx.Err()
}

func (p *folderPlace) Stat(_ context.Context, file string) (Entry, error) {
	info, err := p.root.Stat(in(file))
	if err != nil {
		return Entry{Path: file}, pathFault(err)
	}
	if !info.Mode().IsRegular() {
		return Entry{Path: file}, fault(CodeMissing, "That is not a file. Name a file, or a pattern such as "+path.Join(file, "*.csv"), nil)
	}
	return entryOf(file, info), nil
}

// notMade says that the folder for a file which was read is not there and could
// not be made, of all kinds of places.
func notMade(folder string, err error) error {
	return fault(CodeDenied, "There is no folder "+folder+", and this user may not make it. Make it there, or name another after move", err)
}

// pathFault also has what os.Root says of a path that leads out.
func pathFault(err error) error {
	if outer, ok := errors.AsType[*fs.PathError](err); ok && strings.Contains(outer.Err.Error(), "escapes") {
		return fault(CodeFolderClosed, "The path leads out of the folder", nil)
	}
	return fileFault(err)
}

func (p *folderPlace) Open(ctx context.Context, file string, _ Entry) (io.ReadCloser, Entry, error) {
	e, err := p.Stat(ctx, file)
	if err != nil {
		return nil, e, err
	}
	r, err := p.root.Open(in(file))
	if err != nil {
		return nil, e, pathFault(err)
	}
	return &untilTold{r, ctx}, e, nil
}

func (p *folderPlace) Remove(_ context.Context, file string) error {
	return changed(p.root.Remove(in(file)))
}

func (p *folderPlace) Move(_ context.Context, from, to string) error {
	if _, err := p.root.Lstat(in(to)); err == nil {
		return fault(CodeNotOffered, "There is a file "+to+" already", nil)
	}
	if err := p.root.MkdirAll(in(path.Dir(to)), 0o755); err != nil {
		return notMade(path.Dir(to), err)
	}
	return changed(p.root.Rename(in(from), in(to)))
}

func (p *folderPlace) Close() error { return p.root.Close() }

// untilTold reads until its context ends.
type untilTold struct {
	io.ReadCloser
	ctx context.Context
}

func (u *untilTold) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.ReadCloser.Read(p)
}
