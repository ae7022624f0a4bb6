package salesforce

import (
	"slices"
	"strings"

	"github.com/kith-sync/kith/contact"
)

// A role is what a column of a Person does that no field of the API does.
type role uint8

const (
	plain    role = iota
	syncAs        // Lead or Contact: decides where a create goes (E3)
	company       // a Lead's Company, the name of a Contact's Account (E16)
	account       // a Contact's Account by its id (E17)
	owner         // the e-mail of the user who owns the record (E8)
	member        // of a CampaignMember: its campaign and its person together
	attendee      // of a CampaignMember: its Contact, or its Lead
)

// A column is a field of our schema, and where each table has it.
type column struct {
	contact.Field
	role role
	from map[string]*field // by the table's name
}

// Fields of a Person that stand for others.
const (
	SyncAs     = "sync_as"
	Company    = "company"
	AccountID  = "account_id"
	OwnerEmail = "owner_email"
)

// Fields of a CampaignMember that stand for others. A person is in a campaign once, so
// both together are who a member is.
const (
	Member   = "Member" // id of the campaign, a slash, id of the person
	Attendee = "Person"
)

// unwanted are fields that say nothing about the record, or change without it.
func unwanted() []string {
	return []string{"Id", "IsDeleted", "MasterRecordId", "SystemModstamp", "LastModifiedDate", "LastModifiedById", "CreatedById",
		"LastViewedDate", "LastReferencedDate", "LastActivityDate", "LastCURequestDate", "LastCUUpdateDate", "PhotoUrl", "Jigsaw", "JigsawContactId", "JigsawCompanyId",
		"CleanStatus", "IsConverted", "ConvertedDate", "ConvertedContactId", "ConvertedAccountId", "ConvertedOpportunityId", "IsUnreadByOwner"}
}

// shown are the fields of a table that our schema has.
func (t *table) shown() (fields []*field) {
	not := unwanted()
	for i := range t.Fields {
		f := &t.Fields[i]
		if f.Type != "base64" && f.Type != "anyType" && f.Type != "complexvalue" && !t.compound(f) && !slices.Contains(not, f.Name) {
			fields = append(fields, f)
		}
	}
	return fields
}

// kindOf is what a field's values mean.
func kindOf(f *field) contact.Kind {
	switch f.Type {
	case "email":
		return contact.Email
	case "phone":
		return contact.Phone
	case "url":
		return contact.URL
	case "date", "datetime":
		return contact.Date
	}
	switch {
	case f.Name == "HasOptedOutOfEmail":
		return contact.Consent
	case f.Name == "FirstName" || f.Name == "LastName" || f.Name == "MiddleName":
		return contact.Name
	case !f.Custom && (strings.HasSuffix(f.Name, "Country") || strings.HasSuffix(f.Name, "CountryCode")):
		return contact.Country
	}
	return contact.Text
}

// layout is the schema: the fields of the one table, or those that Leads and
// Contacts share, with the address, which they name differently, and with what
// stands for the rest.
func (o *Object) layout() (columns []column) {
	first := o.tables[0]
	for _, f := range first.shown() {
		c := column{Field: contact.Field{Name: f.Name, Label: f.Label, Kind: kindOf(f)}, from: map[string]*field{first.Name: f}}
		if o.person() && !o.shared(&c, f) {
			continue
		}
		c.Required = c.demanded()
		columns = append(columns, c)
	}
	if first.Name == "CampaignMember" {
		columns = append(columns, column{Field: contact.Field{Name: Member, Label: "Campaign and person", Kind: contact.Text}, role: member},
			column{Field: contact.Field{Name: Attendee, Label: "Lead or Contact", Kind: contact.Text}, role: attendee})
	}
	if !o.person() {
		return columns
	}
	lead, contacts := o.tables[0], o.tables[1]
	return append(columns,
		column{Field: contact.Field{Name: SyncAs, Label: "Salesforce Sync As", Kind: contact.Text, Required: true}, role: syncAs},
		column{Field: contact.Field{Name: Company, Label: "Company", Kind: contact.Text}, role: company,
			from: map[string]*field{lead.Name: lead.at["Company"], contacts.Name: contacts.at["AccountId"]}},
		column{Field: contact.Field{Name: AccountID, Label: "Salesforce Account", Kind: contact.Text}, role: account,
			from: map[string]*field{contacts.Name: contacts.at["AccountId"]}},
		column{Field: contact.Field{Name: OwnerEmail, Label: "Owner's e-mail", Kind: contact.Text}, role: owner,
			from: map[string]*field{lead.Name: lead.at["OwnerId"], contacts.Name: contacts.at["OwnerId"]}},
	)
}

