package storm

import (
	"context"
	"math/rand/v2"
	"net/http"

	"github.com/kith-sync/kith/connector"
)

// A vendor is an account in a sandbox: how it is served, how Kith opens it, what people
// do in it, and what goes wrong at it. Values are by the book's names of the fields.
type vendor interface {
	http.Handler
	// object is the one that is synchronized, fields the book's with the vendor's names.
	object() string
	fields() [][2]string
	// hearsNo: consent comes from there, and nobody may write it.
	hearsNo() bool
	// forgetsNo: one of its calls subscribes again, and the connector unsubscribes with
	// the next.
	forgetsNo() bool
	// overwrites: a call that puts a whole record in the place of what it is by now.
	overwrites(r *http.Request) bool
	// halves: a create of somebody who has said no is two calls, and the record of one
	// whose second did not arrive is not found by a search.
	halves() bool
	open(ctx context.Context, url string, client *http.Client, c *clock) (connector.Remote, error)

	people() map[string]map[string]string // by id
	add(values map[string]string)
	edit(id, field, value string)
	remove(id string)
	sayNo(id string)
	// upheaval does with one or two people what is usual there and nowhere else. It
	// says what, and whether it has made one of the two.
	upheaval(one, other string) (merged bool, done string)

	// storm makes something go wrong with calls to come, in the vendor's own way, and
	// says what; calm ends all of it.
	storm(rng *rand.Rand) string
	calm()
	writes() int        // so far
	breaches() []string // of limits that are written down
}
