package grading

import (
	"fmt"
	"slices"
)

// Grade is a decided or proposed grading with what it should fit to.
type Grade struct {
	Severity     *Severity // nil = not graded
	BIL          BIL       // 0 = not classified
	PersonalData Answer
	Security     Answer // yes = security incident, no = operational
	Harm         []Harm // nil = not assessed
	Indicators   Indicators
}

// Consistency names in words what does not fit together. The warnings refuse
// nothing: the person who grades may have a reason, and then writes it down.
// Source: our reading of policies 000, 002 and 003. Nil when all fits.
func Consistency(g Grade) []string {
	var out []string
	warn := func(when bool, format string, args ...any) {
		if when {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	if g.Severity != nil {
		s := *g.Severity
		warn(g.BIL == BIL3 && s <= Critical,
			"BIL 3 leaves the incident to the product team, but severity %s means %s: choose BIL 1 or 2, or say why not.", s, impact(s))
		warn(g.BIL == BIL1 && s == Minor,
			"BIL 1 is the highest business impact, but severity %s means low impact: one of the two is wrong, or say why both hold.", s)
		warn(s == Minor && g.Indicators.TotalOutage == Yes,
			"Severity %s means low impact, but a total outage is recorded.", s)
		warn(s == Minor && g.Indicators.DataLost == Yes,
			"Severity %s means low impact, but lost data are recorded.", s)
	}
	warn(g.BIL == BIL3 && g.PersonalData == Yes,
		"Personal data are affected, but BIL 3 does not call the SIRT: customers must still be told within 24 hours (policy 000). Choose BIL 1 or 2, or say why not.")
	warn(g.BIL == BIL3 && g.Security == Yes && !g.PersonalData.Known(),
		"Nobody has said yet whether personal data are affected: until then the 24 hours of policy 000 run, with BIL 3 and no SIRT.")
	warn((g.BIL == BIL1 || g.BIL == BIL2) && g.Security == No,
		"%s is given, but an operational incident calls no SIRT until it is found to be a security incident.", g.BIL)
	warn(g.PersonalData == Yes && g.Harm != nil && !slices.ContainsFunc(g.Harm, onData),
		"Personal data are affected, but no harm to customers' or our data is recorded. Loss of availability counts too.")
	warn(g.Indicators.DataLost == Yes && g.Harm != nil && !slices.ContainsFunc(g.Harm, lostData),
		"Data were lost, but no harm to the integrity or availability of data is recorded.")
	warn(g.Indicators.TotalOutage == Yes && g.Harm != nil && !slices.ContainsFunc(g.Harm, outage),
		"A total outage is recorded, but no harm to the availability of our services.")
	return out
}

func impact(s Severity) string {
	if s == Crisis {
		return "maximum impact"
	}
	return "very high impact"
}

func onData(h Harm) bool { return h.Asset == CustomerData || h.Asset == OurData }

func lostData(h Harm) bool { return onData(h) && h.Property != Confidentiality }

func outage(h Harm) bool { return h.Asset == OurServices && h.Property == Availability }
