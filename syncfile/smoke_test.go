package syncfile

import (
	"fmt"
	"testing"
)

func TestSmoke(t *testing.T) {
	for _, f := range []string{`apiVersion: kith/v1
kind: Sync
name: attendees
preset: contact-manager
source: {file: attendees.csv}
target: {book: contacts}
---
apiVersion: kith/v1
kind: Sync
name: rehearsal
source: {file: people.csv}
target: {file: crm.csv, key: id}
match:  [email, phone]
policy: {create: true, update: always}
map:    [{from: Mail, to: email}, {from: Tel, to: phone, as: phone(GB)}]
`, `apiVersion: kith/v1
kind: Sync
name: hr-to-salesforce
source: {connection: hr-sftp, path: /out/people-*.csv, csv: {delimiter: auto, header: true}, every_time: false}
target: {connection: sf-prod, object: Contact}        # or Lead
match:  [email, fone]                                # in order
on_several: revew                                    # review | first | most_recent | reject
policy: {create: yes, update: allways, delete: trash}
guard:  {deletes: 10}
filter: owner in ["ana@x.org", "bo@x.org"
map:
  - {from: "E-mail Address", to: Email, value: 5}
  - {from: Mobile, to: MobilePhone, as: phone(USA)}
  - {from: Title,  too: Title}
schedule: {every: day, at: "02:00", zone: Europe/Paris, from: 2026-12-01}
notify:  [{email: ops@x.org, on: [failed, rejects, guard, recovered]}]
update: always
---
---
kind: Sync
`} {
		ss, err := Parse("x.yaml", []byte(f))
		fmt.Println(err)
		for _, s := range ss {
			fmt.Println(string(s.Canonical()))
			b, err := Marshal(s)
			fmt.Println(string(b), err)
		}
	}
}
