package catalogue_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// giving are the packages whose sources give codes to people.
var giving = []string{"plan", "run", "link", "csv", "contact", "connector/book", "connector/csvfile", "workspace", "fetch", "store", "desk", "service", "api", "cli"}

var codeLike = regexp.MustCompile(`^[a-z]+(_[a-z]+)*(\.[a-z][a-z0-9_]*)?$`)

// codesInSources finds the literals that are given as codes: assigned to a field
// or variable called code or Code, counted as warnings, or the first argument of
// refuse, fault and refused. Each comes with where it stands.
func codesInSources(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, folder := range giving {
		names, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(folder), "*.go"))
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %d files, %v", folder, len(names), err)
		}
		for _, name := range names {
			if !strings.HasSuffix(name, "_test.go") {
				scan(t, name, found)
			}
		}
	}
	return found
}

func scan(t *testing.T, name string, found map[string]string) {
	t.Helper()
	fset := token.NewFileSet()
	text, err := os.ReadFile(name)
	if os.IsNotExist(err) {
		return // renamed between the listing and the look
	}
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(fset, name, text, 0)
	if err != nil {
		t.Fatal(err)
	}
	add := func(e ast.Expr) {
		lit, ok := e.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return
		}
		if code, err := strconv.Unquote(lit.Value); err == nil && codeLike.MatchString(code) {
			found[code] = fset.Position(lit.Pos()).String()
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.KeyValueExpr: // Code: "x"
			if called(n.Key, "code") {
				add(n.Value)
			}
		case *ast.AssignStmt: // r.Status, r.Code = s, "x"
			for i, left := range n.Lhs {
				if i < len(n.Rhs) && len(n.Lhs) == len(n.Rhs) && called(left, "code") {
					add(n.Rhs[i])
				}
				addIndex(left, add)
			}
		case *ast.IncDecStmt: // warnings["x"]++
			addIndex(n.X, add)
		case *ast.ValueSpec: // CodeX = "x"
			for i, id := range n.Names {
				if len(id.Name) > 4 && strings.EqualFold(id.Name[:4], "code") && i < len(n.Values) {
					add(n.Values[i])
				}
			}
		case *ast.CallExpr:
			switch {
			case len(n.Args) > 0 && (called(n.Fun, "refuse") || called(n.Fun, "fault")):
				add(n.Args[0])
			case len(n.Args) > 1 && called(n.Fun, "append") && strings.Contains(source(text, fset, n.Args[0]), "Warnings"):
				add(n.Args[1])
			}
		}
		return true
	})
}

// called reports whether an expression is that name, or ends in it.
func called(e ast.Expr, name string) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return strings.EqualFold(e.Name, name)
	case *ast.SelectorExpr:
		return strings.EqualFold(e.Sel.Name, name)
	}
	return false
}

// addIndex adds the key of warnings["x"], and the keys of a literal of warnings.
func addIndex(e ast.Expr, add func(ast.Expr)) {
	if at, ok := e.(*ast.IndexExpr); ok && called(at.X, "warnings") {
		add(at.Index)
	}
}

func source(text []byte, fset *token.FileSet, n ast.Node) string {
	return string(text[fset.Position(n.Pos()).Offset:fset.Position(n.End()).Offset])
}
