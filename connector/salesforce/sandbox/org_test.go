package sandbox_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector/salesforce/sandbox"
)

func TestPages(t *testing.T) {
	d := open(t, sandbox.Options{ShortPage: 2})
	d.Fill("Contact", 1000, func(i int) map[string]string { return map[string]string{"LastName": fmt.Sprintf("Person %d", i)} })
	var sizes []int
	s := d.ask("GET", "query?q="+url.QueryEscape("SELECT LastName FROM Contact ORDER BY Id"), "", "Sforce-Query-Options", "batchSize=300")
	first := s.at("nextRecordsUrl")
	for {
		d.want(s, 200, "totalSize", "1000")
		sizes = append(sizes, len(s.json.(map[string]any)["records"].([]any)))
		if s.at("done") == "true" {
			break
		}
		s = d.ask("GET", s.at("nextRecordsUrl"), "")
	}
	if got := fmt.Sprint(sizes); got != "[300 150 300 150 100]" {
		t.Errorf("got pages of %s", got)
	}
	if !strings.HasPrefix(first, "/services/data/v60.0/query/01g") || !strings.HasSuffix(first, "-300") {
		t.Errorf("got next page %q", first)
	}
	d.want(d.ask("GET", first, ""), 200)
	d.clock.tick(49 * time.Hour)
	d.want(d.ask("GET", first, ""), 400, "0.errorCode", "INVALID_QUERY_LOCATOR")
	d.Forget()
	d.want(d.ask("GET", "query/01g000000000000AAA-2000", ""), 400, "0.errorCode", "INVALID_QUERY_LOCATOR")
	wide := d.query("SELECT Description, LastName FROM Contact")
	if n := len(wide.json.(map[string]any)["records"].([]any)); n != 1000 {
		t.Errorf("one long text: got a page of %d, want 1000", n)
	}
}

func TestWhatAUserMayNotSeeIsNotThere(t *testing.T) {
	d := open(t, sandbox.Options{})
	id := d.create("Contact", `{"LastName":"A","Title":"Buyer"}`)
	d.Hide("Contact", "Title")
	if s := d.ask("GET", "sobjects/Contact/describe", ""); strings.Contains(s.text, `"Title"`) {
		t.Error("describe tells the hidden field")
	}
	d.want(d.query("SELECT Title FROM Contact"), 400, "0.errorCode", "INVALID_FIELD")
	d.want(d.query("SELECT Id FROM Contact WHERE Title = 'Buyer'"), 400, "0.errorCode", "INVALID_FIELD")
	d.want(d.ask("PATCH", "sobjects/Contact/"+id, `{"Title":"x"}`), 400, "0.errorCode", "INVALID_FIELD")
	d.want(d.ask("GET", "sobjects/Contact/"+id, ""), 200, "Title", "null")
	d.Lock("Contact", "Title")
	d.want(d.query("SELECT Title FROM Contact"), 200, "records.0.Title", "Buyer")
	d.want(d.ask("PATCH", "sobjects/Contact/"+id, `{"Title":"x"}`), 400, "0.errorCode", "INVALID_FIELD_FOR_INSERT_UPDATE")
	d.Show("Contact", "Title")
	d.want(d.ask("PATCH", "sobjects/Contact/"+id, `{"Title":"x"}`), 204)
}

