package item

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
)

// keyLength bounds what of a name or an address is searched, in characters.
const keyLength = 64

// Key is a name, an address, or the beginning of one, as it is searched: whatever the case,
// the spaces, and the way a letter with an accent is put together.
func Key(s string) string {
	key := []rune(strings.ToLower(norm.NFC.String(strings.Join(strings.Fields(s), " "))))
	return string(key[:min(keyLength, len(key))])
}

// Place is where a page of a search ends: first come those whose names begin so, then those
// whose addresses do, each in the order of the alphabet. The zero Place is the beginning.
type Place struct {
	ByAddress bool
	Key       string
	Seq       int64
}

// Keys are for a cursor.
func (p Place) Keys() []string {
	return []string{strconv.FormatBool(p.ByAddress), p.Key, strconv.FormatInt(p.Seq, 10)}
}

// PlaceOf reads Keys; the zero Place for none.
func PlaceOf(keys []string) (p Place, err error) {
	if len(keys) != 3 {
		return p, nil
	}
	if p.ByAddress, err = strconv.ParseBool(keys[0]); err == nil {
		p.Key = keys[1]
		p.Seq, err = strconv.ParseInt(keys[2], 10, 64)
	}
	if err != nil {
		return p, fault.InvalidField("cursor", "does not belong to this list; start again without it")
	}
	return p, nil
}

// last stands behind every character of a key.
const last = "\U0010ffff"

// Begins reads those of a list whose name or address begins with a key, after a place, at
// most so many, and where each of them stands. cond and its values restrict them further; few
// says that they leave so few that it is quicker to read and sort those.
func Begins(ctx context.Context, r store.Reader, list, key string, from Place, limit int, few bool, cond string, values ...any) ([]Recipient, []Place, error) {
	var out []Recipient
	var places []Place
	for _, byAddress := range []bool{false, true} {
		if from.ByAddress && !byAddress || len(out) >= limit {
			continue
		}
		column, also := "name_key", ""
		args := []any{list, key, key + last}
		if byAddress { // who was found by the name is not found again
			column, also = "address_key", ` AND (name_key < ? OR name_key >= ?)`
			args = append(args, key, key+last)
		}
		if few {
			column += ` || ''` // no index leads to it, so that the one of cond is taken
		}
		q := `WHERE list_id=? AND ` + column + ` >= ? AND ` + column + ` < ?` + also
		if from.ByAddress == byAddress && from.Seq > 0 {
			q += ` AND (` + column + `, seq) > (?, ?)`
			args = append(args, from.Key, from.Seq)
		}
		args = append(append(args, values...), limit-len(out))
		page, err := Query(ctx, r, q+cond+` ORDER BY `+column+`, seq LIMIT ?`, args...)
		if err != nil {
			return nil, nil, fmt.Errorf("search recipients: %w", err)
		}
		for _, one := range page {
			at := Place{ByAddress: byAddress, Key: one.nameKey, Seq: one.Seq}
			if byAddress {
				at.Key = one.addressKey
			}
			out, places = append(out, one), append(places, at)
		}
	}
	return out, places, nil
}
