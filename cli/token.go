package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/store"
)

func (a *app) tokenCommand() *cobra.Command {
	var user string
	list := &cobra.Command{
		Use: "list", Short: "List tokens, revoked ones too", Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.atGate(cmd, func(ctx context.Context, gate *account.Gate) error { return a.listTokens(ctx, gate, user) })
		},
	}
	list.Flags().StringVar(&user, "user", "", "only those of this e-mail")
	return group(&cobra.Command{Use: "token", Short: "Let programs act for a user",
		Long: "A token lets a program act for a user. It reaches no further than its scopes, and never further than\n" +
			"the user's role. Scopes do not contain each other.\n\n" +
			"  read    what a viewer may           run     what an operator may besides\n" +
			"  write   what a manager may besides  admin   what an owner may besides"}, list, a.addToken(), a.revokeToken())
}

// A TokenReport is what kith prints of a token. The token itself is in it once,
// when it was just made.
type TokenReport struct {
	Number  int64      `json:"number"`
	User    string     `json:"user"`
	Name    string     `json:"name"`
	Scopes  []string   `json:"scopes"`
	Made    time.Time  `json:"made"`
	Expires *time.Time `json:"expires,omitempty"`
	Used    *time.Time `json:"used,omitempty"`
	Revoked *time.Time `json:"revoked,omitempty"`
	Token   string     `json:"token,omitempty"`
}

func tokenReport(t store.Token, email string) TokenReport {
	return TokenReport{Number: t.ID, User: email, Name: t.Name, Scopes: strings.Fields(t.Scopes), Made: t.Created,
		Expires: some(t.Expires), Used: some(t.Used), Revoked: some(t.Revoked)}
}

// some is a time that may not have come.
func some(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func tokenShape(now time.Time) shape[TokenReport] {
	return shape[TokenReport]{columns: []string{"number", "user", "name", "scopes", "used", "good"}, row: func(t TokenReport) []string {
		good := "for ever"
		switch {
		case t.Revoked != nil:
			good = "revoked"
		case t.Expires != nil && !now.Before(*t.Expires):
			good = "expired"
		case t.Expires != nil:
			good = "until " + t.Expires.Format(time.DateOnly)
		}
		used := "never"
		if t.Used != nil {
			used = t.Used.Format(time.DateTime)
		}
		return []string{number(t.Number), t.User, t.Name, strings.Join(t.Scopes, " "), used, good}
	}}
}

func (a *app) listTokens(ctx context.Context, gate *account.Gate, email string) error {
	users, err := gate.Users(ctx, account.Console())
	if err != nil {
		return err
	}
	emails := map[int64]string{}
	for _, u := range users {
		emails[u.ID] = u.Email
	}
	var of int64
	if email != "" {
		u, err := userNamed(ctx, gate, email)
		if err != nil {
			return err
		}
		of = u.ID
	}
	tokens, err := gate.Tokens(ctx, account.Console(), of)
	if err != nil {
		return err
	}
	reports := make([]TokenReport, len(tokens))
	for i, t := range tokens {
		reports[i] = tokenReport(t, emails[t.User])
	}
	return many(a, each(reports), tokenShape(a.Now()))
}

func (a *app) addToken() *cobra.Command {
	var name, scopes, expires string
	cmd := &cobra.Command{
		Use: "add EMAIL", Short: "Make a token and print it once", Args: exactly("an EMAIL"),
		Example: "  kith token add ada@example.com --name nightly --scopes read,run --expires 90d",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.atUser(cmd, args[0], func(ctx context.Context, gate *account.Gate, u store.User) error {
				until, err := a.expiry(expires)
				if err != nil {
					return err
				}
				may, err := account.ParseScopes(scopes)
				if err != nil {
					return err
				}
				secret, t, err := gate.NewToken(ctx, account.Console(), account.TokenRequest{User: u.ID, Name: name, Scopes: may, Expires: until})
				if err != nil {
					return err
				}
				report := tokenReport(t, u.Email)
				report.Token = secret
				a.say("This is the only time the token is shown. It is token %d; kith token revoke %d ends it.", t.ID, t.ID)
				return one(a, report, tokenShape(a.Now()), func(out io.Writer) { fmt.Fprintln(out, secret) })
			})
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "what the token is for")
	cmd.Flags().StringVar(&scopes, "scopes", "read", "read, run, write, admin; several with commas")
	cmd.Flags().StringVar(&expires, "expires", "90d", "after how many days, on which day (2027-01-31), or never")
	return cmd
}

// expiry reads until when a token is good.
func (a *app) expiry(text string) (time.Time, error) {
	if text == "never" {
		return time.Time{}, nil
	}
	if days, found := strings.CutSuffix(text, "d"); found {
		if n, err := strconv.Atoi(days); err == nil && n > 0 && n <= 3650 {
			return a.Now().AddDate(0, 0, n), nil
		}
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil && day.After(a.Now()) {
		return day, nil
	}
	return time.Time{}, usage("%q is not a time to come. Write --expires 90d, --expires 2027-01-31 or --expires never", text)
}

func (a *app) revokeToken() *cobra.Command {
	return &cobra.Command{
		Use: "revoke NUMBER", Short: "End a token for good", Args: exactly("a NUMBER"),
		Example: "  kith token revoke 1",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.atGate(cmd, func(ctx context.Context, gate *account.Gate) error {
				id, err := strconv.ParseInt(args[0], 10, 64)
				if err != nil {
					return usage("%q is not the number of a token. kith token list shows them", args[0])
				}
				err = gate.RevokeToken(ctx, account.Console(), id)
				if errors.Is(err, store.ErrNotFound) {
					return refuse("not_found", "There is no token %d that is still good. kith token list shows them", id)
				}
				if err == nil {
					a.say("Token %d opens nothing any more.", id)
				}
				return err
			})
		},
	}
}