func TestANewFieldIsSeenOncePermitted(t *testing.T) {
	d := open(t, sandbox.Options{})
	field := `{"FullName":"Contact.Kith_Id__c","Metadata":{"label":"Kith Id","type":"Text","length":64,"externalId":true,"unique":true,"caseSensitive":true}}`
	d.want(d.ask("POST", "tooling/sobjects/CustomField", field), 201, "success", "true")
	d.want(d.ask("POST", "tooling/sobjects/CustomField", field), 400, "0.errorCode", "DUPLICATE_DEVELOPER_NAME")
	d.want(d.query("SELECT Kith_Id__c FROM Contact"), 400, "0.errorCode", "INVALID_FIELD")
	d.want(d.ask("PATCH", "sobjects/Contact/Kith_Id__c/k1", `{"LastName":"A"}`), 404, "0.errorCode", "NOT_FOUND")
	set := d.query("SELECT PermissionSetId FROM PermissionSetAssignment WHERE Assignee.Alias = 'kith' AND PermissionSet.IsOwnedByProfile = false").at("records.0.PermissionSetId")
	grant := `{"ParentId":"` + set + `","SobjectType":"Contact","Field":"Contact.Kith_Id__c","PermissionsRead":true,"PermissionsEdit":true}`
	d.want(d.ask("POST", "sobjects/FieldPermissions", grant), 201)
	d.want(d.ask("PATCH", "sobjects/Contact/Kith_Id__c/k1", `{"LastName":"A"}`), 201, "created", "true")
	d.want(d.ask("PATCH", "sobjects/Contact/Kith_Id__c/K1", `{"LastName":"B"}`), 201, "created", "true") // its case counts
	d.want(d.ask("POST", "sobjects/Contact", `{"LastName":"C","Kith_Id__c":"k1"}`), 400, "0.errorCode", "DUPLICATE_VALUE")
	d.want(d.ask("GET", "tooling/query?q="+url.QueryEscape("SELECT Id, DeveloperName FROM CustomField WHERE DeveloperName = 'Kith_Id'"), ""), 200, "records.0.DeveloperName", "Kith_Id")
}

func TestCustomObjects(t *testing.T) {
	d := open(t, sandbox.Options{})
	d.AddObject("Badge__c", "Badge", sandbox.NewField{Name: "Colour__c", Kind: "picklist", Choices: []string{"Red", "Blue"}}, sandbox.NewField{Name: "Holder__c", Kind: "reference", Refers: []string{"Contact"}})
	holder := d.create("Contact", `{"LastName":"A"}`)
	id := d.create("Badge__c", `{"Name":"One","Colour__c":"red","Holder__c":"`+holder+`"}`)
	d.want(d.query("SELECT Colour__c, Holder__r.LastName FROM Badge__c WHERE Holder__c = '"+holder[:15]+"'"), 200, "records.0.Colour__c", "Red", "records.0.Holder__r.LastName", "A")
	d.want(d.query("SELECT (SELECT Name FROM Badges__r) FROM Contact"), 200, "records.0.Badges__r.records.0.Name", "One")
	d.want(d.ask("GET", "sobjects/Badge__c/describe", ""), 200, "custom", "true", "keyPrefix", id[:3])
}

func TestUpsert(t *testing.T) {
	d := open(t, sandbox.Options{})
	d.AddField("Contact", sandbox.NewField{Name: "Ext__c", External: true})
	up := func(key, body string) said { return d.ask("PATCH", "sobjects/Contact/Ext__c/"+key, body) }
	d.want(up("a%2Fb", `{"LastName":"A"}`), 201, "created", "true")
	d.want(up("a%2Fb", `{"LastName":"B"}`), 200, "created", "false")
	d.want(up("x", `{"LastName":"B","Ext__c":"x"}`), 400, "0.errorCode", "INVALID_FIELD")
	d.want(up("x?updateOnly=true", `{"LastName":"B"}`), 404)
	d.create("Contact", `{"LastName":"B","Ext__c":"A/b"}`)
	s := up("a%2Fb", `{"LastName":"C"}`)
	d.want(s, http.StatusMultipleChoices)
	if list, ok := s.json.([]any); !ok || len(list) != 2 || !strings.HasPrefix(fmt.Sprint(list[0]), "/services/data/v60.0/sobjects/Contact/003") {
		t.Errorf("got %s, want two addresses", s.text)
	}
	d.want(d.ask("PATCH", "sobjects/Contact/Email/someone@example.inc", `{"LastName":"D"}`), 404)
	d.want(d.ask("PATCH", "sobjects/Contact/Email/someone@example.com", `{"LastName":"D"}`), 201)
	d.want(d.ask("PATCH", "sobjects/Contact/Nonsense__c/1", `{"LastName":"D"}`), 404, "0.message", "The requested resource does not exist")
	d.want(d.ask("GET", "sobjects/Contact/Ext__c/none", ""), 404, "0.message", "Provided external ID field does not exist or is not accessible: none")
}

