package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/notify/send"
	"github.com/kith-sync/kith/syncfile"
	"github.com/kith-sync/kith/workspace"
)

func (a *app) notificationsCommand() *cobra.Command {
	list := &cobra.Command{
		Use: "list", Short: "List the channels, and how their messages fare", Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.read(cmd.Context(), a.listChannels) },
	}
	return group(&cobra.Command{Use: "notifications", Short: "How people are told about runs: mail server, web hooks, chats"}, list,
		a.addChannel(), a.testChannel(), a.removeChannel())
}

func (a *app) listChannels(ctx context.Context, w *workspace.Workspace) error {
	reports, err := desk.ReportChannels(ctx, w)
	if err != nil {
		return err
	}
	return many(a, each(reports), shape[desk.ChannelReport]{
		columns: []string{"name", "type", "to", "every_sync", "waiting", "never_sent", "reason"},
		row: func(c desk.ChannelReport) []string {
			words := make([]string, len(c.On))
			for i, e := range c.On {
				words[i] = string(e)
			}
			return []string{c.Name, c.Type, whereTo(c), strings.Join(words, " "), fmt.Sprint(c.Waiting), fmt.Sprint(c.Dead), c.Reason}
		}})
}

// whereTo is what tells one channel from another; the address of a chat is a secret.
func whereTo(c desk.ChannelReport) string {
	for _, name := range []string{"to", "url", "host"} {
		if c.Settings[name] != "" {
			return c.Settings[name]
		}
	}
	return ""
}

func (a *app) addChannel() *cobra.Command {
	var n desk.NewChannel
	var stdin bool
	cmd := &cobra.Command{
		Use: "add NAME", Short: "Set up a way to tell people about runs, or change it",
		Long: "Set up a way to tell people about runs, or change the one of that name. A sync's file says who is told\n" +
			"of its runs: notify: [{email: ops@example.org}, {channel: NAME}]. With --every-sync a channel hears of\n" +
			"every sync.\n\n" + channelsHelp() +
			"\nThe secret (a password, or the address of a chat) is read from standard input with --secret-stdin, or\n" +
			"from KITH_SECRET. It is sealed with a key that is not in the database, and never shown again. Without\n" +
			"either, a channel that is changed keeps the one it has.",
		Example: `  kith notifications add mail --type smtp --set host=mail.example.org --set from=kith@example.org --set user=kith --secret-stdin <password.txt
  kith notifications add on-call --type slack --every-sync failed,guard --secret-stdin <hook.txt`,
		Args: exactly("a NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			n.Name, n.Secret = args[0], a.Getenv("KITH_SECRET")
			if stdin {
				text, err := io.ReadAll(io.LimitReader(a.Stdin, 1<<16))
				if err != nil {
					return err
				}
				n.Secret = strings.TrimSpace(string(text))
			}
			return a.write(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error { return a.saveChannel(ctx, w, n) })
		},
	}
	cmd.Flags().StringVar(&n.Kind, "type", "", "kind of channel: "+strings.Join(desk.ChannelKinds(), ", "))
	cmd.Flags().StringArrayVar(&n.Set, "set", nil, "a setting as name=value; may be repeated")
	cmd.Flags().StringSliceVar(&n.On, "every-sync", nil, "events of every sync: all, none, or some of "+strings.Join(desk.EventNames(), ", "))
	cmd.Flags().BoolVar(&stdin, "secret-stdin", false, "read the secret from standard input")
	_ = cmd.RegisterFlagCompletionFunc("type", oneOf(desk.ChannelKinds()...)) // fails only for a flag that is not there
	return cmd
}

func channelsHelp() string {
	var b strings.Builder
	for _, k := range send.Kinds() {
		fmt.Fprintf(&b, "  --type %s   %s\n", k.Name, k.Title)
		for _, one := range k.Settings {
			must := ""
			if one.Required {
				must = " (required)"
			}
			fmt.Fprintf(&b, "    --set %s=   %s%s\n", one.Name, one.Help, must)
		}
		fmt.Fprintf(&b, "    secret: %s\n", k.Secret)
	}
	return b.String()
}

func (a *app) saveChannel(ctx context.Context, w *workspace.Workspace, n desk.NewChannel) error {
	made, err := desk.SaveChannel(ctx, w, n)
	if err != nil {
		return err
	}
	if made != "" {
		a.say("The signing secret of this web hook, which is shown this once:  %s", made)
	}
	a.say("Saved the channel %s. Try it:  kith notifications test %s", n.Name, desk.Quoted(n.Name))
	return nil
}

func (a *app) testChannel() *cobra.Command {
	var to string
	cmd := &cobra.Command{
		Use: "test NAME", Short: "Send a test message now", Args: exactly("a NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.read(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				if err := desk.TestChannel(ctx, w, args[0], to); err != nil {
					return err
				}
				a.say("Sent a test message by %s. See whether it arrived.", args[0])
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "address that the mail server writes to")
	return cmd
}

func (a *app) removeChannel() *cobra.Command {
	cmd := &cobra.Command{
		Use: "remove NAME", Short: "Forget a channel", Args: exactly("a NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.write(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				c, err := desk.ChannelNamed(ctx, w, args[0])
				if err != nil {
					return err
				}
				question := fmt.Sprintf("Forget the channel %q with its secret? What waits for it is not sent.", c.Name)
				if err := a.confirm(question, "kith notifications remove "+desk.Quoted(c.Name)); err != nil {
					return err
				}
				if err := desk.Free(ctx, w, syncfile.KindChannel, c.Name); err != nil {
					return err
				}
				if err := w.Store.DeleteChannel(ctx, c.Name); err != nil {
					return err
				}
				a.say("Forgot the channel %s.", c.Name)
				return nil
			})
		},
	}
	cmd.Flags().BoolVarP(&a.yes, "yes", "y", false, "do not ask")
	return cmd
}
