package hubspot

import "time"

// Lag makes the remote promise another lag, for tests that wait for it.
func (c *Contacts) Lag(d time.Duration) *Contacts {
	c.lag = d
	return c
}