func TestCollections(t *testing.T) {
	d := open(t, sandbox.Options{})
	d.AddField("Contact", sandbox.NewField{Name: "Ext__c", External: true, Unique: true})
	post := func(method, path, body string) said { return d.ask(method, "composite/sobjects"+path, body) }
	row := func(body string) string { return `{"attributes":{"type":"Contact"},` + body + `}` }
	s := post("POST", "", `{"records":[`+row(`"LastName":"A"`)+`,`+row(`"FirstName":"B"`)+`]}`)
	d.want(s, 200, "0.success", "true", "1.success", "false", "1.errors.0.statusCode", "REQUIRED_FIELD_MISSING", "1.errors.0.fields.0", "LastName", "1.id", "null", "1.errors.0.errorCode", "null")
	id := s.at("0.id")
	d.want(post("PATCH", "", `{"records":[`+row(`"Id":"`+id+`","Title":"x"`)+`,`+row(`"Title":"x"`)+`,`+row(`"Id":"003Kx0000000zzzAAA","Title":"x"`)+`]}`), 200,
		"0.success", "true", "1.errors.0.statusCode", "MISSING_ARGUMENT", "1.errors.0.message", "Id not specified in an update call", "2.success", "false")
	d.want(post("PATCH", "/Contact/Ext__c", `{"records":[`+row(`"Ext__c":"1","LastName":"B"`)+`,`+row(`"Ext__c":"2","LastName":"C"`)+`,`+row(`"Ext__c":"2","LastName":"D"`)+`]}`), 200,
		"0.created", "true", "1.success", "false", "2.success", "false")
	before := d.Count("Contact")
	d.want(post("POST", "", `{"allOrNone":true,"records":[`+row(`"LastName":"E","Ext__c":"7"`)+`,`+row(`"LastName":"F","Email":"x"`)+`]}`), 200,
		"0.errors.0.statusCode", "ALL_OR_NONE_OPERATION_ROLLED_BACK", "1.errors.0.statusCode", "INVALID_EMAIL_ADDRESS")
	if got := d.Count("Contact"); got != before || d.Find("Contact", "Ext__c", "7") != nil {
		t.Errorf("all or none: got %d contacts, want %d", got, before)
	}
	d.want(d.query("SELECT Id FROM Contact WHERE Ext__c = '7'"), 200, "totalSize", "0")
	d.Set(func(o *sandbox.Options) { o.RollbackStatus = 400 })
	d.want(post("POST", "", `{"allOrNone":true,"records":[`+row(`"FirstName":"E"`)+`]}`), 400, "0.errors.0.statusCode", "REQUIRED_FIELD_MISSING")
	d.want(post("POST", "", `{"records":[]}`), 400, "0.errorCode", "REQUIRED_FIELD_MISSING", "0.message", "At least 1 record is required")
	d.want(post("POST", "", `{"records":[`+strings.Repeat(row(`"LastName":"A"`)+",", 200)+row(`"LastName":"A"`)+`]}`), 400)
	if n := d.Counts().Breaches["more than 200 records in a collection"]; n != 1 {
		t.Errorf("got %d breaches, want 1", n)
	}
	d.want(d.ask("GET", "composite/sobjects/Contact?ids="+id+",003000000000000AAA&fields=LastName", ""), 200, "0.LastName", "A", "1", "null")
	d.want(post("DELETE", "?ids="+id+","+id, ""), 200, "0.success", "true", "1.errors.0.statusCode", "ENTITY_IS_DELETED")
}

