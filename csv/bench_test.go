package csv

import (
	"bytes"
	stdcsv "encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
)

// benchFile is like the file of import-speed.md: 16 columns, 229 bytes a row,
// quotes in 43 % of the rows.
func benchFile(rows int) []byte {
	rnd := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	b.WriteString("id,first_name,last_name,email,phone,company,title,street,city,zip,country,language,source,tags,created,notes\n")
	for i := range rows {
		company, notes := "Example Works Ltd", "met at the spring event and wants a call"
		quoted := rnd.IntN(100)
		if quoted < 43 {
			company, notes = `"Example, Works ""Ltd"""`, `"met at the spring event, wants a call"`
		}
		fmt.Fprintf(&b, "%d,Anna%d,Example%d,anna.example%d@example.com,+442079460%03d,%s,Head of Sales,%d Station Road,Springfield,%05d,GB,en-GB,spring-event,lead;vip,2026-03-%02dT10:00:00Z,%s\n",
			i, i%977, i%1013, i, i%1000, company, i%300, i%100000, i%28+1, notes)
	}
	return b.Bytes()
}

func BenchmarkRead(b *testing.B) {
	in := benchFile(100_000)
	b.Run("kith", func(b *testing.B) {
		b.SetBytes(int64(len(in)))
		b.ReportAllocs()
		for b.Loop() {
			r := NewReader(bytes.NewReader(in), Dialect{Header: true}, Limits{})
			n := 0
			for {
				row, err := r.Next()
				if err == io.EOF {
					break
				}
				n += len(row.Fields)
			}
			if n != 1_600_000 {
				b.Fatalf("%d fields", n)
			}
		}
	})
	b.Run("encoding_csv", func(b *testing.B) {
		b.SetBytes(int64(len(in)))
		b.ReportAllocs()
		for b.Loop() {
			r := stdcsv.NewReader(bytes.NewReader(in))
			r.ReuseRecord = true
			n := 0
			for {
				rec, err := r.Read()
				if err == io.EOF {
					break
				}
				n += len(rec)
			}
			if n != 1_600_016 {
				b.Fatalf("%d fields", n)
			}
		}
	})
}
