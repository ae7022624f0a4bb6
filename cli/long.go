package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/kith-sync/kith/desk"
)

// A longValue is an object whose last key holds more items than memory may.
type longValue struct {
	out    io.Writer
	format string
	inList bool
}

// writeLong prints head and then items one by one under key. As JSON lines the
// head comes first and each item follows on its own line. Where the items break off,
// the error stands beside them.
func writeLong[T any](v longValue, head any, key string, items iter.Seq2[T, error]) error {
	switch v.format {
	case "jsonl":
		list := jsonList{out: v.out, format: "jsonl"}
		if err := list.add(head); err != nil {
			return err
		}
		if err := desk.ForEach(items, func(item T) error { return list.add(item) }); err != nil {
			return &brokenOff{err, func(said any) error { return errors.Join(list.add(said), list.close()) }}
		}
		return list.close()
	case "yaml":
		return writeLongYAML(v, head, key, items)
	}
	return writeLongJSON(v, head, key, items)
}

func writeLongJSON[T any](v longValue, head any, key string, items iter.Seq2[T, error]) error {
	text, err := encode(head, "  ")
	if err != nil {
		return err
	}
	fmt.Fprintf(v.out, "%s,\n  %q: [", bytes.TrimSuffix(text, []byte("\n}")), key)
	between, end := "\n    ", "]\n}\n"
	err = desk.ForEach(items, func(item T) error {
		text, err := encode(item, "")
		if err == nil {
			_, err = fmt.Fprintf(v.out, "%s%s", between, text)
		}
		between, end = ",\n    ", "\n  ]\n}\n"
		return err
	})
	if err != nil {
		return &brokenOff{err, func(said any) error {
			text, err := encode(said, "  ")
			fmt.Fprintf(v.out, "%s,\n%s\n", strings.TrimSuffix(end, "\n}\n"), bytes.TrimPrefix(text, []byte("{\n")))
			return err
		}}
	}
	fmt.Fprint(v.out, end)
	return nil
}

func writeLongYAML[T any](v longValue, head any, key string, items iter.Seq2[T, error]) error {
	text, err := encodeYAML(head)
	if err != nil {
		return err
	}
	indent := ""
	if v.inList {
		text, indent = yamlItem(text), "  "
	}
	fmt.Fprintf(v.out, "%s%s%s:", text, indent, key)
	end := " []\n"
	err = desk.ForEach(items, func(item T) error {
		text, err := encodeYAML(item)
		if err == nil {
			text = bytes.ReplaceAll(bytes.TrimSuffix(yamlItem(text), []byte("\n")), []byte("\n"), []byte("\n"+indent))
			_, err = fmt.Fprintf(v.out, "\n%s%s", indent, text)
		}
		end = "\n"
		return err
	})
	fmt.Fprint(v.out, end)
	if err != nil {
		return &brokenOff{err, func(said any) error {
			text, err := encodeYAML(said)
			fmt.Fprint(v.out, indent, strings.ReplaceAll(strings.TrimSuffix(string(text), "\n"), "\n", "\n"+indent), "\n")
			return err
		}}
	}
	return nil
}
