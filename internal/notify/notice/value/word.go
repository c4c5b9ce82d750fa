package value

// Words of the record in the languages of the built-in templates: as a notice says them in
// English, and in German. What is not here is said as it was recorded.

var dataKinds = map[string][2]string{
	"names and addresses":   {"names and addresses", "Namen und Anschriften"},
	"e-mail addresses":      {"e-mail addresses", "E-Mail-Adressen"},
	"phone numbers":         {"phone numbers", "Telefonnummern"},
	"passwords or keys":     {"passwords or keys", "Passwörter oder Schlüssel"},
	"identity documents":    {"identity documents", "Ausweisdokumente"},
	"bank and payment data": {"bank and payment data", "Bank- und Zahlungsdaten"},
	"health data":           {"health data", "Gesundheitsdaten"},
	"location data":         {"location data", "Standortdaten"},
	"usage and logs":        {"usage and logs", "Nutzungsdaten und Protokolle"},
	"contracts and prices":  {"contracts and prices", "Verträge und Preise"},
}

var personKinds = map[string][2]string{
	"customers":  {"customers", "Kundinnen und Kunden"},
	"employees":  {"employees", "Beschäftigte"},
	"applicants": {"applicants", "Bewerberinnen und Bewerber"},
	"users":      {"users", "Nutzerinnen und Nutzer"},
	"patients":   {"patients", "Patientinnen und Patienten"},
	"children":   {"children", "Kinder"},
	"students":   {"students", "Schülerinnen, Schüler und Studierende"},
	"suppliers":  {"suppliers", "Lieferanten"},
	"visitors":   {"visitors", "Besucherinnen und Besucher"},
	"members":    {"members", "Mitglieder"},
}

// countries by lower-case ISO 3166-1 code: those of the European Economic Area, its
// neighbours, and larger ones elsewhere. Others are said by their code.
var countries = map[string][2]string{
	"at": {"Austria", "Österreich"}, "be": {"Belgium", "Belgien"}, "bg": {"Bulgaria", "Bulgarien"}, "ch": {"Switzerland", "Schweiz"},
	"cy": {"Cyprus", "Zypern"}, "cz": {"Czechia", "Tschechien"}, "de": {"Germany", "Deutschland"}, "dk": {"Denmark", "Dänemark"},
	"ee": {"Estonia", "Estland"}, "es": {"Spain", "Spanien"}, "fi": {"Finland", "Finnland"}, "fr": {"France", "Frankreich"},
	"gb": {"United Kingdom", "Vereinigtes Königreich"}, "gr": {"Greece", "Griechenland"}, "hr": {"Croatia", "Kroatien"},
	"hu": {"Hungary", "Ungarn"}, "ie": {"Ireland", "Irland"}, "is": {"Iceland", "Island"}, "it": {"Italy", "Italien"},
	"li": {"Liechtenstein", "Liechtenstein"}, "lt": {"Lithuania", "Litauen"}, "lu": {"Luxembourg", "Luxemburg"}, "lv": {"Latvia", "Lettland"},
	"mt": {"Malta", "Malta"}, "nl": {"Netherlands", "Niederlande"}, "no": {"Norway", "Norwegen"}, "pl": {"Poland", "Polen"},
	"pt": {"Portugal", "Portugal"}, "ro": {"Romania", "Rumänien"}, "se": {"Sweden", "Schweden"}, "si": {"Slovenia", "Slowenien"},
	"sk": {"Slovakia", "Slowakei"}, "tr": {"Türkiye", "Türkei"}, "ua": {"Ukraine", "Ukraine"}, "us": {"United States", "Vereinigte Staaten"},
	"ca": {"Canada", "Kanada"}, "br": {"Brazil", "Brasilien"}, "mx": {"Mexico", "Mexiko"}, "jp": {"Japan", "Japan"}, "cn": {"China", "China"},
	"in": {"India", "Indien"}, "au": {"Australia", "Australien"}, "nz": {"New Zealand", "Neuseeland"}, "sg": {"Singapore", "Singapur"},
	"kr": {"South Korea", "Südkorea"}, "za": {"South Africa", "Südafrika"}, "il": {"Israel", "Israel"}, "ae": {"United Arab Emirates", "Vereinigte Arabische Emirate"},
}
