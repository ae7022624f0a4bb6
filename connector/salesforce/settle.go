package salesforce

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/kith-sync/kith/connector"
)

// existing finds the creates that were carried out before, where only a look can
// tell: a key that the org does not hold unique. They are returned as they are,
// for somebody may have changed them since.
func (o *Object) existing(ctx context.Context, tasks []*task) error {
	for _, t := range o.tables {
		if t.key == "" || t.unique {
			continue
		}
		if err := o.byKey(ctx, t, slices.DeleteFunc(slices.Clone(tasks), func(k *task) bool { return k.t != t || k.Op != connector.OpCreate })); err != nil {
			return err
		}
	}
	return nil
}

// byKey finds the records that have the keys of creates.
func (o *Object) byKey(ctx context.Context, t *table, creates []*task) error {
	by := map[string]*task{}
	for _, k := range creates {
		if k.Key != "" {
			by[strings.ToLower(k.Key)] = k
		}
	}
	rows, err := o.api.in(ctx, "SELECT Id,"+t.key+" FROM "+t.Name, t.key, sorted(keys(by)), "", false)
	if err != nil {
		return err
	}
	had := map[string]string{}
	for _, r := range rows {
		key := strings.ToLower(r.text(t.key))
		k := by[key]
		switch {
		case k == nil:
		case had[key] != "" && had[key] != r.text("Id"):
			k.done = false
			k.fail(problem{Code: "DUPLICATE_EXTERNAL_ID"}.fault(true))
		default:
			had[key] = r.text("Id")
			k.ID, k.done, k.sent, k.out.Fault = wide(r.text("Id")), true, nil, nil
		}
	}
	return nil
}

func keys(by map[string]*task) map[string]bool {
	out := map[string]bool{}
	for _, k := range by {
		out[k.Key] = true
	}
	return out
}

// refused are the creates with a fault of this code.
func refused(tasks []*task, t *table, codes ...string) []*task {
	return slices.DeleteFunc(slices.Clone(tasks), func(k *task) bool {
		return k.t != t || k.Op != connector.OpCreate || k.out.Fault == nil || !slices.Contains(codes, k.out.Fault.Code)
	})
}

// own finds the records that refused creates ran into. That a look fails leaves
// the fault as it is.
func (o *Object) own(ctx context.Context, tasks []*task) {
	for _, t := range o.tables {
		if t.key != "" {
			_ = o.byKey(ctx, t, slices.DeleteFunc(refused(tasks, t, "DUPLICATE_VALUE"), func(k *task) bool { return k.Key == "" }))
		}
		if t.Name == "CampaignMember" {
			_ = o.members(ctx, t, refused(tasks, t, "DUPLICATE_VALUE"))
		}
		if t.has("Email") {
			_ = o.twins(ctx, refused(tasks, t, "DUPLICATES_DETECTED"))
		}
	}
}

// members finds the members that are there already.
func (o *Object) members(ctx context.Context, t *table, creates []*task) error {
	by, people := map[string][]*task{}, map[string]map[string]bool{"ContactId": {}, "LeadId": {}}
	campaigns := map[string]bool{}
	for _, k := range creates {
		field := "ContactId" // of a member with both only this one counts
		if k.body[field] == nil {
			field = "LeadId"
		}
		who, _ := k.body[field].(string)
		campaign, _ := k.body["CampaignId"].(string)
		if k.out.Fault == nil || who == "" || campaign == "" {
			continue
		}
		campaigns[wide(campaign)], people[field][wide(who)] = true, true
		by[wide(campaign)+wide(who)] = append(by[wide(campaign)+wide(who)], k)
	}
	for field, ids := range people {
		var list []string
		for _, c := range sorted(campaigns) {
			list = append(list, quote(c))
		}
		rows, err := o.api.in(ctx, "SELECT Id,CampaignId,ContactId,LeadId FROM CampaignMember", field, sorted(ids), " AND CampaignId IN ("+strings.Join(list, ",")+")", false)
		if err != nil {
			return err
		}
		for _, r := range rows {
			for _, k := range by[wide(r.text("CampaignId"))+wide(r.text(field))] {
				k.out.Fault.ID, k.out.Fault.Message = wide(r.text("Id")), "This person is a member of the campaign already."
			}
		}
	}
	return nil
}

// twins finds by e-mail whom a duplicate rule means: in a collection it does not say.
func (o *Object) twins(ctx context.Context, creates []*task) error {
	by := map[string][]*task{}
	emails := map[string]bool{}
	for _, k := range creates {
		if email, _ := k.body["Email"].(string); email != "" && k.out.Fault.ID == "" {
			by[strings.ToLower(email)] = append(by[strings.ToLower(email)], k)
			emails[email] = true
		}
	}
	for _, other := range o.tables {
		rows, err := o.api.in(ctx, "SELECT Id,Email FROM "+other.Name, "Email", sorted(emails), " ORDER BY CreatedDate, Id", false)
		if err != nil {
			return err
		}
		for _, r := range rows {
			for _, k := range by[strings.ToLower(r.text("Email"))] {
				k.out.Fault.ID = cmp.Or(k.out.Fault.ID, wide(r.text("Id")))
			}
		}
	}
	return nil
}
