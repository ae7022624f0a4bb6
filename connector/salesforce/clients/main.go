// Command clients judges the Salesforce sandbox with go-salesforce: does what
// Kith's connector does, as somebody else wrote it. Its argument is the sandbox's
// address, and the file of an RSA key for the JWT flow.
package main

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/k-capehart/go-salesforce/v3"
)

func main() {
	failed := false
	for _, check := range []struct {
		name string
		do   func(*salesforce.Salesforce) error
	}{
		{"signs in by JWT", byJWT},
		{"queries page by page", queries},
		{"creates, changes, upserts and deletes one", single},
		{"saves many, some of which fail", many},
		{"saves many in composite calls", composite},
		{"loads in bulk, where some rows fail", bulk},
		{"exports in bulk", export},
	} {
		sf, err := salesforce.Init(salesforce.Creds{Domain: os.Args[1], ConsumerKey: "kith", ConsumerSecret: "sandbox"})
		if err == nil {
			err = check.do(sf)
		}
		if err != nil {
			failed = true
			fmt.Printf("not ok %s: %v\n", check.name, err)
			continue
		}
		fmt.Println("ok", check.name)
	}
	if failed {
		os.Exit(1)
	}
}

// byJWT also checks the token by reading the limits, as an access token does.
func byJWT(*salesforce.Salesforce) error {
	key, err := os.ReadFile(os.Args[2])
	if err != nil {
		return err
	}
	sf, err := salesforce.Init(salesforce.Creds{Domain: os.Args[1], ConsumerKey: "kith", Username: "kith.integration@larchandfinch.example", ConsumerRSAPem: string(key)})
	if err != nil {
		return err
	}
	_, err = salesforce.Init(salesforce.Creds{Domain: os.Args[1], AccessToken: sf.GetAccessToken()})
	return err
}

func queries(sf *salesforce.Salesforce) error {
	var all []struct {
		Id    string
		Email string
	}
	if err := sf.Query("SELECT Id, Email FROM Lead WHERE Company = 'Paging Ltd'", &all); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, l := range all {
		seen[l.Id] = true
	}
	if len(seen) != 5000 {
		return fmt.Errorf("got %d leads, want 5000", len(seen))
	}
	err := sf.Query("SELECT Nonsense FROM Lead", &all)
	if err == nil || !strings.Contains(err.Error(), "INVALID_FIELD") {
		return fmt.Errorf("got %v for an unknown field, want INVALID_FIELD", err)
	}
	return nil
}

func single(sf *salesforce.Salesforce) error {
	made, err := sf.InsertOne("Contact", map[string]any{"LastName": "Go", "Email": "Go@Example.com"})
	if err != nil || !made.Success {
		return fmt.Errorf("create: %v %v", made, err)
	}
	if err := sf.UpdateOne("Contact", map[string]any{"Id": made.Id, "Title": "Engineer"}); err != nil {
		return err
	}
	var got []struct{ Title, Email string }
	if err := sf.Query("SELECT Title, Email FROM Contact WHERE Id = '"+made.Id+"'", &got); err != nil {
		return err
	}
	if len(got) != 1 || got[0].Title != "Engineer" || got[0].Email != "go@example.com" {
		return fmt.Errorf("got %v", got)
	}
	for range 2 {
		done, err := sf.UpsertOne("Contact", "Ext__c", map[string]any{"Ext__c": "go-1", "LastName": "Upsert"})
		if err != nil || !done.Success {
			return fmt.Errorf("upsert: %v %v", done, err)
		}
	}
	if err := sf.DeleteOne("Contact", map[string]any{"Id": made.Id}); err != nil {
		return err
	}
	if _, err = sf.InsertOne("Contact", map[string]any{"FirstName": "Nobody"}); err == nil || !strings.Contains(err.Error(), "REQUIRED_FIELD_MISSING") {
		return fmt.Errorf("got %v without a name, want REQUIRED_FIELD_MISSING", err)
	}
	return nil
}

func people(n int) (out []map[string]any) {
	for i := range n {
		p := map[string]any{"LastName": fmt.Sprintf("Person %d", i), "Ext__c": fmt.Sprintf("go-many-%d", i), "Email": fmt.Sprintf("person%d@example.com", i)}
		if i == 3 {
			p["Email"] = "wrong"
		}
		out = append(out, p)
	}
	return out
}

// count counts those that failed.
func count(r salesforce.SalesforceResults, want int) error {
	n := 0
	for _, one := range r.Results {
		if !one.Success {
			n++
		}
	}
	if n != want || r.HasSalesforceErrors != (want > 0) {
		return fmt.Errorf("got %d failures, want %d: %+v", n, want, r.Results[:min(5, len(r.Results))])
	}
	return nil
}

func many(sf *salesforce.Salesforce) error {
	made, err := sf.InsertCollection("Contact", people(450), 200)
	if err != nil {
		return err
	}
	if err := count(made, 1); err != nil {
		return err
	}
	again, err := sf.UpsertCollection("Contact", "Ext__c", people(450), 200)
	if err != nil {
		return err
	}
	if err := count(again, 1); err != nil {
		return err
	}
	var ids []map[string]any
	for _, r := range made.Results {
		if r.Success {
			ids = append(ids, map[string]any{"Id": r.Id})
		}
	}
	gone, err := sf.DeleteCollection("Contact", ids, 200)
	if err != nil {
		return err
	}
	return count(gone, 0)
}

func composite(sf *salesforce.Salesforce) error {
	made, err := sf.InsertComposite("Contact", people(450), 200, false)
	if err != nil {
		return err
	}
	if err := count(made, 1); err != nil {
		return err
	}
	var ids []map[string]any
	for _, r := range made.Results {
		if r.Success {
			ids = append(ids, map[string]any{"Id": r.Id})
		}
	}
	gone, err := sf.DeleteComposite("Contact", ids, 200, true)
	if err != nil {
		return err
	}
	return count(gone, 0)
}

func bulk(sf *salesforce.Salesforce) error {
	jobs, err := sf.InsertBulk("Contact", people(450), 1000, true)
	if err != nil {
		return err
	}
	results, err := sf.GetJobResults(jobs[0])
	if err != nil {
		return err
	}
	if results.State != "JobComplete" || results.NumberRecordsFailed != 1 || len(results.SuccessfulRecords) != 449 || len(results.FailedRecords) != 1 {
		return fmt.Errorf("got %s, %d failed, %d and %d rows", results.State, results.NumberRecordsFailed, len(results.SuccessfulRecords), len(results.FailedRecords))
	}
	if said := fmt.Sprint(results.FailedRecords[0]["sf__Error"]); !strings.HasPrefix(said, "INVALID_EMAIL_ADDRESS:") {
		return fmt.Errorf("got error %q", said)
	}
	if _, err := sf.UpsertBulk("Contact", "Ext__c", people(450), 1000, true); err != nil {
		return err
	}
	return nil
}

func export(sf *salesforce.Salesforce) error {
	file := filepath.Join(os.TempDir(), fmt.Sprintf("judge-%d-%d.csv", os.Getpid(), time.Now().UnixNano()))
	defer os.Remove(file)
	if err := sf.QueryBulkExport("SELECT Id, LastName FROM Contact WHERE Ext__c LIKE 'go-many-%'", file); err != nil {
		return err
	}
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) != 450 {
		return fmt.Errorf("got %d rows with the header, want 450: %v", len(rows), err)
	}
	return nil
}
