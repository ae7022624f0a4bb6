package people

// The words that people are made of. All lists are read only.

const areaCodes = "" +
	"201202203204205206207208209210212213214215216217218219220223224225226227228229231234235236239240248249250251" +
	"252253254256257260262263267269270272276279281283289301302303304305306307308309310312313314315316317318319320" +
	"321323324325326327329330331332334336337339341343346347350351352353354360361363364365367368369380382385386401" +
	"402403404405406407408409410412413414415416417418419423424425428430431432434435437438440442443445447448450458" +
	"463464468469470474475478479480484601602603604605606607608609610612613614615616617618619620623626628629630631" +
	"633636639640641645646647650651656657659660661662667669672678680681682683686689701702703704705706707708709712" +
	"713714715716717718719720724725726727728730731732734737738740742743747748753754757760762763765769770771772773" +
	"774775778779780781782785786801802803804805806807808810812813814815816817818819820821825826828830831832835838" +
	"839840843845847848850854856857858859860862863864865867870872873878879901902903904905906907908909910912913914" +
	"915916917918919920"

var dramaAreas = []string{
	"0113 496 0", "0114 496 0", "0116 496 0", "0117 496 0", "0118 496 0", "0121 496 0", "0131 496 0",
	"0141 496 0", "0151 496 0", "0161 496 0", "020 7946 0", "0191 498 0", "028 9649 0", "029 2018 0",
	"0808 157 0",
}

var junk = [6]string{"n/a", "-", "unknown", "ask reception", "000", "see mobile"}

var mailDomains = []string{"example.com", "example.org", "example.net"}

var firstNames = []string{
	"Ada", "Amina", "Anders", "André", "Beatriz", "Bram", "Carla", "Cécile", "Chidi", "Clara", "Dafydd", "Diego",
	"Elif", "Elena", "Emeka", "Erin", "Fatima", "Femke", "Finn", "Freya", "Georg", "Grace", "Hana", "Henrik", "Ines",
	"Ivo", "Jack", "Jana", "Joan", "José", "Jürgen", "Kamal", "Keiko", "Klara", "Lars", "Leila", "Liam", "Lucía",
	"Maja", "Marek", "Maria", "Mehmet", "Mina", "Nadia", "Niamh", "Noah", "Olga", "Oscar", "Paolo", "Priya", "Rafael",
	"Rosa", "Ruth", "Sanjay", "Sofia", "Søren", "Tomás", "Uma", "Vera", "Yusuf", "Zoe",
}

var lastNames = []string{
	"Adeyemi", "Almeida", "Andersen", "Bakker", "Bauer", "Bennett", "Bianchi", "Brennan", "Carvalho", "Castillo",
	"Chowdhury", "Clarke", "Costa", "Dubois", "Edwards", "Eriksen", "Farouk", "Ferrari", "Fischer", "Fontaine",
	"García", "Griffiths", "Haddad", "Hansen", "Herrera", "Hoffmann", "Hughes", "Ivanova", "Jansen", "Kaplan",
	"Kowalski", "Krüger", "Laurent", "Lindqvist", "MacLeod", "Marchetti", "Mbeki", "Meier", "Moreno", "Müller",
	"Nakamura", "Nguyen", "Novák", "O'Brien", "Okafor", "Oliveira", "Patel", "Pereira", "Petrov", "Quinn", "Rossi",
	"Sánchez", "Schneider", "Silva", "Singh", "Sørensen", "Tanaka", "Thompson", "Van Dijk", "Varga", "Weber",
	"Wójcik", "Yıldız", "Zimmermann",
}

var companyNames = []string{
	"Amber", "Beacon", "Birchwood", "Blue Heron", "Bridgewater", "Cedar", "Compass", "Copper", "Crescent", "Driftwood",
	"Eastgate", "Falcon", "Foxglove", "Granite", "Greenfield", "Harbour", "Hawthorn", "Highland", "Ironbridge", "Juniper",
	"Kestrel", "Lakeside", "Lantern", "Larkspur", "Lighthouse", "Maple", "Meadow", "Millstone", "Northwind", "Oakham",
	"Orchard", "Pinecone", "Quarry", "Redwood", "Riverside", "Rowan", "Saffron", "Sandpiper", "Silverbirch", "Stonebridge",
	"Sunfield", "Thistle", "Tidewater", "Underhill", "Valley", "Westbrook", "Willow", "Yarrow",
}

