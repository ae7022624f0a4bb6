package sandbox

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

const (
	oldestVersion = 31
	newestVersion = 67
)

func versions() []any {
	var out []any
	for v := oldestVersion; v <= newestVersion; v++ {
		n := strconv.Itoa(v) + ".0"
		season := []string{"Spring", "Summer", "Winter"}[(v+1)%3]
		year := 14 + (v-oldestVersion)/3
		out = append(out, map[string]string{"label": fmt.Sprintf("%s '%02d", season, year), "url": "/services/data/v" + n, "version": n})
	}
	return out
}

// known refuses versions that are gone and those that do not exist yet.
func known(version string) *problem {
	n, err := strconv.ParseFloat(version, 64)
	switch {
	case err != nil || n > newestVersion || n < 7 || n != float64(int(n)):
		return unknownResource()
	case n < oldestVersion:
		return refuse("GONE", "API version "+version+" has been retired").at(http.StatusGone)
	}
	return nil
}

func (s *Sandbox) resources(c *call) answer {
	out := map[string]string{"identity": c.host + "/id/" + s.orgID() + "/" + makeID("005", c.user)}
	for _, name := range []string{"sobjects", "query", "queryAll", "composite", "limits", "jobs", "tooling"} {
		out[name] = "/services/data/v" + c.version + "/" + name
	}
	return reply(http.StatusOK, out)
}

func (s *Sandbox) describeGlobal(c *call, tooling bool) answer {
	var list []any
	for _, o := range s.order {
		if o.tooling == tooling {
			list = append(list, s.brief(c, o))
		}
	}
	return reply(http.StatusOK, map[string]any{"encoding": "UTF-8", "maxBatchSize": collectionLimit, "sobjects": list})
}

// brief is what every description of an object begins with.
func (s *Sandbox) brief(c *call, o *object) map[string]any {
	url := "/services/data/v" + c.version + "/sobjects/" + o.name
	merge := o.field("MasterRecordId") != nil
	return map[string]any{"name": o.name, "label": o.label, "labelPlural": o.plural, "keyPrefix": o.prefix, "custom": len(o.name) > 3 && o.name[len(o.name)-3:] == "__c", "createable": !o.fixed, "updateable": !o.fixed && !o.noUpdate,
		"deletable": !o.fixed && !o.noDelete, "undeletable": !o.fixed && !o.noDelete, "mergeable": merge, "queryable": true, "retrieveable": true, "replicateable": true, "searchable": o.nameField() != nil, "triggerable": true,
		"activateable": false, "customSetting": false, "deprecatedAndHidden": false, "feedEnabled": false, "hasSubtypes": false, "isSubtype": false, "layoutable": true, "mruEnabled": true, "dataTranslationEnabled": nil, "associateEntityType": nil, "associateParentEntity": nil,
		"urls": map[string]string{"sobject": url, "describe": url + "/describe", "rowTemplate": url + "/{ID}"}}
}

// basics is /sobjects/X: what it is, and what was seen last.
func (s *Sandbox) basics(c *call, o *object) answer {
	if c.method != http.MethodGet {
		return badMethod(c).answer()
	}
	return reply(http.StatusOK, map[string]any{"objectDescribe": s.brief(c, o), "recentItems": []any{}})
}

// describe tells the fields a user may see, and nothing of the others.
func (s *Sandbox) describe(c *call, o *object) answer {
	if t, err := http.ParseTime(c.header.Get("If-Modified-Since")); err == nil && s.described <= t.Unix() {
		return empty(http.StatusNotModified)
	}
	out, sets, fields := s.brief(c, o), s.setsOf(c.user), []any{}
	for _, f := range o.fields {
		if g := f.can(sets); g.read {
			fields = append(fields, f.described(g.edit))
		}
	}
	children := []any{}
	for _, ch := range o.children {
		children = append(children, map[string]any{"cascadeDelete": ch.field.required, "childSObject": ch.object.name, "deprecatedAndHidden": false, "field": ch.field.name, "junctionIdListNames": []any{}, "junctionReferenceTo": []any{}, "relationshipName": ch.name, "restrictedDelete": false})
	}
	maps.Copy(out, map[string]any{"fields": fields, "childRelationships": children, "recordTypeInfos": []any{}, "supportedScopes": []any{map[string]string{"label": "All " + o.plural, "name": "everything"}}, "namedLayoutInfos": []any{}, "actionOverrides": []any{},
		"compactLayoutable": true, "searchLayoutable": true, "sobjectDescribeOption": "FULL", "listviewable": nil, "lookupLayoutable": nil, "networkScopeFieldName": nil, "defaultImplementation": nil, "extendedBy": nil, "extendsInterfaces": nil, "implementedBy": nil, "implementsInterfaces": nil, "isInterface": false})
	a := reply(http.StatusOK, out)
	a.header = map[string]string{"Last-Modified": stampHTTP(s.described)}
	return a
}

