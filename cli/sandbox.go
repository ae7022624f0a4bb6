package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/sandbox"
	"github.com/kith-sync/kith/server"
	"github.com/kith-sync/kith/workspace"
)

// A SandboxReport says how to connect to a sandbox.
type SandboxReport struct {
	System string `json:"system"`
	URL    string `json:"url"`
	sandbox.Play
}

func (a *app) sandboxCommand() *cobra.Command {
	var listen string
	var o sandbox.Options
	cmd := &cobra.Command{
		Use:   "sandbox SYSTEM",
		Short: "Play " + strings.Join(sandbox.Names(), ", ") + ": try every flow without an account",
		Long: `Serve a system that behaves as its vendor's manual says, with invented people, for
this computer only, until you interrupt it. It prints the commands that connect Kith to
it. It keeps nothing: each time it begins anew.

Kith refuses to connect to this computer until a line of the file egress.allow in the
data folder allows it (or the variable KITH_EGRESS_ALLOW); one of the commands adds it.

` + sandboxesHelp(),
		Example:   "  kith sandbox listmonk\n  kith sandbox mailchimp --people 10000 --listen 127.0.0.1:9000",
		ValidArgs: sandbox.Names(),
		Args:      exactly("a SYSTEM"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.People < 0 {
				return usage("--people takes a number, and %d is less than none. Nothing was started", o.People)
			}
			system, err := sandbox.Named(args[0])
			if err != nil {
				return usage("%s. Nothing was started", sentence(err.Error()))
			}
			return a.play(cmd.Context(), system, o, listen)
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "", "address and port of this computer to listen on (default 127.0.0.1 and the port of the system)")
	cmd.Flags().IntVar(&o.People, "people", 0, "invent so many people besides")
	cmd.Flags().BoolVar(&o.Seed, "seed", true, "put a few people in, in every state there is; --seed=false leaves them out")
	return cmd
}

func sandboxesHelp() string {
	var b strings.Builder
	for _, s := range sandbox.Systems() {
		fmt.Fprintf(&b, "  %-11s %s on 127.0.0.1:%d\n", s.Name, s.Title, s.Port)
	}
	return strings.TrimRight(b.String(), "\n")
}

// play serves a system until it is interrupted.
func (a *app) play(ctx context.Context, system sandbox.System, o sandbox.Options, listen string) error {
	if listen == "" {
		listen = net.JoinHostPort("127.0.0.1", strconv.Itoa(system.Port))
	}
	l, err := server.Listen(ctx, server.Options{Address: listen})
	if errors.Is(err, server.ErrOpen) {
		return usage("A sandbox has no secrets, so it listens on this computer only: %s is open to others. Nothing was started. Use an address such as 127.0.0.1:%d", listen, system.Port)
	}
	if err != nil {
		return refuse(codeAddress, "Nothing can listen on %s: %v. Nothing was started. Choose another with --listen", listen, innermost(err))
	}
	defer l.Close()
	o.URL, o.Now = "http://"+l.Addr().String(), a.Now
	report := SandboxReport{system.Name, o.URL, system.Begin(o)}
	if err := a.tellSandbox(system, report); err != nil {
		return err
	}
	return server.Serve(ctx, l, report.Handler, slog.New(slog.NewJSONHandler(a.Stderr, nil)))
}

// tellSandbox prints what a sandbox says of itself, and what to type to connect to
// it.
func (a *app) tellSandbox(system sandbox.System, r SandboxReport) error {
	if err := a.findFolder(); err != nil {
		a.folder = "DATA" // nowhere to name, and nothing of it is needed here
	}
	plain := shape[SandboxReport]{columns: []string{"system", "url", "secret"}, row: func(r SandboxReport) []string { return []string{r.System, r.URL, r.Secret} }}
	return one(a, r, plain, func(out io.Writer) {
		fmt.Fprintf(out, "%s is played at %s with invented people, until you interrupt it (Ctrl-C).\n\n", system.Title, r.URL)
		for _, line := range r.Hint {
			fmt.Fprintf(out, "  %s\n", line)
		}
		fmt.Fprint(out, "\nConnect Kith to it, in another terminal:\n\n")
		for _, line := range connecting(r, a.folder) {
			fmt.Fprintf(out, "  %s\n", line)
		}
		fmt.Fprintf(out, "\nWhile kith serve runs, make the connection in the browser instead of the first command\n(Connections, %s; what is not asked for stands under More settings):\n\n", system.Title)
		for _, s := range append(slices.Clone(r.Settings), sandbox.Setting{Name: "secret", Value: r.Secret}) {
			fmt.Fprintf(out, "  %-10s %s\n", s.Name, s.Value)
		}
	})
}

// connecting are the commands that connect Kith to a sandbox. The second one allows
// to reach this computer.
func connecting(r SandboxReport, folder string) []string {
	name := r.System + "-sandbox"
	add := "KITH_SECRET=" + desk.Quoted(r.Secret) + " kith connections add " + name + " --type " + r.System
	for _, s := range r.Settings {
		add += " --set " + desk.Quoted(s.Name+"="+s.Value)
	}
	return []string{
		add,
		"echo " + strings.TrimPrefix(r.URL, "http://") + " >>" + desk.Quoted(filepath.Join(folder, workspace.AllowName)),
		"kith connections test " + name + " --object " + r.Object,
	}
}
