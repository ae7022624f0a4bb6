package suggest

import (
	"fmt"
	"strings"
	"testing"
)

func TestProbe(t *testing.T) {
	for _, l := range strings.Split(`Primary Email Address|Email (Primary)|Business Email|Personal Email|Contact Phone Number|Cell Phone Number|Main Phone|Office Phone|Tel.|Mob.|Mob|Ph.|Addr|Zip/Postcode|Town/City|County|D.O.B.|Forename(s)|Surname(s)|Known As|First_Name__c|Email__c|contact[email]|properties.email|user.first_name|customer.email|BillingCity|Lead Owner Alias|Account: Account Name|Company / Account|Full Name (First Last)|Attendee Name|Ticket Buyer Email|Billing Email|Assigned Agent Email|Agent Phone|Agent Name|LinkedIn Profile URL|Twitter/X|X (Twitter)|Instagram|Company LinkedIn|Company Website|Company Phone|HQ Phone|Person Id|Email Opt-In|Emails|Phones|Phone Numbers|Names|Notes/Comments|Zip+4|State Abbr|Mobile?|Email address:|What is your email?|What is your first name?|Your company|Your job title|Enter your phone number|PLZ Ort|PLZ/Ort|Straße, Nr.|Tel. mobil|Tel. (mobil)|Telefon (Mobil)|Telefon (Büro)|E-Mail (privat)|Firma/Organisation|Titel/Position|Name, Vorname|Vor- und Nachname|Vor-/Nachname|Nachname Ansprechpartner|Kd.-Nr.|Kunden-Nr.|Adresse mail|N° de tél.|Tél. portable|Tel portable|Nom de naissance|Nom d'usage|Nom/Prénom|Organisme/Société|Fonction/Poste|Ville de résidence|Nombre y Apellidos|Teléfono móvil (obligatorio)|Correo-e|Correo electrónico personal|Nº teléfono|Dirección (calle)|Población|Institución|Cargo/Puesto|Attendee 1 Email|Guest name|Emergency Contact Phone|Manager Email|Email Domain|Email 4|Phone Ext|Extension|Country Dialing Code|Language Code|Date Created|Created By|Owner Email|Mothers Name|Spouse Email|Favorite color|T-Shirt Size|Dietary requirements|Badge Name|Company Size|Company Name (Legal)|Company ID|Lead Source|Salutation (Mr/Ms)|Prefix/Title|Post|Region|Area|Address Type|Street Number|House No.|Apartment|P.O. Box`, "|") {
		s := Mapping(named(l), nil)[0]
		fmt.Printf("%-32s %-14s %.2f\n", l, s.Field.Name, s.Confidence)
	}
}
