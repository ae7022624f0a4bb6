package main

// A culture is where names, a country and a language go together. A name that
// an e-mail address cannot spell stands with its Latin form after a slash.
type culture struct {
	given, family [6]string
	countries     []string // as people write it, not always alike
	languages     []string
}

var cultures = [...]culture{
	{[6]string{"Grace", "Oliver", "Amelia", "Harry", "Isla", "Callum"}, [6]string{"Whitfield", "Thornbury", "Ashdown", "Pemberton", "Hartley", "O'Malley"}, []string{"United Kingdom", "GB", "UK"}, []string{"en-GB", "en"}},
	{[6]string{"Chidi", "Ngozi", "Emeka", "Amara", "Tunde", "Folake"}, [6]string{"Okonkwo", "Adeyemi", "Eze", "Balogun", "Nwosu", "Afolabi"}, []string{"Nigeria", "NG"}, []string{"en-NG", "yo", "ig"}},
	{[6]string{"José/jose", "Lucía/lucia", "Tomás/tomas", "Inés/ines", "Álvaro/alvaro", "Rocío/rocio"}, [6]string{"García/garcia", "Muñoz/munoz", "Ibáñez/ibanez", "Castillo", "Herrera", "Peña/pena"}, []string{"Spain", "España", "ES"}, []string{"es", "es-ES"}},
	{[6]string{"Jürgen/juergen", "Anke", "Björn/bjoern", "Heike", "Matthias", "Sabine"}, [6]string{"Müller/mueller", "Groß/gross", "Schäfer/schaefer", "Lindemann", "Köhler/koehler", "Vogt"}, []string{"Germany", "Deutschland", "DE"}, []string{"de", "de-DE"}},
	{[6]string{"Cécile/cecile", "Étienne/etienne", "Zoé/zoe", "Benoît/benoit", "Maëlle/maelle", "Thibault"}, [6]string{"Lefèvre/lefevre", "Dubois", "Garçon/garcon", "Moreau", "Fournier", "D'Aubigné/daubigne"}, []string{"France", "FR"}, []string{"fr", "fr-FR"}},
	{[6]string{"Priya", "Arjun", "Ananya", "Rohan", "Kavita", "Sanjay"}, [6]string{"Sharma", "Iyer", "Chatterjee", "Reddy", "Patel", "Nair"}, []string{"India", "IN"}, []string{"en-IN", "hi"}},
	{[6]string{"娜/na", "伟/wei", "芳/fang", "敏/min", "静/jing", "磊/lei"}, [6]string{"李/li", "王/wang", "张/zhang", "刘/liu", "陈/chen", "赵/zhao"}, []string{"China", "中国"}, []string{"zh-Hans", "zh-CN"}},
	{[6]string{"Maja", "Łukasz/lukasz", "Zofia", "Paweł/pawel", "Agnieszka", "Grzegorz"}, [6]string{"Wójcik/wojcik", "Kowalczyk", "Żak/zak", "Dąbrowska/dabrowska", "Lis", "Świątek/swiatek"}, []string{"Poland", "Polska", "PL"}, []string{"pl"}},
	{[6]string{"Emily", "Jackson", "Madison", "Tyler", "Brooke", "Marcus"}, [6]string{"Hollister", "Delacroix", "Whitaker", "Stanton", "Brightwater", "Calloway"}, []string{"United States", "USA", "US"}, []string{"en-US"}},
	{[6]string{"Elif", "Emre", "Zeynep", "Çağlar/caglar", "Ayşe/ayse", "Ömer/omer"}, [6]string{"Yıldız/yildiz", "Şahin/sahin", "Öztürk/ozturk", "Aydın/aydin", "Koç/koc", "Demirel"}, []string{"Türkiye", "Turkey", "TR"}, []string{"tr"}},
	{[6]string{"Yuki", "Haruto", "Sakura", "Ren", "Hina", "Takumi"}, [6]string{"Nakamura", "Fujimoto", "Ishikawa", "Kurosawa", "Mori", "Hayashi"}, []string{"Japan", "日本"}, []string{"ja"}},
	{[6]string{"Layla", "Omar", "Nour", "Yusuf", "Salma", "Karim"}, [6]string{"Haddad", "Al-Masri", "Farouk", "Mansour", "Khoury", "Ben Youssef/ben-youssef"}, []string{"Lebanon", "Egypt", "Morocco"}, []string{"ar", "fr"}},
	{[6]string{"Søren/soeren", "Freja", "Åsa/aasa", "Mikkel", "Ingrid", "Bjarne"}, [6]string{"Sørensen/soerensen", "Lindqvist", "Østergaard/oestergaard", "Halvorsen", "Nyström/nystroem", "Bach"}, []string{"Denmark", "Sweden", "Norway"}, []string{"da", "sv", "nb"}},
	{[6]string{"Ольга/olga", "Андрій/andriy", "Марія/mariya", "Тарас/taras", "Ірина/iryna", "Богдан/bohdan"}, [6]string{"Шевчук/shevchuk", "Коваль/koval", "Бондар/bondar", "Лисенко/lysenko", "Гончар/honchar", "Мороз/moroz"}, []string{"Ukraine", "Україна"}, []string{"uk"}},
	{[6]string{"Beatriz", "João/joao", "Mariana", "Thiago", "Conceição/conceicao", "Rafael"}, [6]string{"Oliveira", "Guimarães/guimaraes", "Simões/simoes", "Cardoso", "Araújo/araujo", "dos Santos/dos-santos"}, []string{"Brazil", "Brasil", "Portugal"}, []string{"pt-BR", "pt"}},
	{[6]string{"Eleni/eleni", "Γιώργος/giorgos", "Sofia", "Νίκος/nikos", "Katerina", "Άννα/anna"}, [6]string{"Papadaki", "Παππάς/pappas", "Vlachou", "Δήμου/dimou", "Kalogeras", "Ρήγα/riga"}, []string{"Greece", "GR"}, []string{"el"}},
}

var companies = [...]string{
	"Harbour Lights Ltd", "Blue Heron Travel", "Millstone & Sons", "Northwind Printing", "Saffron Foods", "Kestrel Optics",
	"Orchard Street Books", "Tidewater Logistics", "Lantern Films", "Copper Kettle Catering", "Juniper Gardens", "Rowan, Birch and Partners",
	"Quarry Software", "Silverbirch Dairy", "Thistle Textiles", "", "Eastgate Events", "",
}

var notes = [...]string{
	"", "", "", "Vegetarian", "", "", "Wheelchair access, please", "", "", "Pays on the day", "", "Says \"no photos\"", "",
	"Arrives on Friday\nNeeds a parking place", "", "", "Speaker, room 2", "", "",
}
