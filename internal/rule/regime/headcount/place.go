package headcount

import (
	"slices"
	"strings"
)

// Unknown is where persons are counted of whom nobody knows the country yet.
const Unknown = "unknown"

// countries are the codes of ISO 3166-1, and XK, which its users have agreed on for
// Kosovo.
const countries = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ " +
	"CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR " +
	"GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP " +
	"KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ " +
	"NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW " +
	"SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ " +
	"UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW"

// divisions are the parts of those countries whose parts have laws of their own here: a
// part that does not exist would make nobody there.
var divisions = map[string]string{
	"US": "AK AL AR AS AZ CA CO CT DC DE FL GA GU HI IA ID IL IN KS KY LA MA MD ME MI MN MO MP MS MT NC ND NE NH NJ NM NV NY OH OK OR PA PR RI SC SD TN TX UM UT VA VI VT WA WI WV WY",
	"CA": "AB BC MB NB NL NS NT NU ON PE QC SK YT",
}

// instead says what to write for codes that people use and that are none, or that
// stand for a part of another country here.
var instead = map[string]string{
	"UK": "the United Kingdom is GB", "EL": "Greece is GR",
	"EU": "name the member states", "EEA": "name the member states",
	"PR": "write US-PR", "GU": "write US-GU", "VI": "write US-VI", "AS": "write US-AS", "MP": "write US-MP",
}

// Place says whether name is a jurisdiction that persons can be counted in, or an
// entity be established in: a country of ISO 3166-1, or one of its parts like US-CA.
func Place(name string) bool { return Remedy(name) == "" }

// Remedy says what to write instead of a name that is no jurisdiction; "" where it is
// one.
func Remedy(name string) string {
	if better, ok := instead[name]; ok {
		return better
	}
	const usual = "use ISO 3166, like DE or US-CA"
	country, part, cut := strings.Cut(name, "-")
	if !slices.Contains(strings.Fields(countries), country) {
		return usual
	}
	if parts, known := divisions[country]; known && cut && !slices.Contains(strings.Fields(parts), part) {
		return country + " has no part of that code"
	}
	if cut && (part == "" || len(part) > 3 || strings.Trim(part, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "") {
		return usual
	}
	return ""
}