var trades = []string{
	"Bakery", "Boats", "Bookshop", "Brewing", "Carpentry", "Catering", "Consulting", "Dairy", "Design", "Electrics",
	"Engineering", "Events", "Films", "Flowers", "Foods", "Furniture", "Gardens", "Insurance", "Joinery", "Laboratories",
	"Logistics", "Marketing", "Optics", "Partners", "Printing", "Properties", "Roofing", "Software", "Textiles", "Travel",
}

var titles = [40]string{
	"Accountant", "Account Manager", "Analyst", "Architect", "Assistant", "Bookkeeper", "Buyer", "Chemist", "Consultant",
	"Controller", "Coordinator", "Designer", "Developer", "Director", "Editor", "Electrician", "Engineer", "Event Planner",
	"Facility Manager", "Finance Director", "Founder", "Head of Sales", "Inspector", "Lawyer", "Librarian", "Managing Director",
	"Marketing Manager", "Mechanic", "Office Manager", "Operations Manager", "Owner", "Partner", "Product Manager",
	"Project Manager", "Purchasing Manager", "Receptionist", "Researcher", "Sales Representative", "Secretary", "Surveyor",
}

var streets = []string{
	"Abbey Road", "Bell Lane", "Bridge Street", "Canal Walk", "Castle Street", "Chapel Lane", "Church Road", "Dock Street",
	"Elm Grove", "Field Lane", "Garden Street", "Green Lane", "High Street", "Hill Rise", "Kings Road", "Lime Avenue",
	"Market Place", "Mill Lane", "New Road", "Orchard Way", "Park Road", "Quay Street", "Queens Road", "School Lane",
	"Station Road", "Victoria Street", "Well Close", "Windmill Hill", "Woodland Drive", "York Place",
}

// place ends its postal code where two digits follow.
type place struct{ city, code, country, language string }

var places = []place{
	{"London", "N1 ", "United Kingdom", "en-GB"}, {"Leeds", "LS", "United Kingdom", "en-GB"},
	{"Bristol", "BS", "United Kingdom", "en-GB"}, {"Cardiff", "CF", "United Kingdom", "cy"},
	{"Glasgow", "G", "GB", "en-GB"}, {"Manchester", "M", "GB", "en-GB"}, {"Boston", "021", "United States", "en-US"},
	{"Chicago", "606", "USA", "en-US"}, {"Denver", "802", "US", "en-US"}, {"Portland", "972", "United States", "en-US"},
	{"Toronto", "M5V ", "Canada", "en-CA"}, {"Montréal", "H2X ", "Canada", "fr-CA"}, {"Berlin", "101", "Germany", "de"},
	{"Köln", "506", "Deutschland", "de-DE"}, {"Wien", "10", "Austria", "de-AT"}, {"Zürich", "80", "Switzerland", "de-CH"},
	{"Paris", "750", "France", "fr"}, {"Lyon", "690", "France", "fr-FR"}, {"Madrid", "280", "Spain", "es"},
	{"Sevilla", "410", "España", "es-ES"}, {"Milano", "201", "Italy", "it"}, {"Lisboa", "11", "Portugal", "pt-PT"},
	{"Utrecht", "35", "Netherlands", "nl"}, {"Kraków", "30-0", "Poland", "pl"},
}

var sayings = []string{
	"call me in spring", "we are moving house", "send the brochure", "no post please", "ask for the discount",
	"only by e-mail", "back from leave soon", "interested in two seats", "prefers mornings", "paid last week",
}

var remarks = []string{
	"met at the trade fair", "customer since 2011", "came through the newsletter", "likes the large format",
	"has a second branch", "spoke to the warehouse", "invited to the event", "wants a quotation", "renewal in autumn",
	"knows the old catalogue",
}
