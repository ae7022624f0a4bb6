package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

func (a *app) userCommand() *cobra.Command {
	list := &cobra.Command{
		Use: "list", Short: "List who may sign in", Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.atGate(cmd, a.listUsers) },
	}
	return group(&cobra.Command{Use: "user", Short: "Who may sign in to the server, and what they may do",
		Long: "Who may sign in to the server, and what they may do. Whoever runs these commands can read the data\n" +
			"folder, so they are asked for no password of their own. The audit log notes what they do.\n\n" +
			"  owner      everything, users and their roles included\n" +
			"  manager    connections, syncs, settings, books\n" +
			"  operator   run, approve, undo, edit contacts, import\n" +
			"  viewer     look"}, list,
		a.addUser(), a.userRole(), a.userDisable(), a.userEnable(), a.userReset())
}

// atGate opens the workspace and the gate of its users.
func (a *app) atGate(cmd *cobra.Command, do func(context.Context, *account.Gate) error) error {
	return a.read(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
		gate, err := w.Gate(ctx, a.Now, false)
		if err != nil {
			return err
		}
		return refusedAtGate(do(ctx, gate))
	})
}

// refusedAtGate says for people what the gate refused.
func refusedAtGate(err error) error {
	weak, isWeak := errors.AsType[*account.WeakPassword](err)
	broken, isBroken := errors.AsType[*account.Broken](err)
	switch {
	case isWeak:
		return refuse("user.password", "%s. Nothing was changed", weak.Reason)
	case isBroken:
		return refuse("audit.broken", "%s. Somebody wrote to the database without Kith, or put an older copy in its place", sentence(broken.Error()))
	case errors.Is(err, store.ErrLastOwner):
		return refuse("user.last_owner", "Nobody else owns this installation, and somebody has to. Nothing was changed. Make somebody else an owner first:  kith user role EMAIL owner")
	case errors.Is(err, store.ErrTaken):
		return refuse("user.taken", "Somebody has this e-mail already. Nothing was changed. kith user list shows who there is")
	case errors.Is(err, account.ErrForbidden):
		return refuse("token.scope", "This user's role does not reach as far as these scopes, or the user is disabled. Nothing was changed")
	case errors.Is(err, account.ErrEmail), errors.Is(err, account.ErrRole), errors.Is(err, account.ErrName):
		return usage("%s", sentence(err.Error()))
	}
	return err
}

// A UserReport is what kith prints of a user.
type UserReport struct {
	User         int64  `json:"user"`
	Email        string `json:"email"`
	Name         string `json:"name,omitempty"`
	Role         string `json:"role"`
	Disabled     bool   `json:"disabled"`
	Password     bool   `json:"password"` // whether there is one
	SecondFactor bool   `json:"second_factor"`
}

func userReport(u store.User) UserReport {
	return UserReport{u.ID, u.Email, u.Name, u.Role, u.Disabled, u.Password != "", u.TOTPOn}
}

var userShape = shape[UserReport]{columns: []string{"user", "email", "name", "role", "signs_in"}, row: func(u UserReport) []string {
	how := "by an issuer"
	switch {
	case u.Disabled:
		how = "disabled"
	case u.Password && u.SecondFactor:
		how = "password and code"
	case u.Password:
		how = "password"
	}
	return []string{number(u.User), u.Email, u.Name, u.Role, how}
}}

func (a *app) listUsers(ctx context.Context, gate *account.Gate) error {
	users, err := gate.Users(ctx, account.Console())
	if err != nil {
		return err
	}
	reports := make([]UserReport, len(users))
	for i, u := range users {
		reports[i] = userReport(u)
	}
	if err := many(a, each(reports), userShape); err != nil || len(users) > 0 || !a.human() {
		return err
	}
	a.say("There are no users yet. Make the first one:  kith user add EMAIL --role owner")
	return nil
}

func (a *app) addUser() *cobra.Command {
	var role, name string
	var stdin, none bool
	cmd := &cobra.Command{
		Use: "add EMAIL", Short: "Let somebody sign in",
		Long: "Let somebody sign in. The password is asked for, or read from standard input with --password-stdin;\n" +
			"it needs 12 characters and must not be a common one. It is never an argument, where others could see it.",
		Example: "  kith user add ada@example.com --role owner\n  kith user add bo@example.com --role operator --password-stdin <password.txt",
		Args:    exactly("an EMAIL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.atGate(cmd, func(ctx context.Context, gate *account.Gate) error {
				var password string
				if !none {
					var err error
					if password, err = a.newPassword(stdin); err != nil {
						return err
					}
					if password == "" {
						return account.CheckPassword("") // not one who only an issuer lets in
					}
				}
				u, err := gate.AddUser(ctx, account.Console(), account.NewUser{Email: args[0], Name: name, Role: account.Role(role), Password: password})
				if err != nil {
					return err
				}
				a.say("%s may sign in as %s.", u.Email, u.Role)
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&role, "role", "viewer", "owner, manager, operator or viewer")
	cmd.Flags().StringVar(&name, "name", "", "what the person is called")
	cmd.Flags().BoolVar(&stdin, "password-stdin", false, "read the password from standard input")
	cmd.Flags().BoolVar(&none, "no-password", false, "only an issuer of OpenID Connect lets them in")
	_ = cmd.RegisterFlagCompletionFunc("role", oneOf(roleNames()...)) // fails only for a flag that is not there
	return cmd
}

func roleNames() (names []string) {
	for _, r := range account.Roles() {
		names = append(names, string(r))
	}
	return names
}

func (a *app) userRole() *cobra.Command {
	return &cobra.Command{
		Use: "role EMAIL ROLE", Short: "Change what somebody may do", Args: exactly("an EMAIL", "a ROLE"),
		Example: "  kith user role bo@example.com manager",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.atUser(cmd, args[0], func(ctx context.Context, gate *account.Gate, u store.User) error {
				if err := gate.SetRole(ctx, account.Console(), u.ID, account.Role(args[1])); err != nil {
					return err
				}
				a.say("%s is %s from now on, in open sessions too.", u.Email, args[1])
				return nil
			})
		},
	}
}

