package ldap

import (
	"encoding/hex"
	"fmt"
	"strings"

	ldapv3 "github.com/go-ldap/ldap/v3"
)

// A key is the attribute that names entries.
type key struct {
	attribute string
	guid      bool // 16 bytes, as objectGUID
}

func newKey(attribute string) key {
	return key{attribute, strings.EqualFold(attribute, "objectGUID")}
}

// of returns the id of an entry: its key, or its DN when it has none.
func (k key) of(e *ldapv3.Entry) string {
	if raw := e.GetEqualFoldRawAttributeValue(k.attribute); k.guid && len(raw) == 16 {
		return writeGUID(raw)
	}
	if v := e.GetEqualFoldAttributeValue(k.attribute); v != "" && !k.guid {
		return v
	}
	return e.DN
}

// filter finds the entry with an id. Nothing in an id can end the filter: every
// byte that means something in one is escaped (RFC 4515 3).
func (k key) filter(id string) string {
	if raw := readGUID(id); k.guid && raw != nil {
		var escaped strings.Builder
		for _, b := range raw {
			fmt.Fprintf(&escaped, `\%02x`, b)
		}
		return "(" + k.attribute + "=" + escaped.String() + ")"
	}
	return "(" + k.attribute + "=" + ldapv3.EscapeFilter(id) + ")"
}

// guidOrder is where the bytes of a GUID stand in what people read: the first
// three groups are stored with the lowest byte first ([MS-DTYP] 2.3.4.2).
var guidOrder = [16]int{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15}

func writeGUID(raw []byte) string {
	var b [16]byte
	for i, from := range guidOrder {
		b[i] = raw[from]
	}
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// readGUID returns nil for what is not a GUID.
func readGUID(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	if err != nil || len(b) != 16 {
		return nil
	}
	raw := make([]byte, 16)
	for i, to := range guidOrder {
		raw[to] = b[i]
	}
	return raw
}
