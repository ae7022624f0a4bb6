package sandbox

import (
	"fmt"
	"strings"
)

// rules are what an org asks of a record before it is saved.
func (s *Sandbox) rules(by saver, o *object, old, r *row, in map[string]any) *problem {
	if by.automatic {
		return s.ownRules(o, old, r, in)
	}
	op := "create"
	if old != nil {
		op = "update"
	}
	for _, check := range []func() *problem{
		func() *problem { return s.failRow(op, o, old, r) },
		func() *problem { return s.activeOwner(o, old, r) },
		func() *problem { return s.uniqueness(o, r) },
		func() *problem { return s.ownRules(o, old, r, in) },
		func() *problem { return s.duplicates(by, o, old, r) },
	} {
		if p := check(); p != nil {
			return p
		}
	}
	if o.name == "Lead" && by.assign && !s.options.NoAssignment {
		r.set(o.field("OwnerId"), s.queue)
	}
	return nil
}

// activeOwner refuses to give a record to somebody who has left.
func (s *Sandbox) activeOwner(o *object, old, r *row) *problem {
	f := o.field("OwnerId")
	if f == nil || old != nil && old.get(f) == r.get(f) {
		return nil
	}
	id := r.get(f)
	users := s.objects["user"]
	if !strings.HasPrefix(id, users.prefix) || users.row(number(id)).get(users.field("IsActive")) == "true" {
		return nil
	}
	return refuse("INACTIVE_OWNER_OR_USER", fmt.Sprintf("operation performed with inactive user [%s] as owner of %s", id, lower(o.name)))
}

