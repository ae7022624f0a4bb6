package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/api/client"
	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/csv"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/fetch"
	"github.com/kith-sync/kith/link"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/syncfile"
	"github.com/kith-sync/kith/workspace"
)

// The exit codes. They are a contract: docs/cli.md explains them.
const (
	exitOK          = 0
	exitFailed      = 1
	exitChanges     = 2 // only with --detailed-exitcode
	exitRejects     = 3
	exitApproval    = 4 // stopped by the guard, or a question nobody was there to answer
	exitConnect     = 5
	exitConfig      = 6
	exitQuota       = 7 // the budget of calls is spent; the next run goes on
	exitUsage       = 64
	exitInterrupted = 130
)

// A fault is an error said for people: what happened, what is safe, and what to
// do next. Its code is for programs.
type fault struct {
	exit     int
	code     string
	message  string
	problems []syncfile.Error
}

func (f *fault) Error() string { return f.message }

// usage is the fault of a command that was typed wrong.
func usage(format string, args ...any) error {
	return &fault{exit: exitUsage, code: "usage", message: fmt.Sprintf(format, args...)}
}

func refuse(code, format string, args ...any) error {
	return &fault{exit: exitOf(code), code: code, message: fmt.Sprintf(format, args...)}
}

// faultOf says any error for people.
func (a *app) faultOf(ctx context.Context, err error) *fault {
	var said *fault
	var known *run.Error
	var twins *workspace.TwinsError
	var refused *client.Refusal
	var gone *client.Unreachable
	switch {
	case errors.As(err, &said):
		return said
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		return &fault{exit: exitInterrupted, code: run.CodeInterrupted, message: a.interrupted()}
	case len(syncfile.All(err)) > 0:
		return invalid(syncfile.All(err))
	case errors.As(err, &known):
		return &fault{exit: exitOf(known.Code), code: known.Code, message: spoken(known)}
	case errors.As(err, &refused):
		return &fault{exit: exitAt(refused), code: refused.Code, message: strings.TrimRight(refused.Detail, ".")}
	case errors.As(err, &gone):
		return &fault{exit: exitConnect, code: "server.unreachable", message: fmt.Sprintf("The server that KITH_URL names does not answer: %v. Nothing is known to have been done", innermost(gone.Err))}
	case errors.As(err, &twins):
		return &fault{exit: exitFailed, code: workspace.CodeTwins, message: twins.Sentence()}
	case errors.Is(err, fs.ErrNotExist) && strings.Contains(err.Error(), "staged source"):
		return &fault{exit: exitFailed, code: "stage.gone",
			message: "The copy of what this run read is gone: it is kept for 90 days. Nothing was changed, and the contacts are as they were. To see the records again run the sync once more"}
	case errors.Is(err, workspace.ErrKeyGone), errors.Is(err, workspace.ErrOtherKey):
		return &fault{exit: exitFailed, code: "data.key", message: sentence(innermost(err).Error())}
	case errors.Is(err, workspace.ErrLocked):
		return &fault{exit: exitFailed, code: "data.locked",
			message: fmt.Sprintf("Another kith process is using %s. Nothing was changed. Wait until it has finished, or use another folder with --data", a.folder)}
	case errors.Is(err, store.ErrNotFound):
		return &fault{exit: exitFailed, code: "not_found", message: sentence(err.Error())}
	}
	return &fault{exit: exitFailed, code: "failed", message: sentence(err.Error()) + ". What was written before stays complete. kith doctor checks the data folder"}
}

func (a *app) interrupted() string {
	message := "Stopped as you asked. What was written is complete; nothing is lost, and nothing will be written twice"
	if a.hint != "" {
		message += ". " + a.hint
	}
	return message
}

// exitOf tells a sync that is not right, or does not fit its source, from a run
// that failed.
func exitOf(code string) int {
	switch code {
	case desk.CodeUsage:
		return exitUsage
	case run.CodeConfig, run.CodeColumnGone, csv.FileEncoding, csv.FileDialect:
		return exitConfig
	case link.CodeUnreachable, link.CodeDenied, "connection.missing", workspace.CodeEgress, desk.CodeNotSent,
		fetch.CodeUnreachable, fetch.CodeDenied, fetch.CodeHostKeyUnknown, fetch.CodeHostKeyChanged, fetch.CodeFolderClosed:
		return exitConnect
	case link.CodeQuota:
		return exitQuota
	}
	return exitFailed
}

