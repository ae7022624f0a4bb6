package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/server"
	"github.com/kith-sync/kith/service"
	"github.com/kith-sync/kith/workspace"
)

// serving is what the flags of serve say.
type serving struct {
	server.Options
	base    string
	totp    bool
	proxies []string
	demo    bool // invented people, in a folder that goes when it stops
}

func (a *app) serveCommand() *cobra.Command {
	var s serving
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the pages and the API, and run what is scheduled",
		Long: `Serve opens the data folder for browsers and programs, and runs syncs at their times.
It listens on 127.0.0.1 only, unless it speaks TLS or a proxy in front of it does. The
first time it prints a link that makes you the owner: it works once, for an hour. There
is no default password. Interrupt it to stop: what is at work then goes on the next time.`,
		Example: `  kith serve
  kith serve --listen 0.0.0.0:443 --tls-cert kith.pem --tls-key kith.key --base-url https://kith.example.org
  kith serve --listen 0.0.0.0:8080 --behind-proxy --base-url https://kith.example.org`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.write(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error { return a.serve(ctx, w, s) })
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&s.Address, "listen", "127.0.0.1:8080", "address and port to listen on")
	flags.StringVar(&s.Certificate, "tls-cert", "", "file of the TLS certificate, with those that signed it")
	flags.StringVar(&s.Key, "tls-key", "", "file of its key")
	flags.BoolVar(&s.BehindProxy, "behind-proxy", false, "a proxy in front of it speaks TLS")
	flags.StringSliceVar(&s.proxies, "proxy", []string{"127.0.0.0/8", "::1/128"}, "with --behind-proxy: the proxy's addresses; what it says of where people come from is believed")
	flags.StringVar(&s.base, "base-url", "", "where people reach it, such as https://kith.example.org")
	flags.BoolVar(&s.totp, "require-totp", false, "everybody needs a second factor to sign in with a password")
	return cmd
}

// codeAddress is the code of an address that something else has.
const codeAddress = "server.address"

// serve answers until it is interrupted.
func (a *app) serve(ctx context.Context, w *workspace.Workspace, o serving) error {
	if (o.Certificate == "") != (o.Key == "") {
		return usage("--tls-cert and --tls-key go together. Nothing was started")
	}
	log := slog.New(slog.NewJSONHandler(a.Stderr, nil))
	l, err := server.Listen(ctx, o.Options)
	if errors.Is(err, server.ErrOpen) {
		return usage("%s. Nothing was started", sentence(err.Error()))
	}
	if err != nil {
		return refuse(codeAddress, "Nothing can listen on %s: %v. Nothing was started. Choose another with --listen", o.Address, innermost(err))
	}
	defer l.Close()
	base, err := baseURL(o, l.Addr())
	if err != nil {
		return err
	}
	proxies, err := o.trusted()
	if err != nil {
		return err
	}
	gate, err := w.Gate(ctx, a.Now, o.totp)
	if err != nil {
		return err
	}
	s := service.New(service.Options{Workspace: w, Accounts: gate, Log: log, Now: a.Now, BaseURL: base, Version: a.Version, Demo: o.demo})
	handler, err := server.Handler(s)
	if err != nil {
		return err
	}
	if err := s.Start(ctx); err != nil {
		return err
	}
	defer s.Close()
	if err := a.greet(ctx, s); err != nil {
		return err
	}
	return server.Serve(ctx, l, server.Behind(proxies, handler), log)
}

// trusted are the proxies that are believed; none unless there is one in front.
func (s serving) trusted() (proxies []netip.Prefix, err error) {
	if !s.BehindProxy {
		return nil, nil
	}
	for _, text := range s.proxies {
		if !strings.Contains(text, "/") {
			text += map[bool]string{true: "/128", false: "/32"}[strings.Contains(text, ":")]
		}
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, usage("--proxy is an address or a network such as 10.0.0.0/8, not %q. Nothing was started", text)
		}
		proxies = append(proxies, p.Masked())
	}
	return proxies, nil
}

// baseURL is where people reach the server: what they said, else where it listens.
func baseURL(o serving, at net.Addr) (string, error) {
	if o.base == "" {
		scheme := "http"
		if o.Certificate != "" {
			scheme = "https"
		}
		return scheme + "://" + at.String(), nil
	}
	u, err := url.Parse(o.base)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || strings.Trim(u.Path, "/") != "" {
		return "", usage("--base-url is an address like https://kith.example.org, not %q. Nothing was started", o.base)
	}
	return u.Scheme + "://" + u.Host, nil
}

// greet says where the server is and, while it has no owner, how to become one.
func (a *app) greet(ctx context.Context, s *service.Service) error {
	needs, err := s.Accounts.NeedsSetUp(ctx)
	if err != nil {
		return err
	}
	if !needs {
		a.say("Kith is at %s", s.BaseURL)
		return nil
	}
	link, err := s.Accounts.SetUpLink(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.Stdout, "Open this to set Kith up; it works once, for an hour:\n\n  %s/setup?link=%s\n\n", s.BaseURL, url.QueryEscape(link))
	return nil
}
