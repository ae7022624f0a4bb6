package catalogue

const nothingChanged = "Nothing was changed."

var files = []Entry{
	{
		Code: "file.html", Group: File,
		What:    "is a web page, often the login page of the server it comes from",
		Safe:    nothingChanged,
		Fix:     "Check the address, and the login and password of the source.",
		Example: `page.csv: This is a web page, not a CSV file. It is often a login page: check the address, and the login and password of the source. Nothing was changed.`,
	},
	{
		Code: "file.archive", Group: File,
		What:    "is packed: a ZIP, gzip or other archive, or an Excel workbook (.xlsx)",
		Safe:    nothingChanged,
		Fix:     "Unpack it, or save the workbook as CSV (UTF-8), and choose the CSV file.",
		Example: `z.csv: This is a ZIP archive or an Excel workbook (.xlsx), not a CSV file. Unpack it, or save the workbook as CSV (UTF-8), and choose the CSV file. Nothing was changed.`,
	},
	{
		Code: "file.workbook", Group: File,
		What:    "is an Excel workbook that cannot be read: of the old kind (.xls), damaged, protected with a password, or far too large",
		Safe:    nothingChanged,
		Fix:     "Save it as a workbook of today (.xlsx) without a password, or as CSV (UTF-8), and choose that file.",
		Example: `This is an Excel workbook (.xls), not a CSV file. Save it as CSV (UTF-8) and choose that file.`,
	},
	{
		Code: "file.sheet", Group: File,
		What:    "is a workbook without a sheet of that name",
		Safe:    nothingChanged,
		Fix:     "Write the name of one of its sheets: csv: {sheet: People}.",
		Example: `people.xlsx: There is no sheet "Peeple" in this workbook. Its sheets are: Sheet1, People. Nothing was changed.`,
	},
	{
		Code: "file.binary", Group: File,
		What:    "is not text: a picture, a PDF document, a database or the like",
		Safe:    nothingChanged,
		Fix:     "Choose the CSV file itself.",
		Example: `This is a PDF document, not a CSV file. Choose the CSV file itself.`,
	},
	{
		Code: "file.encoding", Group: File,
		What:    "is in an encoding that is not known here, or one that cannot be read (UTF-32)",
		Safe:    nothingChanged,
		Fix:     "Save it as UTF-8, or name another encoding with --encoding.",
		Example: `The encoding klingon is not known here. Use UTF-8, or another encoding.`,
	},
	{
		Code: "file.dialect", Group: File,
		What:    "cannot be read the way the sync says it is written",
		More:    "The delimiter contains the quote or a line break, or the quote is not one ASCII character.",
		Safe:    nothingChanged,
		Fix:     "Choose another delimiter or quote.",
		Example: `The delimiter "\n" contains a line break. Choose another delimiter.`,
	},
	{
		Code: "file.header", Group: File,
		What:    "has a header that cannot be read, so its columns have no names",
		Safe:    nothingChanged,
		Fix:     "Correct the header, or say how many lines stand before it with --preamble.",
		Example: `The header, which names the columns, cannot be read: line 1 (byte 0): A quoted value opens in column 2 and is not closed.`,
	},
	{
		Code: "file.too_large", Group: File,
		What:    "is larger than the limit of 16 GiB",
		Safe:    nothingChanged,
		Fix:     "Split it into several files.",
		Example: `The file is larger than the limit of 16 GiB. Split it.`,
	},
	{
		Code: "file.read", Group: File,
		What:    "could not be read to its end",
		More:    "The disk or the network failed while it was read.",
		Safe:    nothingChanged,
		Fix:     "Try again; if it happens again, check the disk or the connection.",
		Example: `The file could not be read to its end: input/output error`,
	},
}
