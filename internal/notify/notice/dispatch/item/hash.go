package item

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strconv"
)

// hashed names the form of the bytes under a list's hash; another form needs another name.
const hashed = "wakebell recipients 2\n"

// Digest is the hash of what one recipient will get and where: everything that a person
// signs off. Ids and the order of the list are no part of it, so the same people give the
// same hash however the list was put together.
func Digest(r Recipient) [32]byte {
	var b bytes.Buffer
	put := func(list ...string) {
		for _, s := range list {
			b.Write(binary.BigEndian.AppendUint32(nil, uint32(len(s))))
			b.WriteString(s)
		}
	}
	put(r.Party, r.Name, r.Lang, r.Country, string(r.Channel), r.Address, strconv.Itoa(r.ContactNo), strconv.Itoa(len(r.Contacts)))
	for _, c := range r.Contacts {
		put(c.Name, c.Role, c.Email, c.Phone, c.Webhook, c.Postal)
	}
	put(r.Own.Kind, string(r.Own.Wish))
	put(r.Own.Salutation, r.Own.Reference, r.Own.Clause, strconv.Itoa(len(r.Own.Services)))
	put(r.Own.Services...)
	keys := make([]string, 0, len(r.Own.Row))
	for k := range r.Own.Row {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		put(k, r.Own.Row[k])
	}
	return sha256.Sum256(b.Bytes())
}

// Sum is the hash of a list: of the digests of all who will be told, in their own order.
// It sorts digests in place.
func Sum(digests [][32]byte) string {
	slices.SortFunc(digests, func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) })
	h := sha256.New()
	h.Write([]byte(hashed))
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(digests))))
	for _, d := range digests {
		h.Write(d[:])
	}
	return hex.EncodeToString(h.Sum(nil))
}
