package cli_test

import (
	"strings"
	"testing"
)

// The commands of events, companies and set-ups ask the server that KITH_URL names.
func TestEventsOfAServer(t *testing.T) {
	s := atServer(t, "email,first_name,company\nada@example.com,Ada,Acme\nbo@example.org,Bo,Acme\n")
	for _, row := range []struct {
		args string
		exit int
		says []string
	}{
		{"run people", 0, []string{"created 2"}},
		{"events list", 0, nil},
		{"events add Expo --starts 2026-11-22 --place Leeds", 0, []string{"Expo  event 1 of contacts, 0 contacts", "2026-11-22"}},
		{"events add Expo --starts soon", 64, []string{"is no time"}},
		{"events attend expo ada@example.com bo@example.org --status registered", 0, []string{"Expo: 2 contacts added"}},
		{"events attend 1 --search ada@ --status attended", 0, []string{"1 got another status"}},
		{"events attend 1 --filter mine", 64, []string{"data folder only"}},
		{"events people Expo -o csv", 0, []string{"1,Ada,attended", "2,Bo,registered"}},
		{"events list -o csv", 0, []string{"1,2026-11-22,Expo,Leeds,2,"}},
		{"meetings add Talk --event expo --starts 2026-11-22T14:30:00Z", 0, []string{"Talk  meeting 2 of contacts", "14:30Z"}},
		{"meetings edit 2 --subject Talks --event=", 0, []string{"Talks"}},
		{"meetings edit 2", 64, []string{"needs something to change"}},
		{"events show 1 -o json", 0, []string{`"name": "Expo"`, `"people": 2`}},
		{"events show 7", 1, []string{"There is no event"}},
		{"events connect 1 crm 701", 1, nil},
		{"events connect 1 --none", 0, []string{"Expo"}},
		{"events leave 1 bo@example.org", 0, []string{"1 contact is no longer in Expo"}},
		{"events leave 1 zoe@example.com", 1, []string{"There is no contact"}},
		{"events delete 1 --yes", 0, []string{"Deleted the event Expo"}},
		{"companies list -o csv", 0, []string{"Acme,2,,"}},
		{"companies link Acme --none", 0, []string{"Acme is linked with no Account any more"}},
		{"setups", 0, []string{"Events to Salesforce", "contacts: 2 contacts"}},
		{"connections choices crm Account", 1, nil},
		{"connections show crm", 1, nil},
		{"leads list", 64, []string{"works on a data folder only"}},
	} {
		exit, out, said := s.there(strings.Fields(row.args)...)
		if exit != row.exit {
			t.Errorf("kith %s: got exit %d, want %d\n%s%s", row.args, exit, row.exit, out, said)
		}
		for _, want := range row.says {
			if !strings.Contains(out+said, want) {
				t.Errorf("kith %s: got %s%s, want %q", row.args, out, said, want)
			}
		}
	}
}