// frozen refuses to change a converted lead.
func (s *Sandbox) frozen(by saver, o *object, old *row) *problem {
	if o.name == "Lead" && !by.automatic && old.get(o.field("IsConverted")) == "true" {
		return refuse("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
	}
	return nil
}

func (s *Sandbox) uniqueness(o *object, r *row) *problem {
	for _, f := range o.fields {
		v := r.get(f)
		if !f.unique || v == "" {
			continue
		}
		for _, other := range s.holders(o, f, v) {
			if other.n != r.n {
				code := map[bool]string{true: "DUPLICATE_USERNAME", false: "DUPLICATE_VALUE"}[f.name == "Username"]
				return refuse(code, fmt.Sprintf("duplicate value found: %s duplicates value on record with id: %s", f.name, makeID(o.prefix, other.n)[:shortID]))
			}
		}
	}
	return nil
}

// ownRules are those of single objects.
func (s *Sandbox) ownRules(o *object, old, r *row, in map[string]any) *problem {
	switch o.name {
	case "CampaignMember":
		return s.memberRules(o, old, r)
	case "CampaignMemberStatus":
		if s.options.NoMemberStatus && old == nil && s.founded {
			return refuse("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "entity type CampaignMemberStatus does not support create")
		}
	case "Event":
		return s.eventRules(o, r, in)
	case "EventRelation":
		for _, other := range s.holders(o, o.field("EventId"), r.get(o.field("EventId"))) {
			if other.n != r.n && other.get(o.field("RelationId")) == r.get(o.field("RelationId")) {
				return refuse("DUPLICATE_VALUE", "duplicate value found: RelationId duplicates value on record with id: "+makeID(o.prefix, other.n)[:shortID])
			}
		}
	case "FieldPermissions":
		return s.permissionRules(o, r)
	case "PermissionSetAssignment":
		for _, other := range s.holders(o, o.field("AssigneeId"), r.get(o.field("AssigneeId"))) {
			if other.n != r.n && other.get(o.field("PermissionSetId")) == r.get(o.field("PermissionSetId")) {
				return refuse("DUPLICATE_VALUE", "duplicate value found: AssigneeId duplicates value on record with id: "+makeID(o.prefix, other.n), "AssigneeId", "PermissionSetId")
			}
		}
	}
	return nil
}

// eventRules: a meeting begins, and ends or lasts.
func (s *Sandbox) eventRules(o *object, r *row, in map[string]any) *problem {
	start, end, at, minutes := o.field("StartDateTime"), o.field("EndDateTime"), o.field("ActivityDateTime"), o.field("DurationInMinutes")
	begin := first(r.get(start), r.get(at))
	if valueOf(in, "ActivityDateTime") != nil && valueOf(in, "StartDateTime") == nil {
		begin = r.get(at)
	}
	from, ok := parseTime(begin)
	if !ok && r.get(o.field("ActivityDate")) == "" {
		return refuse("REQUIRED_FIELD_MISSING", "Required fields are missing: [ActivityDateTime]", "ActivityDateTime")
	}
	if !ok {
		return nil
	}
	if valueOf(in, "EndDateTime") != nil {
		to, _ := parseTime(r.get(end))
		if to.Before(from) {
			return refuse("FIELD_INTEGRITY_EXCEPTION", "Event duration can not be negative", "DurationInMinutes")
		}
		r.set(minutes, fmt.Sprint(int(to.Sub(from).Minutes())))
	}
	if r.get(minutes) == "" {
		return refuse("REQUIRED_FIELD_MISSING", "Required fields are missing: [DurationInMinutes]", "DurationInMinutes")
	}
	length := decimalOf(r.get(minutes))
	if length > 14*24*60 {
		return refuse("FIELD_INTEGRITY_EXCEPTION", "An event can't last longer than 14 days", "DurationInMinutes")
	}
	r.set(start, stampText(from.Unix()))
	r.set(at, stampText(from.Unix()))
	r.set(o.field("ActivityDate"), stampText(from.Unix())[:10])
	r.set(end, stampText(from.Unix()+int64(length)*60))
	return nil
}

// permissionRules: a permission is for a field that is there.
func (s *Sandbox) permissionRules(o *object, r *row) *problem {
	object, name, _ := strings.Cut(r.get(o.field("Field")), ".")
	of := s.objects[lower(object)]
	if of == nil || of.field(name) == nil || !strings.EqualFold(object, r.get(o.field("SobjectType"))) {
		return refuse("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "Field Name: bad value for restricted picklist field: "+r.get(o.field("Field")), "Field")
	}
	for _, other := range s.holders(o, o.field("ParentId"), r.get(o.field("ParentId"))) {
		if other.n != r.n && strings.EqualFold(other.get(o.field("Field")), r.get(o.field("Field"))) {
			return refuse("DUPLICATE_VALUE", "duplicate value found: the permission set has the field already: "+makeID(o.prefix, other.n))
		}
	}
	if r.get(o.field("PermissionsEdit")) == "true" && r.get(o.field("PermissionsRead")) != "true" {
		return refuse("FIELD_INTEGRITY_EXCEPTION", "Permission Edit depends on permission Read")
	}
	return nil
}

// after is what an org does by itself once a record is saved.
func (s *Sandbox) after(by saver, o *object, r *row, created bool) {
	switch {
	case o.name == "Campaign" && created:
		status := s.objects["campaignmemberstatus"]
		for i, label := range []string{"Sent", "Responded"} {
			n := &row{n: int32(len(status.rows)), created: r.created, modified: r.created, stamp: r.created, createdBy: by.user, modifiedBy: by.user}
			n.set(status.field("CampaignId"), makeID(o.prefix, r.n))
			n.set(status.field("Label"), label)
			n.set(status.field("SortOrder"), fmt.Sprint(3+i))
			n.set(status.field("IsDefault"), yes(i == 0))
			n.set(status.field("HasResponded"), yes(i == 1))
			s.put(status, n)
		}
	case o.name == "CampaignMemberStatus" && r.get(o.field("IsDefault")) == "true":
		for _, other := range s.holders(o, o.field("CampaignId"), r.get(o.field("CampaignId"))) {
			if other.n != r.n && other.get(o.field("IsDefault")) == "true" {
				s.touch(o, other, map[string]string{"IsDefault": ""})
			}
		}
	case o.name == "FieldPermissions":
		object, name, _ := strings.Cut(r.get(o.field("Field")), ".")
		f := s.objects[lower(object)].field(name)
		if f.grants == nil {
			f.grants = map[string]grant{}
		}
		f.grants[r.get(o.field("ParentId"))] = grant{r.get(o.field("PermissionsRead")) == "true", r.get(o.field("PermissionsEdit")) == "true"}
		s.described = s.now()
	}
}
