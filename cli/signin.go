package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/workspace"
)

func (a *app) signinCommand() *cobra.Command {
	show := &cobra.Command{
		Use: "show", Short: "Show how people sign in", Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.read(cmd.Context(), a.showSignIn) },
	}
	remove := &cobra.Command{
		Use: "remove-issuer", Short: "Let nobody sign in with another account any more", Args: exactly(),
		Long: "Let nobody sign in with another account any more. Users stay, and so do open sessions:\n`kith user disable` ends those of one user.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.decide(cmd, "Nobody signs in with another account any more. Users and open sessions stay.", func(s *workspace.SignIn) error {
				s.Issuer = nil
				return nil
			})
		},
	}
	return group(&cobra.Command{Use: "signin", Short: "How people sign in: with an account they have elsewhere, with a second factor",
		Long: "How people sign in to the server. It is decided here and not in the browser, so that a stolen session\nof an owner opens no second door."},
		show, a.secondFactor(), a.setIssuer(), remove)
}

// decide changes how people sign in.
func (a *app) decide(cmd *cobra.Command, said string, change func(*workspace.SignIn) error) error {
	return a.read(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
		if err := w.SaveSignIn(ctx, change); err != nil {
			return err
		}
		a.say("%s", said)
		return nil
	})
}

func (a *app) secondFactor() *cobra.Command {
	return &cobra.Command{
		Use: "second-factor required|optional", Short: "Ask everybody with a password for a second factor, or nobody", Args: exactly("required or optional"),
		Long: "Ask everybody who signs in with a password for a second factor, or leave it to them. Who has none sets one\n" +
			"up at the next sign-in. It counts from the next start of kith serve.",
		RunE: func(cmd *cobra.Command, args []string) error {
			required := args[0] == "required"
			if !required && args[0] != "optional" {
				return usage("A second factor is required or optional, not %q. Nothing was changed", args[0])
			}
			return a.decide(cmd, "A second factor is "+args[0]+", from the next start of kith serve.", func(s *workspace.SignIn) error {
				s.RequireTOTP = required
				return nil
			})
		},
	}
}

