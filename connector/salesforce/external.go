package salesforce

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/kith-sync/kith/connector"
)

// permissionSet is the one that lets our user see the field we made.
const permissionSet = "Kith_Sync"

// EnsureExternalID makes the field for our keys on every table of the object, lets
// our user see it, and describes the object anew. It changes the org, so that it is
// only called when somebody has asked for it, and while nobody else uses the object.
// What is there already stays.
func (o *Object) EnsureExternalID(ctx context.Context) error {
	set, err := o.permissions(ctx)
	if err != nil {
		return err
	}
	for i, t := range o.tables {
		if err := o.api.makeField(ctx, t.Name, o.settings.ExternalID); err != nil {
			return err
		}
		err := o.api.grant(ctx, "FieldPermissions", map[string]any{
			"ParentId": set, "SobjectType": t.Name, "Field": t.Name + "." + o.settings.ExternalID, "PermissionsRead": true, "PermissionsEdit": true,
		})
		if err != nil {
			return err
		}
		seen, err := o.api.describe(ctx, t.Name, o.settings.ExternalID)
		if err != nil {
			return err
		}
		if seen.key == "" {
			return &connector.Fault{Kind: connector.Denied, Message: "The field was made, but our user does not see it yet. Give the user the permission set " + permissionSet + "."}
		}
		o.tables[i] = seen
	}
	o.agree()
	return nil
}

// makeField makes a unique external id. Nobody sees a new field before permissions
// say so.
func (a *api) makeField(ctx context.Context, object, name string) error {
	_, err := a.do(ctx, request{method: http.MethodPost, path: "tooling/sobjects/CustomField", write: true, body: map[string]any{
		"FullName": object + "." + name,
		"Metadata": map[string]any{
			"label": "Kith Id", "type": "Text", "length": 40, "externalId": true, "unique": true, "caseSensitive": false, "required": false,
			"description": "Set by Kith when it creates a record, so that a repeated create makes no second one.",
		},
	}})
	return unless(err, "DUPLICATE_DEVELOPER_NAME")
}

// permissions returns the permission set that is assigned to our user.
func (o *Object) permissions(ctx context.Context) (id string, err error) {
	rows, err := o.api.all(ctx, "SELECT Id FROM PermissionSet WHERE Name = "+quote(permissionSet), false)
	if err != nil {
		return "", err
	}
	if len(rows) > 0 {
		id = rows[0].text("Id")
	} else {
		var made saved
		_, err := o.api.ask(ctx, request{method: http.MethodPost, path: "sobjects/PermissionSet", write: true, body: map[string]any{"Name": permissionSet, "Label": strings.ReplaceAll(permissionSet, "_", " ")}}, &made)
		if err != nil {
			return "", err
		}
		id = made.ID
	}
	o.api.session.mu.Lock()
	user := o.api.session.user
	o.api.session.mu.Unlock()
	return id, o.api.grant(ctx, "PermissionSetAssignment", map[string]any{"AssigneeId": user, "PermissionSetId": id})
}

// grant makes a record of the org's permissions, if there is none like it.
func (a *api) grant(ctx context.Context, object string, body map[string]any) error {
	_, err := a.do(ctx, request{method: http.MethodPost, path: "sobjects/" + object, write: true, body: body})
	return unless(err, "DUPLICATE_VALUE")
}

// unless leaves out an error that says it is so already.
func unless(err error, code string) error {
	var f *connector.Fault
	if errors.As(err, &f) && f.Code == code {
		return nil
	}
	return err
}