func TestTheLogTells(t *testing.T) {
	d := open(t, sandbox.Options{})
	id := d.create("Contact", `{"LastName":"A"}`)
	d.clock.tick(time.Hour)
	other := d.create("Contact", `{"LastName":"B"}`)
	d.want(d.ask("DELETE", "sobjects/Contact/"+id, ""), 204)
	window := "?start=2026-11-22T10:30:00Z&end=2026-11-22T12:00:00%2B00:00"
	d.want(d.ask("GET", "sobjects/Contact/updated/"+window, ""), 200, "ids.0", other, "ids.1", "(nothing)", "latestDateCovered", "2026-11-22T11:00:00.000+0000")
	d.want(d.ask("GET", "sobjects/Contact/deleted/"+window, ""), 200, "deletedRecords.0.id", id, "deletedRecords.0.deletedDate", "2026-11-22T11:00:00.000+0000")
	d.want(d.ask("GET", "sobjects/Contact/deleted?start=2026-10-01T00:00:00Z&end=2026-11-22T12:00:00Z", ""), 400, "0.errorCode", "INVALID_REPLICATION_DATE")
	d.want(d.ask("GET", "sobjects/Contact/updated?start=2026-11-22T10:00:00Z&end=2026-11-22T10:00:30Z", ""), 400, "0.errorCode", "INVALID_REPLICATION_DATE")
	d.want(d.ask("GET", "queryAll?q="+url.QueryEscape("SELECT Id, IsDeleted, MasterRecordId FROM Contact WHERE IsDeleted = true"), ""), 200, "totalSize", "1", "records.0.IsDeleted", "true", "records.0.MasterRecordId", "null")
	d.Undelete(id)
	d.want(d.query("SELECT COUNT() FROM Contact"), 200, "totalSize", "2")
	d.Remove(id)
	d.EmptyBin()
	d.want(d.ask("GET", "queryAll?q="+url.QueryEscape("SELECT Id FROM Contact WHERE IsDeleted = true"), ""), 200, "totalSize", "0")
	d.want(d.ask("GET", "sobjects/Contact/"+id, ""), 404, "0.errorCode", "NOT_FOUND")
}

func TestAChangeThatComesLate(t *testing.T) {
	d := open(t, sandbox.Options{})
	d.create("Contact", `{"LastName":"A"}`)
	d.clock.tick(time.Hour)
	late := d.create("Contact", `{"LastName":"B"}`)
	d.create("Contact", `{"LastName":"C"}`)
	d.Backdate(late, 30*time.Minute)
	d.want(d.query("SELECT LastName FROM Contact WHERE SystemModstamp >= 2026-11-22T10:29:59Z ORDER BY SystemModstamp, Id"), 200, "records.0.LastName", "B", "records.1.LastName", "C", "totalSize", "2")
	d.want(d.query("SELECT LastName FROM Contact WHERE SystemModstamp > 2026-11-22T10:30:00Z"), 200, "totalSize", "1")
}

func TestMerge(t *testing.T) {
	d := open(t, sandbox.Options{})
	d.Seed()
	winner, loser := d.IDs("Contact")[0], d.IDs("Contact")[2]
	campaign := d.create("Campaign", `{"Name":"C"}`)
	both := d.create("CampaignMember", `{"CampaignId":"`+campaign+`","ContactId":"`+winner+`"}`)
	twice := d.create("CampaignMember", `{"CampaignId":"`+campaign+`","ContactId":"`+loser+`"}`)
	meeting := d.create("Event", `{"Subject":"M","WhoId":"`+loser+`","StartDateTime":"2027-01-01T09:00:00Z","DurationInMinutes":30}`)
	d.clock.tick(time.Minute)
	d.Merge(winner, loser)
	d.want(d.ask("GET", "sobjects/Contact/"+loser, ""), 404, "0.errorCode", "ENTITY_IS_DELETED")
	d.want(d.ask("GET", "queryAll?q="+url.QueryEscape("SELECT Id, MasterRecordId FROM Contact WHERE IsDeleted = true AND MasterRecordId != null AND SystemModstamp > 2026-11-22T10:00:00Z"), ""), 200, "records.0.Id", loser, "records.0.MasterRecordId", winner)
	d.want(d.ask("GET", "sobjects/Event/"+meeting, ""), 200, "WhoId", winner)
	d.want(d.ask("GET", "sobjects/CampaignMember/"+both, ""), 200)
	d.want(d.ask("GET", "sobjects/CampaignMember/"+twice, ""), 404)
	d.want(d.query("SELECT Id FROM Contact WHERE SystemModstamp > 2026-11-22T10:00:00Z"), 200, "records.0.Id", winner)
}

