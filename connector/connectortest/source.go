package connectortest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/csv"
)

func (s Suite) source(t *testing.T) {
	for _, row := range []struct {
		sentence string
		test     func(t *testing.T)
		applies  bool
	}{
		{"every record comes once, in a stable order", s.everyRecord, true},
		{"an empty source has no records", s.noRecords, true},
		{"a reader may stop early", s.stopsEarly, true},
		{"a cancelled read ends with an error", s.cancelledSource, true},
		{"what is staged is what is there", s.staged, s.Stages},
	} {
		if row.applies {
			t.Run(row.sentence, row.test)
		}
	}
}

// records reads a source to its end.
func records(t *testing.T, source connector.Source) (ids []string, rows [][]string) {
	t.Helper()
	schema, list := source.Records(t.Context())
	for r, err := range list {
		if err != nil {
			t.Fatalf("records: %v", err)
		}
		ids, rows = append(ids, r.ID), append(rows, inOrder(schema, r))
	}
	return ids, rows
}

func (s Suite) everyRecord(t *testing.T) {
	source := s.Source(t, People())
	if source.Name() == "" {
		t.Error("the source has no name")
	}
	if _, stages := source.(connector.Stager); stages != s.Stages {
		t.Errorf("the source is a Stager: got %v, want %v", stages, s.Stages)
	}
	ids, rows := records(t, source)
	sameRows(t, "records", rows, People())
	if unique := slices.Compact(slices.Sorted(slices.Values(ids))); len(unique) != len(ids) {
		t.Errorf("ids: got %q, want each once", ids)
	}
	again, _ := records(t, source)
	if !slices.Equal(again, ids) {
		t.Errorf("ids, read again: got %q, want %q", again, ids)
	}
}

func (s Suite) noRecords(t *testing.T) {
	_, rows := records(t, s.Source(t, nil))
	sameRows(t, "records", rows, nil)
}

func (s Suite) stopsEarly(t *testing.T) {
	leavesNothing(t, func() {
		_, list := s.Source(t, People()).Records(t.Context())
		for range list { //nolint:errcheck // a reader may stop early
			break
		}
	})
}

func (s Suite) cancelledSource(t *testing.T) {
	source := s.Source(t, People())
	leavesNothing(t, func() {
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		_, list := source.Records(ended)
		wantCancelled(t, "records", lastError(list))
		if stager, ok := source.(connector.Stager); ok {
			_, err := stager.Stage(ended, io.Discard)
			wantCancelled(t, "stage", err)
		}
	})
}

// staged proves a Stager's promise: the staged bytes, read as it says, are its records.
func (s Suite) staged(t *testing.T) {
	source := s.Source(t, People()).(connector.Stager)
	var copied bytes.Buffer
	staging, err := source.Stage(t.Context(), &copied)
	if err != nil {
		t.Fatalf("stage: %v", err)
	}
	sum := sha256.Sum256(copied.Bytes())
	if hash := hex.EncodeToString(sum[:]); staging.Hash != hash || staging.Size != int64(copied.Len()) {
		t.Errorf("staging: got %d bytes %s, want %d bytes %s", staging.Size, staging.Hash, copied.Len(), hash)
	}
	if stamp, err := source.Stamp(t.Context()); err != nil || stamp != staging.Stamp {
		t.Errorf("stamp: got %q, %v; want %q as staged", stamp, err, staging.Stamp)
	}
	size, hash, err := source.Fingerprint(t.Context(), staging.Size)
	if err != nil || size != staging.Size || hash != staging.Hash {
		t.Errorf("fingerprint: got %d bytes %s, %v; want %d bytes %s", size, hash, err, staging.Size, staging.Hash)
	}
	if size, hash, err = source.Fingerprint(t.Context(), staging.Size+1); err != nil || size != staging.Size || hash != "" {
		t.Errorf("fingerprint of another size: got %d bytes %q, %v; want only the size", size, hash, err)
	}
	_, want := records(t, source)
	sameRows(t, "staged records", readStage(t, &copied, staging.Dialect), want)
}

func readStage(t *testing.T, r io.Reader, d csv.Dialect) (rows [][]string) {
	t.Helper()
	reader := csv.NewReader(r, d, csv.Limits{})
	for {
		row, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return rows
		}
		if err != nil {
			t.Fatalf("read stage: %v", err)
		}
		values := make([]string, len(row.Fields))
		for i, f := range row.Fields {
			values[i] = string(f)
		}
		rows = append(rows, values)
	}
}
