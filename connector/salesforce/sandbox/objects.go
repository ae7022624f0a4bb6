package sandbox

import (
	"slices"
	"strings"
)

// standard makes the objects every org has, with the lengths and the required
// fields of the Field Reference.
func standard() []*object {
	return []*object{
		lead(), contact(), account(), campaign(), campaignMember(), campaignMemberStatus(), event(), eventRelation(),
		user(), group(), profile(), organization(), permissionSet(), permissionSetAssignment(), fieldPermissions(), customField(),
	}
}

// made gives an object the fields all objects have, first and last.
func made(name, label, plural, prefix string, fields ...*field) *object {
	o := &object{name: name, label: label, plural: plural, prefix: prefix}
	o.add(&field{name: "Id", label: label + " ID", kind: "id", length: idLength, system: sysID, defaulted: true, idLookup: true, noCreate: true, noUpdate: true})
	o.add(&field{name: "IsDeleted", label: "Deleted", kind: "boolean", system: sysDeleted, defaulted: true, noCreate: true, noUpdate: true})
	o.add(fields...)
	by := func(name, label string, system byte) *field {
		f := refer(name, label, "User").readOnly()
		f.system, f.defaulted = system, true
		return f
	}
	at := func(name, label string, system byte) *field {
		f := datetime(name, label).readOnly()
		f.system, f.defaulted = system, true
		return f
	}
	o.add(at("CreatedDate", "Created Date", sysCreated), by("CreatedById", "Created By ID", sysCreatedBy),
		at("LastModifiedDate", "Last Modified Date", sysModified), by("LastModifiedById", "Last Modified By ID", sysModifiedBy),
		at("SystemModstamp", "System Modstamp", sysStamp))
	return o
}

// address makes the parts of an address and the compound that shows them.
func address(prefix, label string) []*field {
	whole := prefix + "Address"
	of := func(part string) string { return strings.TrimSpace(label + " " + part) }
	return []*field{
		area(prefix+"Street", of("Street"), 255).in(whole), text(prefix+"City", of("City"), 40).in(whole),
		text(prefix+"State", of("State/Province"), 80).in(whole), text(prefix+"PostalCode", of("Zip/Postal Code"), 20).in(whole),
		text(prefix+"Country", of("Country"), 80).in(whole),
		(&field{name: whole, label: of("Address"), kind: "address", unfiltered: true}).readOnly(),
	}
}

// person are the fields that leads and contacts share.
func person(name int) []*field {
	return []*field{
		text("LastName", "Last Name", 80).must().in("Name"), text("FirstName", "First Name", 40).in("Name"),
		pick("Salutation", "Salutation", "Mr.", "Ms.", "Mrs.", "Dr.", "Prof.").wide(40).in("Name"),
		text("Name", "Full Name", name).title().by(fullName), text("Title", "Title", 128),
		phone("Phone", "Phone"), phone("MobilePhone", "Mobile Phone"), phone("Fax", "Fax"), email("Email", "Email"),
		pick("LeadSource", "Lead Source", "Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Trade Show", "Other"),
		area("Description", "Description", 32000), flag("HasOptedOutOfEmail", "Email Opt Out"), flag("HasOptedOutOfFax", "Fax Opt Out"), flag("DoNotCall", "Do Not Call"),
		text("EmailBouncedReason", "Email Bounced Reason", 255).readOnly(), datetime("EmailBouncedDate", "Email Bounced Date").readOnly(),
		flag("IsEmailBounced", "Is Email Bounced").by(func(_ *Sandbox, o *object, r *row) string {
			return yes(r.get(o.field("EmailBouncedReason")) != "")
		}),
	}
}

func fullName(_ *Sandbox, o *object, r *row) string {
	return strings.TrimSpace(r.get(o.field("FirstName")) + " " + r.get(o.field("LastName")))
}

func yes(b bool) string {
	if b {
		return "true"
	}
	return ""
}