func TestConversion(t *testing.T) {
	d := open(t, sandbox.Options{})
	lead := d.create("Lead", `{"LastName":"Appleyard","FirstName":"Ada","Company":"Alder","Email":"ada@example.com","Title":"Buyer"}`)
	campaign := d.create("Campaign", `{"Name":"C"}`)
	member := d.create("CampaignMember", `{"CampaignId":"`+campaign+`","LeadId":"`+lead+`"}`)
	contact, account := d.Convert(lead, sandbox.Conversion{})
	d.want(d.ask("GET", "sobjects/Lead/"+lead, ""), 200, "IsConverted", "true", "ConvertedContactId", contact, "ConvertedAccountId", account, "ConvertedDate", "2026-11-22", "ConvertedOpportunityId", "null")
	d.want(d.ask("PATCH", "sobjects/Lead/"+lead, `{"Title":"x"}`), 400, "0.errorCode", "CANNOT_UPDATE_CONVERTED_LEAD", "0.message", "cannot reference converted lead")
	d.want(d.ask("GET", "sobjects/CampaignMember/"+member, ""), 200, "LeadId", lead, "ContactId", contact)
	d.want(d.ask("GET", "sobjects/Contact/"+contact, ""), 200, "Name", "Ada Appleyard", "AccountId", account)
	second := d.create("Lead", `{"LastName":"Other","Company":"Alder","Title":"Engineer","Phone":"555-0100"}`)
	if into, _ := d.Convert(second, sandbox.Conversion{ContactID: contact}); into != contact {
		t.Errorf("got contact %s, want the existing %s", into, contact)
	}
	d.want(d.ask("GET", "sobjects/Contact/"+contact, ""), 200, "Title", "Buyer", "Phone", "555-0100", "LastName", "Appleyard")
}

func TestCampaignMembers(t *testing.T) {
	d := open(t, sandbox.Options{})
	campaign := d.create("Campaign", `{"Name":"C"}`)
	contact, lead := d.create("Contact", `{"LastName":"A"}`), d.create("Lead", `{"LastName":"B","Company":"C"}`)
	body := `{"CampaignId":"` + campaign + `","ContactId":"` + contact + `","LeadId":"` + lead + `","Status":"Nonsense"}`
	id := d.create("CampaignMember", body)
	d.want(d.ask("GET", "sobjects/CampaignMember/"+id, ""), 200, "Status", "Sent", "LeadId", "null", "HasResponded", "false")
	d.want(d.ask("POST", "sobjects/CampaignMember", body), 400, "0.errorCode", "DUPLICATE_VALUE", "0.message", "Already a campaign member.")
	d.want(d.ask("PATCH", "sobjects/CampaignMember/"+id, `{"Status":"responded"}`), 204)
	d.want(d.ask("GET", "sobjects/CampaignMember/"+id, ""), 200, "Status", "Responded", "HasResponded", "true", "FirstRespondedDate", "2026-11-22")
	d.want(d.ask("PATCH", "sobjects/CampaignMember/"+id, `{"CampaignId":"`+campaign+`"}`), 400, "0.errorCode", "INVALID_FIELD_FOR_INSERT_UPDATE")
	d.want(d.ask("PATCH", "sobjects/CampaignMember/"+id, `{"HasResponded":true}`), 400, "0.errorCode", "INVALID_FIELD_FOR_INSERT_UPDATE")
	d.want(d.ask("POST", "sobjects/CampaignMember", `{"CampaignId":"`+campaign+`"}`), 400, "0.errorCode", "REQUIRED_FIELD_MISSING")
	d.create("CampaignMemberStatus", `{"CampaignId":"`+campaign+`","Label":"Attended","HasResponded":true,"SortOrder":5,"IsDefault":true}`)
	d.want(d.query("SELECT Label FROM CampaignMemberStatus WHERE CampaignId = '"+campaign+"' AND IsDefault = true"), 200, "totalSize", "1", "records.0.Label", "Attended")
	d.create("CampaignMember", `{"CampaignId":"`+campaign+`","LeadId":"`+lead+`"}`)
	d.want(d.query("SELECT Status, Lead.Company FROM CampaignMember WHERE LeadId != null"), 200, "records.0.Status", "Attended", "records.0.Lead.Company", "C")
	d.Set(func(o *sandbox.Options) { o.NoMemberStatus = true })
	d.want(d.ask("POST", "sobjects/CampaignMemberStatus", `{"CampaignId":"`+campaign+`","Label":"More"}`), 400)
	d.want(d.ask("DELETE", "sobjects/Contact/"+contact, ""), 204)
	d.want(d.ask("GET", "sobjects/CampaignMember/"+id, ""), 404)
}

