package plan

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"

	"github.com/kith-sync/kith/contact"
)

// Expressions are written in expr-lang. Every column is a variable named by
// Identifier; row["E-mail Address"] reads a column by its exact name, and
// partOf(value, 2) is the second of several values in one cell. They can
// neither loop without bound nor reach anything but the record.

func compileOptional(source string, schema contact.Schema) (*vm.Program, error) {
	if strings.TrimSpace(source) == "" {
		return nil, nil
	}
	return compileExpr(source, schema, true)
}

func compileExpr(source string, schema contact.Schema, wantBool bool) (*vm.Program, error) {
	options := []expr.Option{expr.Env(environment(schema, nil)), partFunction()}
	if wantBool {
		options = append(options, expr.AsBool())
	}
	return expr.Compile(source, options...)
}

func environment(schema contact.Schema, values []string) map[string]any {
	env := make(map[string]any, len(schema.Fields)+1)
	row := make(map[string]string, len(schema.Fields))
	for i, f := range schema.Fields {
		value := ""
		if i < len(values) {
			value = values[i]
		}
		env[Identifier(f.Name)] = value
		row[f.Name] = value
	}
	env["row"] = row
	return env
}

func runBool(program *vm.Program, schema contact.Schema, values []string) (bool, error) {
	out, err := expr.Run(program, environment(schema, values))
	if err != nil {
		return false, err
	}
	ok, _ := out.(bool)
	return ok, nil
}

func runText(program *vm.Program, schema contact.Schema, values []string) (string, error) {
	out, err := expr.Run(program, environment(schema, values))
	if err != nil || out == nil {
		return "", err
	}
	return fmt.Sprint(out), nil
}

// Identifier turns a column's name into the variable that expressions use:
// "E-mail Address" is e_mail_address.
func Identifier(name string) string {
	var b strings.Builder
	gap := false
	for _, r := range strings.ToLower(strings.TrimSpace(name)) {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			gap = b.Len() > 0
			continue
		}
		if gap {
			b.WriteByte('_')
			gap = false
		}
		if b.Len() == 0 && unicode.IsDigit(r) {
			b.WriteByte('_')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// rowColumn is a column read by its exact name: row["E-mail Address"].
var rowColumn = regexp.MustCompile(`\brow\[\s*("(?:[^"\\]|\\.)*"|'[^'\\]*')\s*\]`)

// ColumnsNamed lists the columns that an expression reads by their exact names.
func ColumnsNamed(expression string) (columns []string) {
	for _, m := range rowColumn.FindAllStringSubmatch(expression, -1) {
		name, err := strconv.Unquote(m[1])
		if err != nil { // single quotes, with nothing to escape
			name = m[1][1 : len(m[1])-1]
		}
		columns = append(columns, name)
	}
	return columns
}
