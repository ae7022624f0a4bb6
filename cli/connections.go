package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/link"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/syncfile"
	"github.com/kith-sync/kith/workspace"
)

func (a *app) connectionsCommand() *cobra.Command {
	list := &cobra.Command{
		Use: "list", Short: "List the connections", Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.read(cmd.Context(), a.listConnections) },
	}
	return group(&cobra.Command{Use: "connections", Short: "Accounts at other systems"}, list,
		a.showConnection(), a.addConnection(), a.setConnection(), a.trustConnection(), a.testConnection(), a.connectionSchema(), a.connectionChoices(), a.prepareConnection(), a.deleteConnection())
}

func (a *app) listConnections(ctx context.Context, w *workspace.Workspace) error {
	all, err := w.Store.Connections(ctx)
	if err != nil {
		return err
	}
	reports := make([]desk.ConnectionReport, len(all))
	for i, c := range all {
		reports[i] = desk.ReportConnection(c)
	}
	return many(a, each(reports), connectionShape())
}

func connectionShape() shape[desk.ConnectionReport] {
	return shape[desk.ConnectionReport]{columns: []string{"name", "type", "address", "signs_in"}, row: func(c desk.ConnectionReport) []string {
		who := c.Settings["user"]
		if who == "" && c.Secret {
			who = "by token"
		}
		return []string{c.Name, c.Type, c.Settings["url"], who}
	}}
}

const secretHelp = "\nThe password or token is read from standard input with --secret-stdin, or from KITH_SECRET. It is\n" +
	"sealed with a key that is not in the database, and never shown again."

func (a *app) addConnection() *cobra.Command {
	var kind string
	cmd := &cobra.Command{
		Use: "add NAME", Short: "Make a connection",
		Long: "Make a connection to another system.\n\n" + systemsHelp() + secretHelp,
		Example: `  kith connections add office --type carddav --set url=https://dav.example.org --set user=ada --secret-stdin <password.txt
  kith connections add hr-sftp --type sftp --set url=sftp://files.example.org --set user=kith --secret-stdin <id_ed25519`,
		Args: exactly("a NAME"),
	}
	cmd.Flags().StringVar(&kind, "type", "", "what it connects to: "+strings.Join(systemNames(), ", "))
	told := a.connectionFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		set, plain, err := told()
		if err != nil {
			return err
		}
		return a.write(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
			_, err := w.Store.Connection(ctx, args[0])
			if err == nil {
				return refuse("connection.exists", "There is a connection %q already. Nothing was changed. kith connections set %s changes it; another needs a name of its own", args[0], desk.Quoted(args[0]))
			}
			if !errors.Is(err, store.ErrNotFound) {
				return err
			}
			return a.saveConnection(ctx, w, store.Connection{Name: args[0], Kind: kind}, store.Connection{}, set, plain)
		})
	}
	_ = cmd.RegisterFlagCompletionFunc("type", oneOf(systemNames()...)) // fails only for a flag that is not there
	return cmd
}

func (a *app) setConnection() *cobra.Command {
	cmd := &cobra.Command{
		Use: "set NAME", Short: "Change a connection; what is not said stays",
		Long: "Change settings of a connection; an empty value takes one away. Without a new password or token it keeps\n" +
			"the one it has.\n" + secretHelp,
		Example: "  kith connections set office --set user=bo --secret-stdin <password.txt\n  kith connections set office --set calls_per_day=",
		Args:    exactly("a NAME"),
	}
	told := a.connectionFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		set, plain, err := told()
		if err != nil {
			return err
		}
		if len(set) == 0 && plain == "" {
			return usage("%s needs something to change. See %s --help", cmd.CommandPath(), cmd.CommandPath())
		}
		return a.write(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
			old, err := desk.ConnectionNamed(ctx, w, args[0])
			if err != nil {
				return err
			}
			return a.saveConnection(ctx, w, store.Connection{Name: old.Name, Kind: old.Kind}, old, set, plain)
		})
	}
	return cmd
}