func lead() *object {
	return made("Lead", "Lead", "Leads", "00Q", slices.Concat(
		[]*field{refer("MasterRecordId", "Master Record ID", "Lead").readOnly().indexed()},
		person(121), address("", ""),
		[]*field{
			text("Company", "Company", 255).must(), link("Website", "Website", 255),
			pick("Status", "Status", "Open - Not Contacted", "Working - Contacted", "Closed - Converted", "Closed - Not Converted").or("Open - Not Contacted"),
			pick("Industry", "Industry", industries()...), pick("Rating", "Rating", "Hot", "Warm", "Cold"),
			decimal("AnnualRevenue", "Annual Revenue", "currency", 18, 0), count("NumberOfEmployees", "Employees", 8),
			refer("OwnerId", "Owner ID", "Group", "User").or("me"), flag("IsUnreadByOwner", "Unread By Owner").or("true"),
			flag("IsConverted", "Converted").readOnly(), date("ConvertedDate", "Converted Date").readOnly(),
			refer("ConvertedAccountId", "Converted Account ID", "Account").readOnly(), refer("ConvertedContactId", "Converted Contact ID", "Contact").readOnly().indexed(),
			refer("ConvertedOpportunityId", "Converted Opportunity ID", "Opportunity").readOnly(),
		})...)
}

func contact() *object {
	return made("Contact", "Contact", "Contacts", "003", slices.Concat(
		[]*field{refer("MasterRecordId", "Master Record ID", "Contact").readOnly().indexed(), refer("AccountId", "Account ID", "Account").indexed()},
		person(121), address("Mailing", "Mailing"), address("Other", "Other"),
		[]*field{
			text("Department", "Department", 80), phone("HomePhone", "Home Phone"), phone("OtherPhone", "Other Phone"), phone("AssistantPhone", "Asst. Phone"),
			text("AssistantName", "Assistant's Name", 40), date("Birthdate", "Birthdate"), refer("ReportsToId", "Reports To ID", "Contact"),
			refer("OwnerId", "Owner ID", "User").or("me"),
		})...)
}

func account() *object {
	return made("Account", "Account", "Accounts", "001", slices.Concat(
		[]*field{refer("MasterRecordId", "Master Record ID", "Account").readOnly().indexed(), text("Name", "Account Name", 255).must().title().indexed(), refer("ParentId", "Parent Account ID", "Account")},
		address("Billing", "Billing"), address("Shipping", "Shipping"),
		[]*field{
			pick("Type", "Account Type", "Prospect", "Customer - Direct", "Customer - Channel", "Partner", "Other"), pick("Industry", "Industry", industries()...),
			phone("Phone", "Account Phone"), phone("Fax", "Account Fax"), link("Website", "Website", 255), text("AccountNumber", "Account Number", 40), text("Site", "Account Site", 80),
			decimal("AnnualRevenue", "Annual Revenue", "currency", 18, 0), count("NumberOfEmployees", "Employees", 8), area("Description", "Account Description", 32000),
			pick("AccountSource", "Account Source", "Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other"), refer("OwnerId", "Owner ID", "User").or("me"),
		})...)
}

func industries() []string {
	return []string{"Agriculture", "Banking", "Consulting", "Education", "Energy", "Engineering", "Healthcare", "Hospitality", "Media", "Retail", "Technology", "Other"}
}

func campaign() *object {
	name := text("Name", "Name", 80).must().title()
	name.idLookup = true
	return made("Campaign", "Campaign", "Campaigns", "701", name, refer("ParentId", "Parent Campaign ID", "Campaign"),
		pick("Type", "Type", "Conference", "Webinar", "Trade Show", "Email", "Other"), pick("Status", "Status", "Planned", "In Progress", "Completed", "Aborted").or("Planned"),
		date("StartDate", "Start Date"), date("EndDate", "End Date"), flag("IsActive", "Active"), area("Description", "Description", 32000),
		decimal("BudgetedCost", "Budgeted Cost in Campaign", "currency", 18, 0),
		count("NumberOfLeads", "Leads in Campaign", 9).by(members("LeadId")), count("NumberOfContacts", "Contacts in Campaign", 9).by(members("ContactId")),
		refer("OwnerId", "Owner ID", "User").or("me"))
}