func TestMeetings(t *testing.T) {
	d := open(t, sandbox.Options{})
	who := d.create("Lead", `{"LastName":"B","Company":"C"}`)
	id := d.create("Event", `{"Subject":"M","WhoId":"`+who+`","StartDateTime":"2027-01-01T09:00:00+01:00","EndDateTime":"2027-01-01T08:45:00.000Z"}`)
	d.want(d.ask("GET", "sobjects/Event/"+id, ""), 200, "DurationInMinutes", "45", "StartDateTime", "2027-01-01T08:00:00.000+0000", "ActivityDate", "2027-01-01", "WhoId", who)
	d.want(d.query("SELECT Who.Name, Who.Type, Owner.Name FROM Event"), 200, "records.0.Who.Name", "B", "records.0.Who.Type", "Lead", "records.0.Who.attributes.type", "Name")
	d.want(d.ask("POST", "sobjects/Event", `{"Subject":"M"}`), 400, "0.errorCode", "REQUIRED_FIELD_MISSING")
	d.want(d.ask("POST", "sobjects/Event", `{"StartDateTime":"2027-01-01T09:00:00Z","EndDateTime":"2027-01-01T08:00:00Z"}`), 400, "0.errorCode", "FIELD_INTEGRITY_EXCEPTION")
	second := d.create("Contact", `{"LastName":"A"}`)
	relation := `{"EventId":"` + id + `","RelationId":"` + second + `","IsParent":true}`
	d.create("EventRelation", relation)
	d.want(d.ask("POST", "sobjects/EventRelation", relation), 400, "0.errorCode", "DUPLICATE_VALUE")
}

func TestAssignment(t *testing.T) {
	d := open(t, sandbox.Options{})
	body := `{"LastName":"A","Company":"B"}`
	owner := func(id string) string {
		return d.query("SELECT Owner.Name FROM Lead WHERE Id = '" + id + "'").at("records.0.Owner.Name")
	}
	s := d.ask("POST", "sobjects/Lead", body)
	if got := owner(s.at("id")); got != "New leads" {
		t.Errorf("without the header: got owner %q, want the queue", got)
	}
	id := d.create("Lead", body)
	if got := owner(id); got != "Kith Integration" {
		t.Errorf("with FALSE: got owner %q, want the user", got)
	}
	d.want(d.ask("PATCH", "sobjects/Lead/"+id, `{"Title":"x"}`), 204)
	if got := owner(id); got != "New leads" {
		t.Errorf("an update without the header: got owner %q, want the queue", got)
	}
	users := d.IDs("User")
	d.Change(users[2], map[string]string{"IsActive": "false"})
	d.want(d.ask("POST", "sobjects/Contact", `{"LastName":"A","OwnerId":"`+users[2]+`"}`), 400, "0.errorCode", "INACTIVE_OWNER_OR_USER")
}

func TestPeoplesHabits(t *testing.T) {
	d := open(t, sandbox.Options{FormatPhones: true})
	id := d.Add("Contact", map[string]string{"LastName": "A", "Phone": "12025550100", "MobilePhone": "+44 20 7946 0100"})
	d.want(d.ask("GET", "sobjects/Contact/"+id, ""), 200, "Phone", "(202) 555-0100", "MobilePhone", "+44 20 7946 0100")
	d.want(d.ask("PATCH", "sobjects/Contact/"+id, `{"Phone":"2025550100"}`), 204)
	d.want(d.ask("GET", "sobjects/Contact/"+id, ""), 200, "Phone", "2025550100")
}

func TestSeed(t *testing.T) {
	d := open(t, sandbox.Options{})
	d.Seed()
	for object, want := range map[string]int{"Account": 8, "Contact": 24, "Lead": 16, "Campaign": 3, "User": 3, "Event": 3} {
		if got := d.Count(object); got != want {
			t.Errorf("%s: got %d, want %d", object, got, want)
		}
	}
	d.want(d.query("SELECT COUNT_DISTINCT(Email) n FROM Contact"), 200, "records.0.n", "24")
}
