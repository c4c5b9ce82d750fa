package bulk

import "bytes"

// Bytes is the letter as it goes over the wire.
func Bytes(l Letter) (string, error) {
	var b bytes.Buffer
	if l.From == "" {
		l.From = "notice@bell.example"
	}
	err := l.write(&b)
	return b.String(), err
}
