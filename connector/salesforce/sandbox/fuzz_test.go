package sandbox_test

import (
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/kith-sync/kith/connector/salesforce/sandbox"
)

// Whatever is asked is answered, with rows or with a reason.
func FuzzQuery(f *testing.F) {
	for _, soql := range []string{
		"SELECT Id, Account.Name, (SELECT Id FROM Contacts) FROM Account WHERE (Name LIKE 'a%' OR Name = null) AND Id NOT IN (SELECT AccountId FROM Contact) ORDER BY Name DESC NULLS LAST LIMIT 5 OFFSET 1",
		`SELECT COUNT(Id) n, Owner.Type FROM Lead GROUP BY Owner.Type HAVING COUNT(Id) > 1`, `SELECT FIELDS(ALL) FROM Event LIMIT 2`,
		`SELECT Id FROM Lead WHERE CreatedDate = LAST_N_DAYS:3 AND Name = 'a\u0041\'' AND NOT SystemModstamp >= 2026-01-01T00:00:00+01:00 FOR VIEW`,
		"SELECT Who.Name FROM Event WHERE Who.Type = 'Lead' USING SCOPE mine", "SELECT a.Id FROM Contact a WHERE a.Email IN ('x', 'y')",
	} {
		f.Add(soql, "query")
		f.Add(soql, "queryAll")
	}
	s := sandbox.New(sandbox.Options{Token: "t", DailyLimit: 1 << 40})
	s.Seed()
	f.Fuzz(func(t *testing.T, soql, resource string) {
		if resource != "queryAll" {
			resource = "query"
		}
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/services/data/v60.0/"+resource+"?columns=x&q="+url.QueryEscape(soql), nil)
		r.Header.Set("Authorization", "Bearer t")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != 200 && w.Code != 400 && w.Code != 414 && w.Code != 403 {
			t.Errorf("%q: got %d %s", soql, w.Code, w.Body)
		}
	})
}
