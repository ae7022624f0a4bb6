package notify

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// An Amount is a number of records or a share of them: 10, or 5%. The zero amount
// is none.
type Amount struct {
	count       int64
	basisPoints int64 // of a share, in hundredths of a percent
	share       bool
}

var errAmount = errors.New("an amount is a whole number such as 10, or a share such as 5%")

// ParseAmount reads "10", "5%" or "2.5 %".
func ParseAmount(text string) (Amount, error) {
	digits, share := strings.CutSuffix(strings.TrimSpace(text), "%")
	if !share {
		n, err := strconv.ParseInt(digits, 10, 32)
		if err != nil || n < 0 {
			return Amount{}, errAmount
		}
		return Amount{count: n}, nil
	}
	f, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
	if err != nil || !(f >= 0 && f <= 100) { // NaN fails too
		return Amount{}, errAmount
	}
	return Amount{basisPoints: int64(math.Round(f * 100)), share: true}, nil
}

// Exceeded reports whether n of all is more than the amount; exactly the amount passes.
func (a Amount) Exceeded(n, all int64) bool {
	if a.share {
		return n*10000 > a.basisPoints*all
	}
	return n > a.count
}

// IsZero reports whether every refused record is one too many.
func (a Amount) IsZero() bool { return a == Amount{} }

func (a Amount) String() string {
	if a.share {
		return strconv.FormatFloat(float64(a.basisPoints)/100, 'f', -1, 64) + "%"
	}
	return strconv.FormatInt(a.count, 10)
}

// MarshalText is the amount's form in files.
func (a Amount) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (a *Amount) UnmarshalText(b []byte) (err error) { *a, err = ParseAmount(string(b)); return err }
