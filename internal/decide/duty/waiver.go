package duty

import "github.com/wakebell/wakebell/internal/base/who"

// WaiverBy says as what by may agree to leaving the duty undone, and whether that yes is the last one
// needed. The error says why not. It does not check duty.waive.
func (d Duty) WaiverBy(by who.Identity) (as string, complete bool, err error) {
	return consentOf(d, by)
}

// MetHere names what in the incident itself meets the duty, such as "grade"; "" when a person may say
// that it was done.
func (d Duty) MetHere() string { return shown(d.Rule) }