// connectionFlags gives a command the flags that say what a connection is, and returns
// what was said with them.
func (a *app) connectionFlags(cmd *cobra.Command) func() (set []string, secret string, err error) {
	var set []string
	var key string
	var stdin bool
	cmd.Flags().StringArrayVar(&set, "set", nil, "a setting as name=value; may be repeated")
	cmd.Flags().StringVar(&key, "host-key", "", "key of an SFTP server, as ssh-keygen -l prints it; the same as --set host_key=")
	cmd.Flags().BoolVar(&stdin, "secret-stdin", false, "read the password or token from standard input")
	return func() ([]string, string, error) {
		said := set
		if key != "" {
			said = append(said, workspace.HostKey+"="+key)
		}
		if !stdin {
			return said, a.Getenv("KITH_SECRET"), nil
		}
		text, err := io.ReadAll(io.LimitReader(a.Stdin, 1<<16))
		return said, strings.TrimRight(string(text), "\r\n"), err
	}
}

func systemNames() (names []string) {
	for _, s := range workspace.Systems() {
		names = append(names, s.Name)
	}
	return names
}

func systemsHelp() string {
	var b strings.Builder
	for _, s := range workspace.Systems() {
		fmt.Fprintf(&b, "  --type %s   %s\n", s.Name, s.Title)
		for _, one := range s.Settings {
			must := ""
			if one.Required {
				must = " (required)"
			}
			fmt.Fprintf(&b, "    --set %s=   %s%s\n", one.Name, one.Help, must)
		}
	}
	return b.String()
}

// saveConnection stores a connection with its settings in place of those that the old
// one had by the same names.
func (a *app) saveConnection(ctx context.Context, w *workspace.Workspace, c, old store.Connection, set []string, plain string) error {
	if c.Kind == "" {
		return usage("What does it connect to? Name it with --type %s", strings.Join(systemNames(), " or --type "))
	}
	system, err := workspace.SystemNamed(c.Kind)
	if err != nil {
		return usage("%s", sentence(err.Error()))
	}
	if c.Settings, err = desk.SettingsOf(system, old.Settings, set); err != nil {
		return err
	}
	c.Secret = old.Secret
	if plain != "" {
		if c.Secret, err = w.SealSecret(ctx, c.Name, plain); err != nil {
			return err
		}
	}
	if err := desk.Free(ctx, w, syncfile.KindConnection, c.Name); err != nil {
		return err
	}
	if c, err = w.Store.SaveConnection(ctx, c); err != nil {
		return err
	}
	a.say("Saved the connection %s. Try it:  kith connections test %s", c.Name, desk.Quoted(c.Name))
	return done(a, desk.ReportConnection(c), connectionShape())
}

func (a *app) testConnection() *cobra.Command {
	cmd := &cobra.Command{Use: "test NAME", Short: "Sign in and look, without writing anything",
		Example: "  kith connections test office\n  kith connections test hr-sftp --path \"/out/people-*.csv\""}
	pattern := cmd.Flags().String("path", "", "of a connection with files: which ones to list")
	a.lookAt(cmd,
		func(remote connector.Remote, schema contact.Schema) error {
			can := remote.Promises()
			return one(a, testReport{remote.Name(), len(schema.Fields), !can.ReadOnly, can.Incremental}, shape[testReport]{
				columns: []string{"object", "fields", "writes", "incremental"},
				row: func(t testReport) []string {
					return []string{t.Object, fmt.Sprint(t.Fields), fmt.Sprint(t.Writes), fmt.Sprint(t.Incremental)}
				}}, func(out io.Writer) { testText(out, remote.Name(), can, len(schema.Fields)) })
		})
	records := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		files := false
		err := a.read(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
			c, err := desk.ConnectionNamed(ctx, w, args[0])
			if err != nil {
				return err
			}
			system, err := workspace.SystemNamed(c.Kind)
			if files = err == nil && system.Files(); !files {
				return err
			}
			return a.testFiles(ctx, w, c.Name, *pattern)
		})
		if err != nil || files {
			return err
		}
		err = records(cmd, args)
		several, ok := errors.AsType[connector.ChoiceError](err)
		if object, _ := cmd.Flags().GetString("object"); !ok || object != "" || len(several.Options()) == 0 {
			return err
		}
		return many(a, each(several.Options()), shape[connector.Choice]{columns: []string{"object", "id"},
			row: func(c connector.Choice) []string { return []string{c.Name, c.ID} }})
	}
	return cmd
}

