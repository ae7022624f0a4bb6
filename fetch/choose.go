package fetch

import (
	"cmp"
	"path"
	"slices"
	"strings"
	"unicode"
)

// IsPattern reports whether the last part of a path is a pattern: * for any
// characters, ? for one, [a-c] for one of these (C21). Never a regular expression.
func IsPattern(p string) bool { return strings.ContainsAny(path.Base(p), "*?[") }

// Split splits a path into its folder and the name or pattern in it. A pattern
// stands in the last part only, and "\" before * ? [ takes away their meaning.
func Split(p string) (folder, pattern string, err error) {
	folder, pattern = path.Split(path.Clean("/" + p)[1:])
	if strings.HasPrefix(p, "/") {
		folder = "/" + folder
	}
	folder = strings.TrimSuffix(folder, "/")
	if strings.HasPrefix(p, "/") && folder == "" {
		folder = "/"
	}
	if _, err := path.Match(pattern, ""); err != nil {
		return "", "", fault(CodeMissing, "The pattern "+pattern+" cannot be read: a [ has no ]", nil)
	}
	if strings.ContainsAny(folder, "*?[") {
		return "", "", fault(CodeMissing, "The folder "+folder+" holds a pattern. Only the name of the file may be one, as in /out/people-*.csv", nil)
	}
	return folder, pattern, nil
}

// matches reports whether a name that a server told is the name of a file in the
// folder that was listed, and matches the pattern. A name with a slash, or one
// that no file has, is the server's mistake or worse.
func matches(pattern, name string) bool {
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\\") || strings.ContainsFunc(name, unicode.IsControl) {
		return false
	}
	ok, err := path.Match(pattern, name)
	return ok && err == nil && (strings.HasPrefix(pattern, ".") || !strings.HasPrefix(name, "."))
}

// Oldest puts files into the order in which they are read: by time of
// modification, those of the same time by name. It is the same every time.
func Oldest(files []Entry) []Entry {
	return slices.SortedFunc(slices.Values(files), func(a, b Entry) int {
		return cmp.Or(a.Modified.Compare(b.Modified), cmp.Compare(a.Path, b.Path))
	})
}

// Marked keeps the files that have a marker beside them: with the marker ".done",
// people.csv counts once people.csv.done or people.done is there. Without a marker, all do,
// and no file that is one counts itself.
func Marked(files, markers []Entry, marker string) []Entry {
	if marker == "" {
		return files
	}
	there := map[string]bool{}
	for _, m := range markers {
		there[m.Path] = true
	}
	return slices.DeleteFunc(slices.Clone(files), func(e Entry) bool {
		bare := strings.TrimSuffix(e.Path, path.Ext(e.Path))
		return strings.HasSuffix(e.Path, marker) || !there[e.Path+marker] && !there[bare+marker]
	})
}