// demanded reports whether no object of the column makes a record without it.
func (c column) demanded() bool {
	for _, f := range c.from {
		if !f.required() {
			return false
		}
	}
	return true
}

// shared adds to a column of Leads the field of Contacts that is the same.
func (o *Object) shared(c *column, f *field) bool {
	contacts := o.tables[1]
	name := f.Name
	if slices.Contains([]string{"Street", "City", "State", "PostalCode", "Country", "StateCode", "CountryCode"}, name) {
		name = "Mailing" + name
	}
	other := contacts.at[name]
	if other == nil || contacts.compound(other) || kindOf(other) != c.Kind || f.Name == "OwnerId" {
		return false
	}
	c.from[contacts.Name] = other
	return true
}

// index is the position of a field in our schema, or -1.
func (o *Object) index(name string) int {
	return slices.IndexFunc(o.columns, func(c column) bool { return c.Name == name })
}

// finds are the fields that records can be looked up by: the org keeps an index of
// each, and compares without regard to case. What refers to others stands last.
func (o *Object) finds() (names []string) {
	var refer []string
	for _, c := range o.columns {
		switch {
		case c.role != plain || !o.findable(c):
		case c.from[o.tables[0].Name].Type == "reference":
			refer = append(refer, c.Name)
		default:
			names = append(names, c.Name)
		}
	}
	return append(names, refer...)
}

func (o *Object) findable(c column) bool {
	for _, t := range o.tables {
		f := c.from[t.Name]
		member := t.Name == "CampaignMember" && (f.Name == "CampaignId" || f.Name == "ContactId" || f.Name == "LeadId")
		if !f.IDLookup && !f.ExternalID && !member || f.Calculated {
			return false
		}
	}
	return true
}

// A Detail is what the org says of a field beside its kind.
type Detail struct {
	contact.Field
	Required bool     // of a create
	ReadOnly bool     // it can be read only
	Once     bool     // it can be set by a create only
	Longest  int      // characters; 0: no limit is told
	Values   []string // that the org offers; with Closed, the only ones
	Closed   bool
}

// unset are the fields that no create can set.
func (o *Object) unset() (names []string) {
	for _, c := range o.columns {
		if c.role != plain {
			continue
		}
		settable := false
		for _, f := range c.from {
			settable = settable || f != nil && f.Createable
		}
		if !settable {
			names = append(names, c.Name)
		}
	}
	return names
}

// Details tell of every field of the schema what a form or a mapping wants to know.
func (o *Object) Details() (all []Detail) {
	for _, c := range o.columns {
		d := Detail{Field: c.Field, Required: c.role == syncAs, ReadOnly: c.role == plain}
		if c.role == syncAs {
			d.Values, d.Closed = []string{"Lead", "Contact"}, true
		}
		for _, f := range c.from {
			if f == nil {
				continue
			}
			d.Required = d.Required || f.required()
			d.ReadOnly = d.ReadOnly && !f.Createable && !f.Updateable
			d.Once = d.Once || f.Createable && !f.Updateable
			if c.role == plain || c.role == company && f.Name == "Company" {
				d.Longest = max(d.Longest, f.Length)
			}
			for _, v := range f.Choices {
				if v.Active && !slices.Contains(d.Values, v.Value) {
					d.Values = append(d.Values, v.Value)
				}
			}
			d.Closed = d.Closed || f.Restricted
		}
		all = append(all, d)
	}
	return all
}
