package plan

import (
	"encoding/json"
	"errors"
	"strings"
)

// Which of the files that match a pattern a sync reads (C22).
const (
	WhichNewest = "newest"
	WhichAll    = "all"
)

// What it means to a sync that there is no file.
const (
	NoFileWarn  = "warn"
	NoFileOK    = "ok"
	NoFileError = "error"
)

// An After says what becomes of a remote file once it is fully applied. It is
// "keep" (or nothing), "delete", or "move:" and a folder; a sync file has
// {move: DIR}.
type After string

// The words of an After.
const (
	AfterKeep   = "keep"
	AfterDelete = "delete"
	afterMove   = "move:"
)

// MoveTo is the After that moves a file to a folder.
func MoveTo(folder string) After { return After(afterMove + folder) }

// Keeps reports whether the file stays as it is.
func (a After) Keeps() bool { return a == "" || a == AfterKeep }

// Folder returns where a file is moved to, if it is.
func (a After) Folder() (folder string, moves bool) { return strings.CutPrefix(string(a), afterMove) }

// MarshalJSON writes a word, or {"move": DIR}.
func (a After) MarshalJSON() ([]byte, error) {
	if folder, moves := a.Folder(); moves {
		return json.Marshal(map[string]string{"move": folder})
	}
	return json.Marshal(string(a))
}

// UnmarshalJSON reads what MarshalJSON writes.
func (a *After) UnmarshalJSON(data []byte) error {
	var word string
	if json.Unmarshal(data, &word) == nil {
		*a = After(word)
		return nil
	}
	var move struct{ Move string }
	if err := json.Unmarshal(data, &move); err != nil || move.Move == "" {
		return errors.New("after is keep, delete or {move: DIR}")
	}
	*a = MoveTo(move.Move)
	return nil
}