func (a *app) prepareConnection() *cobra.Command {
	var object string
	cmd := &cobra.Command{
		Use: "prepare NAME", Short: "Make a field for Kith's keys at a system, so that no create is doubled",
		Long: `Prepare gives an object of a connection a unique field of its own for Kith's keys
(Kith_Id__c in Salesforce), and lets the connection's user see it. With it no record is
ever created twice, not even when an answer is lost on the way. It changes the system.`,
		Example: "  kith connections prepare crm --object Person",
		Args:    exactly("a NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if object == "" {
				return usage("Which object gets the field? Name it with --object")
			}
			return a.write(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				if err := desk.Prepare(ctx, w, args[0], object); err != nil {
					return err
				}
				a.say("%s of %s has a field for Kith's keys now.", object, args[0])
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&object, "object", "", "which object: Person, Contact, Lead, Event, ...")
	return cmd
}

func (a *app) connectionSchema() *cobra.Command {
	return a.lookAt(&cobra.Command{Use: "schema NAME", Short: "List the fields a connection's object has"},
		func(_ connector.Remote, schema contact.Schema) error {
			return many(a, each(schema.Fields), fieldShape())
		})
}

// lookAt makes a command that opens an object of a connection and tells what it has.
func (a *app) lookAt(cmd *cobra.Command, tell func(connector.Remote, contact.Schema) error) *cobra.Command {
	var object string
	cmd.Args = exactly("a NAME")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return a.read(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
			remote, err := desk.Connected(ctx, w, args[0], object)
			if err != nil {
				return err
			}
			schema, err := remote.Schema(ctx)
			if err != nil {
				return &fault{exit: exitConnect, code: link.CodeUnreachable, message: sentence(err.Error())}
			}
			return tell(remote, schema)
		})
	}
	cmd.Flags().StringVar(&object, "object", "", "which object, where there are several")
	return cmd
}

type testReport struct {
	Object      string `json:"object"`
	Fields      int    `json:"fields"`
	Writes      bool   `json:"writes"`
	Incremental bool   `json:"incremental"`
}

func testText(out io.Writer, name string, can connector.Promises, fields int) {
	writes, changes := "can be written", "tells what changed"
	if can.ReadOnly {
		writes = "read only"
	}
	if !can.Incremental {
		changes = "is listed whole each time"
	}
	fmt.Fprintf(out, "%s answers: %d fields, %s, %s\n", desk.Cell(name), fields, writes, changes)
}

func (a *app) deleteConnection() *cobra.Command {
	cmd := &cobra.Command{
		Use: "delete NAME", Short: "Forget a connection with its links", Args: exactly("a NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.write(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				c, err := desk.ConnectionNamed(ctx, w, args[0])
				if err != nil {
					return err
				}
				question := fmt.Sprintf("Forget the connection %q and who is who in it? The records on both sides stay.", c.Name)
				if err := a.confirm(question, "kith connections delete "+desk.Quoted(c.Name)); err != nil {
					return err
				}
				if err := desk.Free(ctx, w, syncfile.KindConnection, c.Name); err != nil {
					return err
				}
				if err := w.Store.DeleteConnection(ctx, c.ID); err != nil {
					return err
				}
				a.say("Forgot the connection %s.", c.Name)
				return nil
			})
		},
	}
	cmd.Flags().BoolVarP(&a.yes, "yes", "y", false, "do not ask")
	return cmd
}