func (a *app) setIssuer() *cobra.Command {
	var i workspace.Issuer
	var role string
	var groups []string
	var stdin bool
	cmd := &cobra.Command{
		Use: "issuer ADDRESS", Short: "Let people sign in with an account they have elsewhere (OpenID Connect)", Args: exactly("an ADDRESS"),
		Long: "Let people sign in with an account they have elsewhere, by OpenID Connect: Google, Microsoft, Okta,\n" +
			"Keycloak. Register Kith there as a web application that people are sent back to at\n" +
			"BASE-URL" + "/signin/oidc/callback. An issuer in a private network needs a line in egress.allow.",
		Example: "  kith signin issuer https://login.example.com --name Example --client-id kith --domain example.com --secret-stdin <secret.txt\n" +
			"  kith signin issuer https://login.example.com --client-id kith --domain example.com --create --role-claim groups --group kith-admins=owner --group staff=viewer",
		RunE: func(cmd *cobra.Command, args []string) error {
			i.Address, i.Role = strings.TrimSpace(args[0]), account.Role(role)
			if u, err := url.Parse(i.Address); err == nil && i.Name == "" {
				i.Name = u.Hostname()
			}
			if len(groups) > 0 {
				i.Roles = map[string]account.Role{}
			}
			for _, text := range groups {
				group, role, _ := strings.Cut(text, "=")
				i.Roles[group] = account.Role(role)
			}
			plain := a.Getenv("KITH_SECRET")
			if stdin {
				text, err := io.ReadAll(io.LimitReader(a.Stdin, 1<<16))
				if err != nil {
					return err
				}
				plain = strings.TrimRight(string(text), "\r\n")
			}
			return a.read(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error { return a.saveIssuer(ctx, w, i, plain) })
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&i.Name, "name", "", "what people call it")
	flags.StringVar(&i.ClientID, "client-id", "", "what Kith is called there")
	flags.BoolVar(&stdin, "secret-stdin", false, "read the client's secret from standard input")
	flags.StringArrayVar(&i.Domains, "domain", nil, "of e-mails that it may speak of; may be repeated")
	flags.BoolVar(&i.Create, "create", false, "let in people who are no users yet, and make them users")
	flags.StringVar(&role, "role", "", "the role that these get: viewer when left out")
	flags.StringVar(&i.RoleClaim, "role-claim", "", "the claim with somebody's groups, where it says the role")
	flags.StringArrayVar(&groups, "group", nil, "a group and its role: admins=owner; may be repeated")
	flags.StringArrayVar(&i.Scopes, "scope", nil, "is asked for besides openid, email and profile; may be repeated")
	return cmd
}

// saveIssuer keeps an issuer. Without a secret it keeps the one that was given for the
// same address and client.
func (a *app) saveIssuer(ctx context.Context, w *workspace.Workspace, i workspace.Issuer, plain string) error {
	if i.Role != "" {
		if _, err := account.ParseRole(string(i.Role)); err != nil {
			return usage("%s. Nothing was changed", sentence(err.Error()))
		}
	}
	if err := workspace.IssuerSettings(i, "https://kith.example.org/").Check(); err != nil {
		return usage("%s. Nothing was changed", sentence(err.Error()))
	}
	sealed, err := w.SealIssuer(ctx, i.Address, plain)
	if err != nil {
		return err
	}
	err = w.SaveSignIn(ctx, func(s *workspace.SignIn) error {
		if i.Secret = sealed; sealed == "" && s.Issuer != nil && s.Issuer.Address == i.Address && s.Issuer.ClientID == i.ClientID {
			i.Secret = s.Issuer.Secret
		}
		s.Issuer = &i
		return nil
	})
	if err != nil {
		return err
	}
	a.say("People sign in with %s from now on. It sends them back to BASE-URL/signin/oidc/callback, which has to be registered there.", i.Name)
	return nil
}

// A SignInReport is what kith prints of how people sign in. No secret is in it.
type SignInReport struct {
	SecondFactor string            `json:"second_factor"` // required, optional
	Issuer       string            `json:"issuer,omitempty"`
	Name         string            `json:"name,omitempty"`
	ClientID     string            `json:"client_id,omitempty"`
	Secret       bool              `json:"secret"` // whether there is one
	Domains      []string          `json:"domains,omitempty"`
	Create       bool              `json:"create,omitempty"`
	Role         string            `json:"role,omitempty"`
	RoleClaim    string            `json:"role_claim,omitempty"`
	Roles        map[string]string `json:"roles,omitempty"`
}

func (a *app) showSignIn(ctx context.Context, w *workspace.Workspace) error {
	s, err := w.SignIn(ctx)
	if err != nil {
		return err
	}
	r := SignInReport{SecondFactor: "optional"}
	if s.RequireTOTP {
		r.SecondFactor = "required"
	}
	if i := s.Issuer; i != nil {
		r.Issuer, r.Name, r.ClientID, r.Secret, r.Domains, r.Create, r.Role, r.RoleClaim = i.Address, i.Name, i.ClientID, i.Secret != "", i.Domains, i.Create, string(i.Role), i.RoleClaim
		for group, role := range i.Roles {
			if r.Roles == nil {
				r.Roles = map[string]string{}
			}
			r.Roles[group] = string(role)
		}
	}
	row := shape[SignInReport]{columns: []string{"second_factor", "issuer", "client_id", "domains"}, row: func(r SignInReport) []string {
		return []string{r.SecondFactor, r.Issuer, r.ClientID, strings.Join(r.Domains, " ")}
	}}
	return one(a, r, row, func(out io.Writer) {
		fmt.Fprintf(out, "A second factor is %s.\n", r.SecondFactor)
		if r.Issuer == "" {
			fmt.Fprintln(out, "Nobody signs in with another account.")
			return
		}
		fmt.Fprintf(out, "%s (%s) may speak of e-mails of %s.\n", r.Name, r.Issuer, strings.Join(r.Domains, ", "))
		if r.Create {
			fmt.Fprintln(out, "Who is no user yet becomes one.")
		}
		for _, group := range slices.Sorted(maps.Keys(r.Roles)) {
			fmt.Fprintf(out, "%s %s: %s\n", r.RoleClaim, group, r.Roles[group])
		}
	})
}
