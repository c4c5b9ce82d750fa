package sentence

// names are the places people read about here, as they stand after "in". A code alone
// misleads: CO is Colombia, and Colorado to many a reader.
var names = map[string]string{
	"AE": "the United Arab Emirates", "AT": "Austria", "AU": "Australia", "BE": "Belgium", "BG": "Bulgaria", "BH": "Bahrain", "BR": "Brazil",
	"CA": "Canada", "CA-AB": "Alberta", "CA-QC": "Quebec", "CH": "Switzerland", "CL": "Chile", "CN": "China", "CO": "Colombia", "CY": "Cyprus",
	"CZ": "Czechia", "DE": "Germany", "DK": "Denmark", "EC": "Ecuador", "EE": "Estonia", "EG": "Egypt", "ES": "Spain", "FI": "Finland", "FR": "France",
	"GB": "the United Kingdom", "GR": "Greece", "HK": "Hong Kong", "HR": "Croatia", "HU": "Hungary", "ID": "Indonesia", "IE": "Ireland", "IL": "Israel",
	"IN": "India", "IS": "Iceland", "IT": "Italy", "JP": "Japan", "KE": "Kenya", "KR": "South Korea", "LI": "Liechtenstein", "LT": "Lithuania",
	"LU": "Luxembourg", "LV": "Latvia", "MT": "Malta", "MU": "Mauritius", "MX": "Mexico", "MY": "Malaysia", "NG": "Nigeria", "NL": "the Netherlands",
	"NO": "Norway", "NZ": "New Zealand", "PE": "Peru", "PH": "the Philippines", "PL": "Poland", "PT": "Portugal", "QA": "Qatar", "RO": "Romania",
	"RS": "Serbia", "RU": "Russia", "RW": "Rwanda", "SA": "Saudi Arabia", "SE": "Sweden", "SG": "Singapore", "SI": "Slovenia", "SK": "Slovakia",
	"TH": "Thailand", "TR": "Turkey", "TW": "Taiwan", "UA": "Ukraine", "US": "the United States", "US-AK": "Alaska", "US-AL": "Alabama",
	"US-AR": "Arkansas", "US-AZ": "Arizona", "US-CA": "California", "US-CO": "Colorado", "US-CT": "Connecticut", "US-DC": "the District of Columbia",
	"US-DE": "Delaware", "US-FL": "Florida", "US-GA": "Georgia", "US-GU": "Guam", "US-HI": "Hawaii", "US-IA": "Iowa", "US-ID": "Idaho",
	"US-IL": "Illinois", "US-IN": "Indiana", "US-KS": "Kansas", "US-KY": "Kentucky", "US-LA": "Louisiana", "US-MA": "Massachusetts",
	"US-MD": "Maryland", "US-ME": "Maine", "US-MI": "Michigan", "US-MN": "Minnesota", "US-MO": "Missouri", "US-MS": "Mississippi", "US-MT": "Montana",
	"US-NC": "North Carolina", "US-ND": "North Dakota", "US-NE": "Nebraska", "US-NH": "New Hampshire", "US-NJ": "New Jersey", "US-NM": "New Mexico",
	"US-NV": "Nevada", "US-NY": "New York", "US-OH": "Ohio", "US-OK": "Oklahoma", "US-OR": "Oregon", "US-PA": "Pennsylvania", "US-PR": "Puerto Rico",
	"US-RI": "Rhode Island", "US-SC": "South Carolina", "US-SD": "South Dakota", "US-TN": "Tennessee", "US-TX": "Texas", "US-UT": "Utah",
	"US-VA": "Virginia", "US-VI": "the US Virgin Islands", "US-VT": "Vermont", "US-WA": "Washington", "US-WI": "Wisconsin", "US-WV": "West Virginia",
	"US-WY": "Wyoming", "UY": "Uruguay", "VN": "Vietnam", "ZA": "South Africa",
}

// Place is a jurisdiction in words, with its code: "Texas (US-TX)". A group of countries
// is "the EU"; of a place without a name here the code stands alone.
func Place(code string, group bool) string {
	if group {
		return "the " + code
	}
	if name, ok := names[code]; ok {
		return name + " (" + code + ")"
	}
	return code
}