func (a *app) userDisable() *cobra.Command {
	return &cobra.Command{
		Use: "disable EMAIL", Short: "Keep somebody out: sessions end, tokens are revoked", Args: exactly("an EMAIL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.atUser(cmd, args[0], func(ctx context.Context, gate *account.Gate, u store.User) error {
				if err := gate.Disable(ctx, account.Console(), u.ID); err != nil {
					return err
				}
				a.say("%s can no longer sign in. Sessions have ended, tokens are revoked for good.", u.Email)
				return nil
			})
		},
	}
}

func (a *app) userEnable() *cobra.Command {
	return &cobra.Command{
		Use: "enable EMAIL", Short: "Let somebody in again", Args: exactly("an EMAIL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.atUser(cmd, args[0], func(ctx context.Context, gate *account.Gate, u store.User) error {
				if err := gate.Enable(ctx, account.Console(), u.ID); err != nil {
					return err
				}
				a.say("%s may sign in again. Tokens that were revoked stay revoked.", u.Email)
				return nil
			})
		},
	}
}

func (a *app) userReset() *cobra.Command {
	var stdin, dropTOTP bool
	cmd := &cobra.Command{
		Use: "reset-password EMAIL", Short: "Give somebody another password", Args: exactly("an EMAIL"),
		Long:    "Give somebody another password, and end all their sessions.",
		Example: "  kith user reset-password ada@example.com\n  kith user reset-password ada@example.com --drop-second-factor",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.atUser(cmd, args[0], func(ctx context.Context, gate *account.Gate, u store.User) error {
				password, err := a.newPassword(stdin)
				if err != nil {
					return err
				}
				if err := gate.ResetPassword(ctx, account.Console(), u.ID, password, dropTOTP); err != nil {
					return err
				}
				a.say("%s has another password. All sessions have ended.", u.Email)
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&stdin, "password-stdin", false, "read the password from standard input")
	cmd.Flags().BoolVar(&dropTOTP, "drop-second-factor", false, "for somebody who has lost the app and the recovery codes")
	return cmd
}

// atUser finds a user by e-mail.
func (a *app) atUser(cmd *cobra.Command, email string, do func(context.Context, *account.Gate, store.User) error) error {
	return a.atGate(cmd, func(ctx context.Context, gate *account.Gate) error {
		u, err := userNamed(ctx, gate, email)
		if err != nil {
			return err
		}
		return do(ctx, gate, u)
	})
}

func userNamed(ctx context.Context, gate *account.Gate, email string) (store.User, error) {
	users, err := gate.Users(ctx, account.Console())
	if err != nil {
		return store.User{}, err
	}
	canonical, err := account.CanonicalEmail(email)
	names := make([]string, len(users))
	for i, u := range users {
		if err == nil && u.Email == canonical {
			return u, nil
		}
		names[i] = u.Email
	}
	return store.User{}, desk.Absent("user", email, names, "kith user list")
}

// newPassword asks for a password twice without showing it, or reads it from
// standard input.
func (a *app) newPassword(stdin bool) (string, error) {
	if stdin {
		text, err := io.ReadAll(io.LimitReader(a.Stdin, 1<<16))
		return strings.TrimRight(string(text), "\r\n"), err
	}
	file, ok := a.Stdin.(*os.File)
	if !ok || !a.interactive() {
		return "", usage("There is nobody to ask for the password. Give it on standard input:  --password-stdin")
	}
	var typed [2]string
	for i, question := range []string{"Password:", "Once more:"} {
		fmt.Fprint(a.Stderr, question+" ")
		text, err := term.ReadPassword(int(file.Fd()))
		fmt.Fprintln(a.Stderr)
		if err != nil {
			return "", fmt.Errorf("read the password: %w", err)
		}
		typed[i] = string(text)
	}
	if typed[0] != typed[1] {
		return "", usage("The two passwords are not the same. Nothing was changed")
	}
	return typed[0], nil
}