var soapTypes = map[string]string{"id": "tns:ID", "reference": "tns:ID", "boolean": "xsd:boolean", "int": "xsd:int", "double": "xsd:double", "currency": "xsd:double", "percent": "xsd:double", "date": "xsd:date", "datetime": "xsd:dateTime", "address": "urn:address"}

// described is a field as describe tells it.
func (f *field) described(edit bool) map[string]any {
	choices := []any{}
	for _, choice := range f.choices {
		choices = append(choices, map[string]any{"active": true, "defaultValue": choice == f.fallback, "label": choice, "value": choice, "validFor": nil})
	}
	var fallback, relation, compound, target any
	if f.kind == "boolean" {
		fallback = f.fallback == "true"
	}
	if f.relation != "" {
		relation = f.relation
	}
	if f.compound != "" {
		compound = f.compound
	}
	bytes := 3 * f.length
	digits := 0
	switch f.kind {
	case "id", "reference":
		bytes = f.length
	case "int":
		digits = f.precision
	}
	system := f.system != 0 || f.formula != nil || f.kind == "address"
	return map[string]any{
		"name": f.name, "label": f.label, "type": f.kind, "soapType": first(soapTypes[f.kind], "xsd:string"), "length": f.length, "byteLength": bytes, "precision": map[bool]int{true: 0, false: f.precision}[f.kind == "int"], "scale": f.scale, "digits": digits,
		"createable": !f.noCreate && edit, "updateable": !f.noUpdate && edit, "nillable": !f.required && f.kind != "boolean" && f.kind != "id" && !(f.system != 0) && f.fallback != "me", "defaultedOnCreate": f.defaulted, "defaultValue": fallback, "defaultValueFormula": nil,
		"unique": f.unique, "caseSensitive": f.sensitive, "externalId": f.external, "idLookup": f.idLookup || f.external, "custom": f.custom, "nameField": f.nameField, "calculated": f.formula != nil && f.custom, "calculatedFormula": nil, "autoNumber": false,
		"picklistValues": choices, "restrictedPicklist": f.restricted, "dependentPicklist": false, "controllerName": nil, "referenceTo": list(f.refers), "relationshipName": relation, "polymorphicForeignKey": f.polymorphic(), "namePointing": f.polymorphic(), "relationshipOrder": nil,
		"compoundFieldName": compound, "filterable": !f.unfiltered, "sortable": !f.unfiltered, "groupable": !f.unfiltered && f.kind != "datetime" && !f.numeric(), "aggregatable": !f.unfiltered, "permissionable": !f.required && !system, "htmlFormatted": false, "encrypted": false, "mask": nil, "maskType": nil,
		"inlineHelpText": nil, "extraTypeInfo": f.extra(), "displayLocationInDecimal": false, "queryByDistance": f.kind == "address", "cascadeDelete": false, "restrictedDelete": false, "deprecatedAndHidden": false, "writeRequiresMasterRead": false, "highScaleNumber": false,
		"formulaTreatNullNumberAsZero": false, "filteredLookupInfo": nil, "referenceTargetField": target, "searchPrefilterable": f.kind == "reference", "aiPredictionField": false,
	}
}

// extra tells person names and plain text areas.
func (f *field) extra() any {
	switch {
	case f.compound == "Name":
		return "personname"
	case f.kind == "textarea":
		return "plaintextarea"
	}
	return nil
}

// relate lists for every object who refers to it.
func (s *Sandbox) relate() {
	for _, o := range s.order {
		o.children = nil
	}
	for _, o := range s.order {
		for _, f := range o.fields {
			for _, refers := range f.refers {
				parent := s.objects[lower(refers)]
				if parent == nil || f.system != 0 || f.formula != nil || o.tooling {
					continue
				}
				name := o.plural
				switch {
				case f.name == "OwnerId" || f.noCreate:
					name = ""
				case f.custom:
					name = strings.ReplaceAll(name, " ", "") + "__r"
				case o.name == "CampaignMember", o.name == "CampaignMemberStatus", o.name == "EventRelation":
					name = map[string]string{"CampaignMember": "CampaignMembers", "CampaignMemberStatus": "CampaignMemberStatuses", "EventRelation": "EventRelations"}[o.name]
				case f.name == "ParentId" && o == parent:
					name = "Child" + o.plural
				case f.name == "ReportsToId":
					name = ""
				}
				if name != "" && !slices.ContainsFunc(parent.children, func(c child) bool { return c.name == name && c.object == o }) {
					parent.children = append(parent.children, child{name, o, f})
				}
			}
		}
	}
}
