package ldap_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// The GUID is written with its first three groups turned round, as Active
// Directory's own tools show it ([MS-DTYP] 2.3.4.2).
func TestActiveDirectory(t *testing.T) {
	var ldif strings.Builder
	ldif.WriteString(top)
	for i := range 3 {
		fmt.Fprintf(&ldif, "dn: cn=Person %d,%s\nobjectClass: person\nobjectClass: extensibleObject\ncn: Person %d\nsn: Example\n", i, people, i)
		// 33 22 11 00 55 44 77 66 88 99 aa bb cc dd ee 0i
		fmt.Fprintf(&ldif, "objectCategory: person\nsAMAccountName: p%d\nobjectGUID:: MyIRAFVEd2aImaq7zN3u%s\nwhenChanged: 2026010100000%d.0Z\n\n", i, []string{"AA==", "AQ==", "Ag=="}[i], i)
	}
	ldif.WriteString("dn: cn=PC," + people + "\nobjectClass: person\nobjectClass: extensibleObject\ncn: PC\nsn: PC\nobjectCategory: computer\n\n")
	guid := func(i int) string { return fmt.Sprintf("00112233-4455-6677-8899-aabbccddee%02d", i) }
	d := open(t, start(t, ldif.String(), activeDirectory).settings())

	all := list(t.Context(), d, "")
	if got, want := slices.Sorted(maps.Keys(all.items)), []string{guid(0), guid(1), guid(2)}; all.err != nil || !slices.Equal(got, want) {
		t.Fatalf("got %v, %v, want %v", got, all.err, want)
	}
	if all.cursor != "20260101000002.0Z" {
		t.Errorf("cursor: got %s, want the latest whenChanged", all.cursor)
	}
	if some := list(t.Context(), d, "20260101000003.0Z"); some.err != nil || !slices.Equal(some.ids, []string{guid(1), guid(2)}) {
		t.Errorf("since two seconds after the second: got %v, %v, want the second and the third", some.ids, some.err)
	}
	items, err := d.Fetch(t.Context(), []string{guid(1), guid(9)})
	if err != nil || len(items) != 2 || items[0].ID != guid(1) || items[0].Gone || !items[1].Gone {
		t.Errorf("fetch: got %+v, %v, want the second, and %s gone", items, err, guid(9))
	}
	if found, err := d.Find(t.Context(), "login", []string{"P2"}); err != nil || len(found) != 1 || found[0].ID != guid(2) {
		t.Errorf("find a login: got %+v, %v, want the third", found, err)
	}
}
