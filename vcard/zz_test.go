package vcard
import ("testing";"strings";"fmt";"time")
func TestZZ(t *testing.T) {
	big := "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ada\r\nN:;Ada;;;\r\nPHOTO;ENCODING=b:"+strings.Repeat("\r\n "+strings.Repeat("A",74), 14000)+"\r\nEND:VCARD\r\n"
	set := map[string]string{}
	for _, f := range Fields() { if f.Name != "password" { set[f.Name]="x@example.com" } }
	b := time.Now(); _, err := Patch([]byte(big), set); t.Log(len(big), len(set), time.Since(b), err)
	var many strings.Builder; many.WriteString("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ada\r\n")
	for i := range 20000 { fmt.Fprintf(&many, "EMAIL:a%d@example.com\r\n", i) }
	many.WriteString("END:VCARD\r\n")
	b = time.Now(); _, err = Patch([]byte(many.String()), map[string]string{"email":"b@example.com", "title":"x"}); t.Log(time.Since(b), err)
	b = time.Now(); _, err = Patch([]byte(many.String()), map[string]string{"email":""}); t.Log(time.Since(b), err)
	b = time.Now(); _, err = Patch(New("k"), set); t.Log(time.Since(b), err)
}