func campaignMember() *object {
	person := func(name string) func(*Sandbox, *object, *row) string { return memberField(name) }
	return made("CampaignMember", "Campaign Member", "Campaign Members", "00v",
		refer("CampaignId", "Campaign ID", "Campaign").must().once().indexed(), refer("LeadId", "Lead ID", "Lead").once().indexed(), refer("ContactId", "Contact ID", "Contact").once().indexed(),
		pick("Status", "Status").wide(40).or("status"), flag("HasResponded", "Responded").readOnly(), date("FirstRespondedDate", "First Responded Date").readOnly(),
		text("Name", "Name", 255).title().by(person("Name")), text("FirstName", "First Name", 40).by(person("FirstName")), text("LastName", "Last Name", 80).by(person("LastName")),
		text("Email", "Email", 80).by(person("Email")), text("CompanyOrAccount", "Company (Account)", 255).by(person("Company")),
		text("Type", "Type", 40).by(func(_ *Sandbox, o *object, r *row) string {
			if r.get(o.field("ContactId")) != "" {
				return "Contact"
			}
			return "Lead"
		}),
		refer("LeadOrContactId", "Related Record ID", "Contact", "Lead").by(func(_ *Sandbox, o *object, r *row) string {
			return first(r.get(o.field("ContactId")), r.get(o.field("LeadId")))
		}))
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

func campaignMemberStatus() *object {
	return made("CampaignMemberStatus", "Campaign Member Status", "Campaign Member Statuses", "01Y",
		refer("CampaignId", "Campaign ID", "Campaign").must().once().indexed(), text("Label", "Label", 765).must().title(),
		count("SortOrder", "Sort Order", 9), flag("IsDefault", "Is Default"), flag("HasResponded", "Responded"))
}

func event() *object {
	return made("Event", "Event", "Events", "00U",
		refer("WhoId", "Contact/Lead ID", "Contact", "Lead").indexed(), refer("WhatId", "Opportunity/Account ID", "Account", "Campaign").indexed(),
		(&field{name: "Subject", label: "Subject", kind: "combobox", length: 255, nameField: true}), text("Location", "Location", 255),
		flag("IsAllDayEvent", "All-Day Event"), datetime("ActivityDateTime", "Due Date Time"), date("ActivityDate", "Due Date Only"),
		count("DurationInMinutes", "Duration", 8), datetime("StartDateTime", "Start Date Time"), datetime("EndDateTime", "End Date Time"),
		area("Description", "Description", 32000), refer("AccountId", "Account ID", "Account").readOnly(), refer("OwnerId", "Assigned To ID", "User").or("me"),
		flag("IsPrivate", "Private"), pick("ShowAs", "Show Time As", "Busy", "OutOfOffice", "Free").only().or("Busy"), pick("EventSubtype", "Event Subtype", "Event").only().or("Event").once())
}

func eventRelation() *object {
	return made("EventRelation", "Event Relation", "Event Relations", "0RE",
		refer("RelationId", "Relation ID", "Contact", "Lead", "User").must().indexed(), refer("EventId", "Event ID", "Event").must().once().indexed(),
		flag("IsWhat", "Is What").readOnly(), flag("IsParent", "Is Parent"), flag("IsInvitee", "Is Invitee"), pick("Status", "Status", "New", "Accepted", "Declined").only().or("New"))
}

func user() *object {
	name := text("Username", "Username", 80).must()
	name.unique, name.idLookup = true, true
	o := made("User", "User", "Users", "005", name, text("LastName", "Last Name", 80).must().in("Name"), text("FirstName", "First Name", 40).in("Name"),
		text("Name", "Full Name", 121).title().by(fullName), email("Email", "Email").wide(128).must(), text("Alias", "Alias", 8).must(), text("Title", "Title", 80), text("CompanyName", "Company Name", 80),
		text("Department", "Department", 80), phone("Phone", "Phone"), phone("MobilePhone", "Mobile"), flag("IsActive", "Active").or("true"), refer("ProfileId", "Profile ID", "Profile").must(), pick("UserType", "User Type", "Standard").readOnly().or("Standard"),
		pick("TimeZoneSidKey", "Time Zone", "Europe/London", "America/New_York", "America/Los_Angeles", "GMT").must().only().wide(40), pick("LocaleSidKey", "Locale", "en_GB", "en_US").must().only().wide(40),
		pick("LanguageLocaleKey", "Language", "en_GB", "en_US").must().only().wide(40), pick("EmailEncodingKey", "Email Encoding", "UTF-8").must().only().wide(40),
		text("FederationIdentifier", "SAML Federation ID", 512))
	o.noDelete = true
	return o
}

func group() *object {
	o := made("Group", "Group", "Group", "00G", text("Name", "Name", 40).must().title(), text("DeveloperName", "Developer Name", 80), pick("Type", "Type", "Queue", "Regular").only(), email("Email", "Email"))
	o.fixed = true
	return o
}

func profile() *object {
	o := made("Profile", "Profile", "Profile", "00e", text("Name", "Name", 255).must().title())
	o.fixed = true
	return o
}

func organization() *object {
	o := made("Organization", "Organization", "Organizations", orgPrefix, text("Name", "Name", 80).must().title(), pick("OrganizationType", "Edition", "Enterprise Edition").or("Enterprise Edition"),
		flag("IsSandbox", "Is Sandbox").or("true"), text("InstanceName", "Instance Name", 5).or("KX0"), text("NamespacePrefix", "Namespace Prefix", 15), text("Country", "Country", 80), text("TimeZoneSidKey", "Time Zone", 40).or("Europe/London"),
		text("LanguageLocaleKey", "Language", 40).or("en_GB"), text("DefaultLocaleSidKey", "Locale", 40).or("en_GB"), datetime("TrialExpirationDate", "Trial Expiration Date"))
	o.fixed = true
	return o
}

func permissionSet() *object {
	return made("PermissionSet", "Permission Set", "Permission Set", "0PS", text("Name", "Permission Set Name", 80).must().title(), text("Label", "Permission Set Label", 80).must(),
		refer("ProfileId", "Profile ID", "Profile").readOnly(), flag("IsOwnedByProfile", "Is Owned By Profile").readOnly(), text("Description", "Description", 255))
}

func permissionSetAssignment() *object {
	return made("PermissionSetAssignment", "Permission Set Assignment", "Permission Set Assignments", "0Pa",
		refer("PermissionSetId", "PermissionSet ID", "PermissionSet").must().once().indexed(), refer("AssigneeId", "Assignee ID", "User").must().once().indexed())
}

func fieldPermissions() *object {
	parent := refer("ParentId", "Parent ID", "PermissionSet").must().once().indexed()
	return made("FieldPermissions", "Field Permissions", "Field Permissions", "01k", parent, text("SobjectType", "Sobject Type Name", 40).must().once(), text("Field", "Field Name", 255).must().once(),
		flag("PermissionsRead", "Read Field"), flag("PermissionsEdit", "Edit Field"))
}

// customField is what the Tooling API makes and lists.
func customField() *object {
	o := made("CustomField", "Custom Field", "Custom Fields", "00N", text("DeveloperName", "Developer Name", 80).title(), text("TableEnumOrId", "Table", 80), text("FullName", "Full Name", 255), text("Metadata", "Metadata", 32000))
	o.tooling = true
	return o
}
