package catalogue

const othersWentOn = "Nothing was written for it, and the others went on. While a record cannot be read, nobody is removed as missing."

var rejected = []Entry{
	{
		Code: "row.columns", Group: Rejected,
		What:    "has not as many columns as the header, or more than the limit of 2,000",
		More:    "Its values may have moved into the wrong columns, so none of them is trusted. Its contact is protected from removal all the same.",
		Safe:    "Nothing was written for it, and the others went on.",
		Fix:     "Look for a missing or doubled delimiter, or a value with a delimiter that is not in quotes.",
		Example: `! line 12  row.columns  This row has 8 columns, the header has 7. Check for a value that contains the delimiter and is not quoted.`,
	},
	{
		Code: "row.encoding", Group: Rejected,
		What:    "has bytes that are no text in the file's encoding",
		Safe:    othersWentOn + " Nothing is repaired in silence.",
		Fix:     "Save the file as UTF-8, or name its encoding with --encoding.",
		Example: `! line 4  row.encoding  Column 2 holds characters that are not utf-8. Save the file as UTF-8, or choose the encoding it is written in.`,
	},
	{
		Code: "row.unclosed_quote", Group: Rejected,
		What:    "has a quoted value that never ends",
		More:    "The damage is kept to the line on which the quote opens; reading goes on with the next one.",
		Safe:    othersWentOn,
		Fix:     "Close the quote, or double the quotes inside the value.",
		Example: `! line 2  row.unclosed_quote  A quoted value opens in column 2 and is not closed. Add the missing quote ("), or remove the one that opens it.`,
	},
	{
		Code: "row.line_break", Group: Rejected,
		What:    "has a line break inside a value, and the sync refuses that",
		More:    "Only with `strict_line_breaks`. By default such values are read and kept.",
		Safe:    othersWentOn,
		Fix:     "Take the line break out, or leave --strict-line-breaks away.",
		Example: `! line 3  row.line_break  Column 2 contains a line break, which this import refuses. Remove it, or allow line breaks in values.`,
	},
	{
		Code: "row.too_long", Group: Rejected,
		What:    "is longer than a record (4 MiB) or a field (1 MiB) may be",
		Safe:    othersWentOn,
		Fix:     "Shorten the value, or look for a quote that is not closed.",
		Example: `! line 90  row.too_long  This row is longer than the limit of 4 MiB. Shorten it.`,
	},
	{
		Code: "row.card", Group: Rejected,
		What:    "is a card of the vCard file that cannot be read",
		More:    "The message names the line of the file on which the card begins; `kith rejects --csv` lists it with columns to fill in.",
		Safe:    othersWentOn,
		Fix:     "Correct the card in the file, or export it again.",
		Example: `! line 3  row.card  Card at line 6: the file ends before END:VCARD`,
	},
	{
		Code: "email.invalid", Group: Rejected,
		What:    "has no valid e-mail address, and nothing better to know the person by",
		More:    "Where something better recognises the person, and the e-mail is not required, the same code is only a warning: that value is left out, what the contact has stays, and the rest is written.",
		Safe:    "Nothing was written for it, and the others went on.",
		Fix:     "Correct the address.",
		Example: `! line 6  email.invalid  E-mail Address "cy@@example.com"`,
	},
	{
		Code: "language.unknown", Group: Rejected,
		What:    "names a language that is no BCP 47 tag",
		Safe:    "Nothing was written for it, and the others went on.",
		Fix:     "Write a tag such as en, en-GB or pt-BR.",
		Example: `! line 4  language.unknown  Language "Klingonish"`,
	},
	{
		Code: "value.too_long", Group: Rejected,
		What:    "has a value that is too long for its field in the target",
		More:    "Reserved for targets with such limits. Address books and files have none, so it is not given yet.",
		Safe:    "Nothing was written for it, and the others went on.",
		Fix:     "Shorten the value.",
		Example: `! line 8  value.too_long`,
	},
	{
		Code: "map.expression", Group: Rejected,
		What:    "made an expression of the sync fail: its filter, or one of its map",
		Safe:    "Nothing was written for it, and the others went on.",
		Fix:     "Correct the expression, or the value it stumbles over.",
		Example: `! line 3  map.expression`,
	},
}
