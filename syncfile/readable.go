package syncfile

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// Bounds of a file. The YAML library needs time and memory in the square of
// some of these, and a file can come from the network.
const (
	maxSize  = 256 << 10 // a map of 2,000 columns has 110 KB
	maxLine  = 32 << 10
	maxDepth = 100 // a sync has 4 levels
)

// readable refuses what is no text, and what would cost too much to look at.
func readable(name string, data []byte) error {
	if len(data) > maxSize {
		return join(name, []Error{{Message: fmt.Sprintf("the file has %d bytes; a sync file has at most %d", len(data), maxSize)}})
	}
	line, open := 0, 0
	for text := range bytes.Lines(data) {
		line++
		open += bytes.Count(text, []byte("[")) + bytes.Count(text, []byte("{")) -
			bytes.Count(text, []byte("]")) - bytes.Count(text, []byte("}"))
		message, hint := unreadable(text)
		switch {
		case len(text) > maxLine:
			message, hint = fmt.Sprintf("this line has %d bytes; a line has at most %d", len(text), maxLine), ""
		case open > maxDepth || indicators(text) > maxDepth:
			message, hint = "this line is nested too deeply", ""
		}
		if message != "" {
			return join(name, []Error{{Line: line, Column: 1, Message: message, Hint: hint}})
		}
		open = max(open, 0)
	}
	return nil
}

func unreadable(line []byte) (message, hint string) {
	for i, r := range string(line) {
		switch {
		case r == utf8.RuneError && !bytes.HasPrefix(line[i:], []byte("\ufffd")):
			return "this line is not UTF-8", "Save the file as UTF-8."
		case r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7f:
			return fmt.Sprintf("this line has the control character U+%04X", r), `Write it as an escape in double quotes, such as "\u001f".`
		}
	}
	return "", ""
}

// indicators counts what may open levels at the beginning of a line, outside of
// brackets: "- - - a" is three lists.
func indicators(line []byte) (n int) {
	for _, word := range bytes.Fields(line) {
		switch {
		case word[0] == '&', word[0] == '!', len(word) == 1 && bytes.IndexByte([]byte("-?:"), word[0]) >= 0:
			n++
		default:
			return n
		}
	}
	return n
}
