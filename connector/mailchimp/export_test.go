package mailchimp

import "time"

// Batch makes pages and batches small and waits short.
func (a *Audience) Batch(n int) *Audience {
	a.page, a.add, a.lag = n, n, 0
	a.server.patience = time.Millisecond
	return a
}

// Quick waits short for a batch of operations.
func (a *Audience) Quick() *Audience {
	a.server.patience = time.Millisecond
	return a
}
