package account

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

func TestBrake(t *testing.T) {
	start := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	try := func(b *brake, at time.Duration, who, from string) time.Duration {
		err := b.try(start.Add(at), b.limitsOf(who, from)...)
		if soon, ok := errors.AsType[*TooSoon](err); ok {
			return soon.Wait
		}
		return 0
	}
	for _, row := range []struct {
		sentence string
		play     func(b *brake) time.Duration // the wait of the last attempt
		want     time.Duration
	}{
		{"five failures are free", func(b *brake) (w time.Duration) {
			for range 5 {
				w = try(b, 0, "ada", "192.0.2.1")
			}
			return w
		}, 0},
		{"the sixth waits a second", func(b *brake) time.Duration {
			for range 5 {
				try(b, 0, "ada", "192.0.2.1")
			}
			return try(b, 0, "ada", "192.0.2.1")
		}, time.Second},
		{"after that second it may", func(b *brake) time.Duration {
			for range 6 {
				try(b, 0, "ada", "192.0.2.1")
			}
			return try(b, time.Second, "ada", "192.0.2.1")
		}, 0},
		{"and the next waits twice as long", func(b *brake) time.Duration {
			for range 5 {
				try(b, 0, "ada", "192.0.2.1")
			}
			try(b, time.Second, "ada", "192.0.2.1")
			return try(b, time.Second, "ada", "192.0.2.1")
		}, 2 * time.Second},
		{"never longer than a quarter of an hour", func(b *brake) time.Duration {
			for i := range 40 {
				try(b, time.Duration(i)*longestWait, "ada", "192.0.2.1")
			}
			return try(b, 39*longestWait, "ada", "192.0.2.1")
		}, longestWait},
		{"a try that comes too soon does not make it longer", func(b *brake) time.Duration {
			for range 100 {
				try(b, 0, "ada", "192.0.2.1")
			}
			return try(b, 0, "ada", "192.0.2.1")
		}, time.Second},
		{"another user from there may", func(b *brake) time.Duration {
			for range 6 {
				try(b, 0, "ada", "192.0.2.1")
			}
			return try(b, 0, "bo", "192.0.2.1")
		}, 0},
		{"twenty addresses do not help", func(b *brake) time.Duration {
			for i := range 20 {
				try(b, 0, "ada", fmt.Sprintf("192.0.2.%d", i))
			}
			return try(b, 0, "ada", "192.0.2.77")
		}, time.Second},
		{"but where the user has signed in before, others hold nobody back", func(b *brake) time.Duration {
			b.passed(start, "ada", "198.51.100.9")
			for i := range 40 {
				try(b, 0, "ada", fmt.Sprintf("192.0.2.%d", i))
			}
			return try(b, 0, "ada", "198.51.100.9")
		}, 0},
		{"fifty made-up names from one address", func(b *brake) time.Duration {
			for i := range 50 {
				try(b, 0, fmt.Sprint("somebody", i), "192.0.2.1")
			}
			return try(b, 0, "ada", "192.0.2.1")
		}, time.Second},
		{"success there does not clear the address", func(b *brake) time.Duration {
			for i := range 51 {
				try(b, 0, fmt.Sprint("somebody", i), "192.0.2.1")
			}
			b.passed(start, "mallory", "192.0.2.1")
			b.counts["address 192.0.2.1"] = count{51, start}
			return try(b, 0, "ada", "192.0.2.1")
		}, 2 * time.Second},
		{"success clears the user", func(b *brake) time.Duration {
			for range 5 {
				try(b, 0, "ada", "192.0.2.1")
			}
			b.passed(start, "ada", "192.0.2.1")
			return try(b, 0, "ada", "192.0.2.1")
		}, 0},
		{"a day clears everything", func(b *brake) (w time.Duration) {
			for i := range 20 {
				try(b, time.Duration(i)*longestWait, "ada", "192.0.2.1")
			}
			for range 5 {
				w = max(w, try(b, 20*longestWait+forgotten, "ada", "192.0.2.1"))
			}
			return w
		}, 0},
		{"a /64 of IPv6 is one address", func(b *brake) time.Duration {
			for i := range 50 {
				try(b, 0, fmt.Sprint("somebody", i), fmt.Sprintf("2001:db8::%x", i+1))
			}
			return try(b, 0, "ada", "2001:db8::ffff")
		}, time.Second},
		{"an IPv4 address written as IPv6 is the same", func(b *brake) time.Duration {
			for range 5 {
				try(b, 0, "ada", "192.0.2.1")
			}
			return try(b, 0, "ada", "::ffff:192.0.2.1")
		}, time.Second},
	} {
		if got := row.play(newBrake()); got != row.want {
			t.Errorf("%s: got a wait of %v, want %v", row.sentence, got, row.want)
		}
	}
}

func TestBrakeNeedsBoundedMemory(t *testing.T) {
	b := newBrake()
	at := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	for i := range mostCounts {
		_ = b.try(at, limit{fmt.Sprint("user ", i), 5}, limit{fmt.Sprint("pair ", i), 5})
	}
	if len(b.counts) > mostCounts+2 {
		t.Errorf("%d counts are kept, want at most %d", len(b.counts), mostCounts)
	}
}
