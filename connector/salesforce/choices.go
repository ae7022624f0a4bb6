package salesforce

import (
	"context"
	"strings"

	"github.com/kith-sync/kith/connector"
)

var _ connector.Catalog = (*Object)(nil)

// Choices lists records that people choose by name: campaigns, accounts; an id as the text
// finds its record. Hidden ones and those in the bin are not among them.
func (o *Object) Choices(ctx context.Context, object, text string) ([]connector.Choice, error) {
	detail := map[string]string{"Campaign": "Status", "Account": "BillingCity"}[object]
	begins := map[string]string{"Campaign": "701", "Account": "001"}[object] // as every id of the object
	if detail == "" {
		return nil, invalid("", "People choose a Campaign or an Account by name.")
	}
	where := ""
	if text = strings.TrimSpace(text); text != "" {
		inner := strings.NewReplacer("%", `\%`, "_", `\_`).Replace(quote(text))
		where = " WHERE Name LIKE '%" + inner[1:len(inner)-1] + "%'"
		if isID(text) && strings.HasPrefix(text, begins) {
			where = " WHERE Id = " + quote(text)
		}
	}
	rows, err := o.api.all(ctx, "SELECT Id,Name,"+detail+" FROM "+object+where+" ORDER BY Name, Id LIMIT 50", false)
	if err != nil {
		return nil, err
	}
	all := make([]connector.Choice, len(rows))
	for i, r := range rows {
		all[i] = connector.Choice{ID: wide(r.text("Id")), Name: r.text("Name"), Detail: r.text(detail)}
	}
	return all, nil
}
