package sandbox

import (
	"fmt"
	"strings"
)

// found makes what every org has: itself, three users, a queue, their permissions.
func (s *Sandbox) found() {
	by := saver{automatic: true}
	make := func(object string, values map[string]string) string {
		o := s.objects[lower(object)]
		r, p := s.create(by, o, anyValues(values))
		if p != nil {
			panic(p.message)
		}
		return makeID(o.prefix, r.n)
	}
	make("Organization", map[string]string{"Name": "Larch & Finch Ltd"})
	admin := make("Profile", map[string]string{"Name": "System Administrator"})
	standard := make("Profile", map[string]string{"Name": "Standard User"})
	for i, who := range [][3]string{{"Kith", "Integration", admin}, {"Nora", "Ashdown", admin}, {"Theo", "Brambly", standard}} {
		email := strings.ToLower(who[0] + "." + who[1] + "@larchandfinch.example")
		id := make("User", map[string]string{"FirstName": who[0], "LastName": who[1], "Username": email, "Email": email, "Alias": strings.ToLower(who[0]), "ProfileId": who[2],
			"TimeZoneSidKey": "Europe/London", "LocaleSidKey": "en_GB", "LanguageLocaleKey": "en_GB", "EmailEncodingKey": "UTF-8"})
		set := make("PermissionSet", map[string]string{"Name": fmt.Sprintf("X00e%d", i), "Label": fmt.Sprintf("00e%d", i), "IsOwnedByProfile": "true", "ProfileId": who[2]})
		make("PermissionSetAssignment", map[string]string{"PermissionSetId": set, "AssigneeId": id})
	}
	kith := make("PermissionSet", map[string]string{"Name": "Kith", "Label": "Kith integration"})
	make("PermissionSetAssignment", map[string]string{"PermissionSetId": kith, "AssigneeId": makeID("005", 0)})
	s.queue = make("Group", map[string]string{"Name": "New leads", "DeveloperName": "New_leads", "Type": "Queue"})
	s.founded, s.described = true, s.now()
}

// Seed puts a small invented company in: accounts, contacts, leads, campaigns
// with members, and meetings.
func (s *Sandbox) Seed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	owner := []string{makeID("005", 1), makeID("005", 2)}
	var accounts, people, campaigns []string
	for i, name := range []string{"Alderbrook Mills", "Birchwood Labs", "Copperfield Foods", "Dovecote Travel", "Elmhurst Energy", "Foxglove Media", "Greenhollow School", "Hazelmere Clinic"} {
		accounts = append(accounts, s.add("Account", map[string]string{"Name": name, "Industry": industries()[i], "Phone": fmt.Sprintf("020 7946 0%03d", 100+i), "Website": "https://" + domain(name),
			"BillingCity": []string{"Leeds", "Bristol", "York", "Bath"}[i%4], "BillingCountry": "United Kingdom", "NumberOfEmployees": fmt.Sprint(20 * (i + 1)), "OwnerId": owner[i%2]}))
	}
	firsts := []string{"Ada", "Bram", "Clara", "Dev", "Elin", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Keiko", "Lars", "Mira", "Nils", "Olga", "Pavel", "Quinn", "Rosa", "Sven", "Tara"}
	lasts := []string{"Appleyard", "Bellwether", "Crowther", "Dunmore", "Eastcote", "Fairweather", "Goldhawk", "Hartnell", "Inglewood", "Jessop"}
	titles := []string{"Head of Marketing", "Buyer", "Engineer", "Managing Director", "Events Coordinator"}
	for i := range 24 {
		first, last, account := firsts[i%20], lasts[(i*3+i/20)%10], i%8
		people = append(people, s.add("Contact", map[string]string{"FirstName": first, "LastName": last, "Email": strings.ToLower(first+"."+last) + "@" + domain(s.plainName(accounts[account])), "AccountId": accounts[account],
			"Title": titles[i%5], "Phone": fmt.Sprintf("020 7946 0%03d", 200+i), "MobilePhone": fmt.Sprintf("07700 900%03d", 100+i), "MailingCity": []string{"Leeds", "Bristol", "York", "Bath"}[account%4], "MailingCountry": "United Kingdom", "OwnerId": owner[i%2]}))
	}
	for i := range 16 {
		first, last := firsts[(i*7+3)%20], lasts[(i*3+1)%10]
		company := []string{"Ivybridge Tools", "Juniper & Co", "Kestrel Coffee", "Linden Logistics"}[i%4]
		people = append(people, s.add("Lead", map[string]string{"FirstName": first, "LastName": last, "Email": strings.ToLower(first+"."+last) + "@" + domain(company), "Company": company, "Title": titles[(i+2)%5],
			"Phone": fmt.Sprintf("020 7946 0%03d", 300+i), "City": "Leeds", "Country": "United Kingdom", "LeadSource": []string{"Web", "Trade Show"}[i%2], "OwnerId": owner[i%2]}))
	}
	for i, name := range []string{"Spring Fair", "Autumn Webinar", "Winter Newsletter"} {
		campaigns = append(campaigns, s.add("Campaign", map[string]string{"Name": name, "Type": []string{"Trade Show", "Webinar", "Email"}[i], "IsActive": "true", "Status": "In Progress", "StartDate": fmt.Sprintf("2027-0%d-15", i+1), "OwnerId": owner[0]}))
	}
	for i, id := range people {
		member := map[string]string{"CampaignId": campaigns[i%3], "Status": []string{"Sent", "Responded"}[i/3%2]}
		member[map[bool]string{true: "ContactId", false: "LeadId"}[strings.HasPrefix(id, "003")]] = id
		if i%2 == 0 {
			s.add("CampaignMember", member)
		}
	}
	for i := range 3 {
		s.add("Event", map[string]string{"Subject": "Meeting about the " + []string{"stand", "talk", "order"}[i], "WhoId": people[i], "StartDateTime": fmt.Sprintf("2027-01-1%dT09:00:00Z", i), "DurationInMinutes": "45", "Location": "Stand 12", "OwnerId": owner[i%2]})
	}
}

func (s *Sandbox) plainName(id string) string {
	o, r := s.have(id)
	return r.get(o.field("Name"))
}

// domain is where an invented company would be, below a name nobody can have.
func domain(name string) string {
	word := strings.ToLower(strings.Map(func(r rune) rune {
		if r == ' ' || r == '&' {
			return -1
		}
		return r
	}, name))
	return word + ".example"
}
