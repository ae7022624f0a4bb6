package csvfile_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/connectortest"
	"github.com/kith-sync/kith/connector/csvfile"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/csv"
	"github.com/kith-sync/kith/files"
	"github.com/kith-sync/kith/plan"
)

var secret = plan.Secret{3, 4}

// A kind is one way to write a file.
type kind struct {
	sentence string
	dialect  csv.Dialect
	said     plan.CSV
	crlf     bool
	preamble string
}

func kinds() []kind {
	three := 3
	return []kind{
		{sentence: "as RFC 4180 says", dialect: csv.Dialect{Header: true}},
		{sentence: "as Excel writes it in Germany", dialect: csv.Dialect{Header: true, Delimiter: ";"}, crlf: true},
		{sentence: "tabs and UTF-16", dialect: csv.Dialect{Header: true, Delimiter: "\t", Encoding: "utf-16le"}},
		{sentence: "with a title before the table", dialect: csv.Dialect{Header: true}, preamble: "People of Example Ltd\n\n2025\n", said: plan.CSV{Preamble: &three}},
		{sentence: "with quotes and a delimiter of its own", dialect: csv.Dialect{Header: true, Delimiter: "|", Quote: "'"}, said: plan.CSV{Quote: "'", Delimiter: "pipe"}},
		{sentence: "in Chinese encoding", dialect: csv.Dialect{Header: true, Encoding: "gb18030"}, said: plan.CSV{Encoding: "gb18030"}},
	}
}

func (k kind) write(t *testing.T, columns []string, records [][]string) string {
	t.Helper()
	var b bytes.Buffer
	b.WriteString(k.preamble)
	w := csv.NewWriter(&b, k.dialect)
	w.CRLF = k.crlf
	for _, row := range append([][]string{columns}, records...) {
		if err := w.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "people.csv")
	if err := os.WriteFile(path, b.Bytes(), 0o640); err != nil {
		t.Fatal(err)
	}
	return path
}

func names(schema contact.Schema) (names []string) {
	for _, f := range schema.Fields {
		names = append(names, f.Name)
	}
	return names
}

func open(t *testing.T, path, key string, said plan.CSV) *csvfile.Target {
	t.Helper()
	target, err := csvfile.New(files.OS{}, path, plan.Endpoint{CSV: said, Key: key}).OpenTarget(connectortest.Region, secret)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

func TestConformance(t *testing.T) {
	for _, k := range kinds() {
		t.Run(k.sentence, func(t *testing.T) {
			paths := map[connector.Target]string{}
			made := func(t *testing.T, path string) connector.Target {
				target := open(t, path, "uid", k.said)
				paths[target] = path
				return target
			}
			connectortest.Suite{
				Source: func(t *testing.T, records [][]string) connector.Source {
					path := k.write(t, names(connectortest.Schema), records)
					return csvfile.New(files.OS{}, path, plan.Endpoint{CSV: k.said, Key: "uid"})
				},
				Target: func(t *testing.T, schema contact.Schema, records [][]string) connector.Target {
					return made(t, k.write(t, names(schema), records))
				},
				Reopen: func(t *testing.T, target connector.Target) connector.Target { return made(t, paths[target]) },
				Secret: secret,
				Stages: true, Prepares: true, Keeps: true,
			}.Run(t)
		})
	}
}