// exitAt is the exit code of what a server refused: a token that it does not take, or
// whose scopes do not reach, is a sign-in that failed.
func exitAt(r *client.Refusal) int {
	if r.Status == http.StatusUnauthorized || r.Status == http.StatusForbidden {
		return exitConnect
	}
	return exitOf(r.Code)
}

// spoken joins a run error's sentence and its cause. Of a chain of causes people
// get the innermost; of a sync that does not fit, the place as well. What a remote
// answered is in the sentence already, and its cause may name a person.
func spoken(e *run.Error) string {
	var answered *connector.Fault
	if e.Err == nil || errors.As(e.Err, &answered) {
		return e.Message
	}
	cause := e.Err
	for e.Code != run.CodeConfig && errors.Unwrap(cause) != nil {
		cause = errors.Unwrap(cause)
	}
	first, _, _ := strings.Cut(cause.Error(), "\n") // an expression's mistake is drawn below its text
	return strings.TrimSuffix(e.Message, ".") + ": " + first
}

func invalid(found []*syncfile.Error) *fault {
	f := &fault{exit: exitConfig, code: run.CodeConfig}
	var lines []string
	for _, e := range found {
		f.problems = append(f.problems, *e)
		lines = append(lines, e.Error())
	}
	f.message = strings.Join(lines, "\n")
	return f
}

func invalidSync(found []syncfile.Error) error {
	all := make([]*syncfile.Error, len(found))
	for i := range found {
		all[i] = &found[i]
	}
	return invalid(all)
}

// fail prints an error and returns the exit code.
func (a *app) fail(ctx context.Context, err error) int {
	f := a.faultOf(ctx, err)
	var document *brokenOff
	switch {
	case errors.As(err, &document):
		_ = document.end(said(f)) // who reads no more needs no end
	case !a.reported:
		a.printError(f)
	}
	fmt.Fprintln(a.Stderr, plain(ended(f.message)))
	return f.exit
}

// ended gives a message its full stop, unless it ends with a question or with a
// command to type, or a line to add, which begins after two spaces.
func ended(message string) string {
	message = strings.TrimRight(message, ".\n")
	last := message[strings.LastIndex(message, "\n")+1:]
	if strings.HasSuffix(message, "?") || strings.Contains(last, "  kith ") || strings.Contains(last, ":  ") {
		return message
	}
	return message + "."
}

// sentence begins a text with a capital letter.
func sentence(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

// unknownCommand suggests what was probably meant.
func unknownCommand(cmd *cobra.Command, typed string) error {
	cmd.SuggestionsMinimumDistance = 2
	message := fmt.Sprintf("There is no command %q in %s", typed, cmd.CommandPath())
	if near := cmd.SuggestionsFor(typed); len(near) > 0 {
		return usage("%s. Did you mean %s %s?", message, cmd.CommandPath(), near[0])
	}
	return usage("%s. %s --help lists them", message, cmd.CommandPath())
}

var (
	unknownFlag = regexp.MustCompile(`^unknown flag: --(.+)$`)
	wrongValue  = regexp.MustCompile(`^invalid argument "(.*)" for "(?:-., )?(--.+)" flag: `)
	flagNames   = regexp.MustCompile(`--([a-z-]+)`)
)

// flagFault says in a sentence what is wrong with a flag.
func flagFault(cmd *cobra.Command, err error) string {
	if m := wrongValue.FindStringSubmatch(err.Error()); m != nil {
		return fmt.Sprintf("%q is not a value for %s.", m[1], m[2])
	}
	m := unknownFlag.FindStringSubmatch(err.Error())
	if m == nil {
		return sentence(err.Error()) + "."
	}
	var names []string
	for _, found := range flagNames.FindAllStringSubmatch(cmd.Flags().FlagUsages(), -1) {
		names = append(names, found[1])
	}
	if near := desk.Nearest(m[1], names); near != "" {
		return fmt.Sprintf("There is no flag --%s. Did you mean --%s?", m[1], near)
	}
	return fmt.Sprintf("There is no flag --%s.", m[1])
}

// exactly returns the argument check of a command that takes what words name.
func exactly(words ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == len(words) {
			return nil
		}
		if len(args) > len(words) {
			return usage("%s takes %s; %q is too much. See %s --help", cmd.CommandPath(), listed(words), args[len(words)], cmd.CommandPath())
		}
		return usage("%s needs %s. See %s --help", cmd.CommandPath(), listed(words[len(args):]), cmd.CommandPath())
	}
}

func listed(words []string) string {
	if len(words) == 0 {
		return "no arguments"
	}
	return strings.Join(words, " and ")
}
