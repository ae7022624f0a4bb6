package hubspot

import (
	"net/http"
	"strconv"
	"sync"
)

// An Account is what all who use one account of HubSpot's have between them: the
// pace of its searches, and what HubSpot said last of the day's calls. The zero
// value has heard nothing yet.
type Account struct {
	pace pace

	mu         sync.Mutex
	used, most int
}

// Limits are the calls that are used of those that the account has for a day: none
// of none where HubSpot does not say, as to OAuth apps.
func (a *Account) Limits() (used, most int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.used, a.most
}

// heed reads them. Searches are told nothing.
func (a *Account) heed(h http.Header) {
	most, err := strconv.Atoi(h.Get("X-HubSpot-RateLimit-Daily"))
	left, none := strconv.Atoi(h.Get("X-HubSpot-RateLimit-Daily-Remaining"))
	if err != nil || none != nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.used, a.most = most-left, most
}
