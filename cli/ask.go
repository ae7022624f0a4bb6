package cli

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/kith-sync/kith/plan"
)

// ask puts a question on the terminal and returns the answer.
func (a *app) ask(question string) string {
	a.bar.end()
	fmt.Fprint(a.Stderr, plain(question)+" ")
	line, _ := a.answers.ReadString('\n') // no answer is an answer
	return strings.TrimSpace(line)
}

func (a *app) agreed(question string) bool {
	answer := strings.ToLower(a.ask(question + " [y/N]"))
	return answer == "y" || answer == "yes"
}

// confirm asks before something that cannot be taken back. Where nobody can be
// asked it stops with the command to type.
func (a *app) confirm(question, command string) error {
	switch {
	case a.yes:
		return nil
	case !a.interactive():
		return &fault{exit: exitApproval, code: "confirm", message: fmt.Sprintf("%s Nothing was changed. To go on type:  %s --yes", question, command)}
	case !a.agreed(question):
		return &fault{exit: exitApproval, code: "confirm", message: "Nothing was changed"}
	}
	return nil
}

// approves asks a person to take responsibility for what the guard objects to.
// The number has to be typed: a habit of answering yes must not delete anybody.
func (a *app) approves(stop *plan.Stop) bool {
	answer := a.ask(fmt.Sprintf("To approve exactly this plan once, type the number of %s (%d):", stop.What, stop.OfPlan()))
	return strings.ReplaceAll(answer, ",", "") == strconv.FormatInt(stop.OfPlan(), 10)
}
