package ledger

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

// tree is a small log in memory.
type tree struct {
	hashes []Hash
	n      int64
}

func (t *tree) ReadHashes(indexes []int64) ([]Hash, error) {
	var out []Hash
	for _, i := range indexes {
		out = append(out, t.hashes[i])
	}
	return out, nil
}

func (t *tree) add(tb testing.TB, h Hash) {
	tb.Helper()
	more, err := tlog.StoredHashesForRecordHash(t.n, h, t)
	if err != nil {
		tb.Fatal(err)
	}
	t.hashes = append(t.hashes, more...)
	t.n++
}

func newKeyFor(tb testing.TB, name string) *Key {
	tb.Helper()
	k, err := GenerateKey(rand.Reader, name)
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

func salt(b byte) []byte { return bytes.Repeat([]byte{b}, SaltSize) }

// sample makes a bundle of n entries; the second is erased by the last but
// one, the third has its private body withheld.
func sample(tb testing.TB, n int) (Bundle, *Key) {
	tb.Helper()
	key := newKeyFor(tb, "wakebell-test")
	var t tree
	var list []Entry
	for i := range n {
		e := Entry{
			Header: Header{
				Seq: int64(i + 1), ID: fmt.Sprintf("id-%d", i+1), Kind: "incident.noted/1", Subject: "inc-1",
				Actor: "person-1", At: 1_700_000_000_000_000 + int64(i), KnownAt: 5, RecordedAt: int64(i) * 7,
			},
			Facts:   Body{Text: fmt.Sprintf(`{"n":%d,"a<b&":true}`, i), Salt: salt(byte(i))},
			Private: Body{Text: `{"text":"Grüße, "}`, Salt: salt(byte(i + 100))},
		}
		hole := Withheld
		switch {
		case i == n-2:
			e.Kind, e.Facts.Text = KindErased, `{"entries":["id-2"]}`
		case i == 1:
			hole = Erased
			fallthrough
		case i == 2:
			c := Commit([SaltSize]byte(e.Private.Salt), []byte(e.Private.Text))
			e.Private = Body{Commit: c[:], Hole: hole}
		}
		h, err := e.LeafHash()
		if err != nil {
			tb.Fatal(err)
		}
		t.add(tb, h)
		list = append(list, e)
	}
	for i := range list {
		p, err := tlog.ProveRecord(t.n, int64(i), &t)
		if err != nil {
			tb.Fatal(err)
		}
		list[i].Proof = p
	}
	root, err := tlog.TreeHash(t.n, &t)
	if err != nil {
		tb.Fatal(err)
	}
	signed, err := key.Sign(Checkpoint{LogID: key.Name(), Epoch: 1, Size: t.n, Root: root})
	if err != nil {
		tb.Fatal(err)
	}
	return Bundle{VerifierKey: key.VerifierKey(), Checkpoint: string(signed), Entries: list}, key
}

func file(tb testing.TB, b Bundle) []byte {
	tb.Helper()
	var buf bytes.Buffer
	n, err := b.WriteTo(&buf)
	if err != nil || n != int64(buf.Len()) {
		tb.Fatalf("WriteTo: %d of %d, %v", n, buf.Len(), err)
	}
	return buf.Bytes()
}

// The bytes below must never change: other verifiers are written from the
// package comment.
func TestEncodingIsFixed(t *testing.T) {
	t.Parallel()
	h := Header{Seq: 1, ID: "a", Kind: "k/1", Subject: "", Actor: "ä", At: 2, KnownAt: -1, RecordedAt: 3}
	facts := Commit([SaltSize]byte(salt(1)), []byte("{}"))
	private := Commit([SaltSize]byte(salt(2)), nil)
	want := "57424531" + "0000000000000001" + "0000000000000002" + "ffffffffffffffff" + "0000000000000003" +
		"0000000161" + "000000036b2f31" + "00000000" + "00000002c3a4" +
		hex.EncodeToString(facts[:]) + hex.EncodeToString(private[:])
	if got := hex.EncodeToString(AppendLeaf(nil, &h, facts, private)); got != want {
		t.Errorf("leaf data:\n got %s\nwant %s", got, want)
	}
	// Made with another program: sha256(02 || 01×32 || "{}").
	if got := hex.EncodeToString(facts[:]); got != "bf4d18972347236d2a7efcfdb6611eb84fa45f2b7ee155a970cd05c94d37564e" {
		t.Errorf("commitment %s", got)
	}
	if got := tlog.RecordHash(AppendLeaf(nil, &h, facts, private)); got != LeafHash(h, facts, private) {
		t.Error("LeafHash is not the RFC 6962 leaf hash of the leaf data")
	}
}

func TestParseLeafIsTheInverse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := Header{
			Seq: rapid.Int64().Draw(t, "seq"), At: rapid.Int64().Draw(t, "at"),
			KnownAt: rapid.Int64().Draw(t, "known"), RecordedAt: rapid.Int64().Draw(t, "rec"),
			ID: rapid.String().Draw(t, "id"), Kind: rapid.String().Draw(t, "kind"),
			Subject: rapid.String().Draw(t, "subject"), Actor: rapid.String().Draw(t, "actor"),
		}
		f, p := [32]byte(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "f")), [32]byte{9}
		h2, f2, p2, err := ParseLeaf(AppendLeaf(nil, &h, f, p))
		if err != nil || h2 != h || f2 != f || p2 != p {
			t.Fatalf("got %+v, %v", h2, err)
		}
	})
}

// FuzzParseLeaf: what is accepted is exactly what would be written, so no two
// entries share leaf data.
func FuzzParseLeaf(f *testing.F) {
	h := Header{Seq: 1, ID: "a", Kind: "k/1"}
	f.Add(AppendLeaf(nil, &h, [32]byte{}, [32]byte{}))
	f.Fuzz(func(t *testing.T, data []byte) {
		h, a, b, err := ParseLeaf(data)
		if err == nil && !bytes.Equal(AppendLeaf(nil, &h, a, b), data) {
			t.Fatalf("%x is accepted and not canonical", data)
		}
	})
}

func TestKeyForms(t *testing.T) {
	t.Parallel()
	k := newKeyFor(t, "log")
	again, err := ParseKey([]byte(k.Secret()+"\n"), "log")
	if err != nil || again.VerifierKey() != k.VerifierKey() {
		t.Fatalf("note key: %v", err)
	}
	if _, err := ParseKey([]byte(k.Secret()), "other"); err == nil {
		t.Error("a key of another name is accepted")
	}
	seed := bytes.Repeat([]byte{7}, 32)
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: append(bytes.Clone(pkcs8), seed...)})
	p, err := ParseKey(text, "log")
	if err != nil {
		t.Fatal(err)
	}
	c := Checkpoint{LogID: "log", Epoch: 3, Size: 0}
	signed, err := p.Sign(c)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Open(signed, p.VerifierKey()); err != nil || got != c {
		t.Errorf("open: %+v, %v", got, err)
	}
	if _, err := Open(signed, k.VerifierKey()); err == nil || !strings.Contains(err.Error(), "not signed by") {
		t.Errorf("another key: %v", err)
	}
	for _, bad := range []string{"", "PRIVATE+KEY+x", "PRIVATE+KEY+x+0+AA", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"} {
		if _, err := ParseKey([]byte(bad), "log"); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func TestPeekRefuses(t *testing.T) {
	t.Parallel()
	root := Hash{}.String()
	for _, bad := range []string{
		"", "a+1\n1\n" + root + "\n", "a\n1\n" + root + "\n\n", "a+0\n1\n" + root + "\n\n",
		"a+01\n1\n" + root + "\n\n", "a+1\n-1\n" + root + "\n\n", "a+1\n1\nxx\n\n", "a+1\n1\n\n",
	} {
		if c, err := Peek([]byte(bad)); err == nil {
			t.Errorf("%q is read as %+v", bad, c)
		}
	}
}

func TestBundleHolds(t *testing.T) {
	t.Parallel()
	b, key := sample(t, 9)
	text := file(t, b)
	got, err := VerifyBundle(bytes.NewReader(text), key.VerifierKey()+"\n")
	if err != nil {
		t.Fatal(err)
	}
	if got.Entries != 9 || got.First != 1 || got.Last != 9 || got.Erased != 1 || got.Withheld != 1 || got.Checkpoint.Size != 9 {
		t.Errorf("report %+v", got)
	}
	// It is plain JSON: another program may lay it out anew.
	var again Bundle
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	b.Format = Format
	if d := cmp.Diff(b, again); d != "" {
		t.Error(d)
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, text, "", "  "); err != nil {
		t.Fatal(err)
	}
	if _, err := VerifyBundle(&pretty, key.VerifierKey()); err != nil {
		t.Errorf("indented: %v", err)
	}
	if _, err := VerifyBundle(bytes.NewReader(text), newKeyFor(t, "wakebell-test").VerifierKey()); err == nil {
		t.Error("another key is accepted")
	}
}

func TestEmptyBundleHolds(t *testing.T) {
	t.Parallel()
	b, key := sample(t, 9)
	b.Entries = nil
	if r, err := VerifyBundle(bytes.NewReader(file(t, b)), key.VerifierKey()); err != nil || r.Entries != 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

// Every single byte of the entries, each changed to several others, is found,
// and the error names that entry or one that depends on it.
func TestAnyChangedByteIsFound(t *testing.T) {
	t.Parallel()
	b, key := sample(t, 5)
	text := file(t, b)
	start := bytes.Index(text, []byte(`"entries":[`)) + len(`"entries":[`)
	for i := start + 1; i < bytes.LastIndexByte(text, ']'); i++ {
		for _, c := range []byte{text[i] ^ 1, text[i] ^ 0x20, text[i] + 1, '0', '"', ' ', '}', 0xff} {
			if c == text[i] || (isSpace(c) && isSpace(text[i])) {
				continue
			}
			bad := bytes.Clone(text)
			bad[i] = c
			_, err := VerifyBundle(bytes.NewReader(bad), key.VerifierKey())
			var w *Wrong
			if !errors.As(err, &w) {
				t.Fatalf("byte %d (%q -> %q in …%s…): %v", i, text[i], c, text[max(0, i-20):i+20], err)
			}
		}
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

func TestAnyChangedByteIsFoundAtRandom(t *testing.T) {
	t.Parallel()
	b, key := sample(t, 40)
	text := file(t, b)
	start := bytes.Index(text, []byte(`"entries":[`)) + len(`"entries":[`)
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.IntRange(start+1, bytes.LastIndexByte(text, ']')-2).Draw(t, "at")
		c := rapid.Byte().Draw(t, "to")
		if c == text[i] || (isSpace(c) && isSpace(text[i])) {
			return
		}
		bad := bytes.Clone(text)
		bad[i] = c
		if _, err := VerifyBundle(bytes.NewReader(bad), key.VerifierKey()); err == nil {
			t.Fatalf("byte %d: %q -> %q is not found", i, text[i], c)
		}
	})
}

func FuzzVerifyBundle(f *testing.F) {
	b, key := sample(f, 4)
	f.Add(file(f, b))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := VerifyBundle(bytes.NewReader(data), key.VerifierKey())
		if err == nil && r.Entries > 4 {
			t.Fatal("accepts entries that were never signed")
		}
	})
}

func TestWrongEntryIsNamed(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		change func(b *Bundle)
		seq    int64
		say    string
	}{
		{"actor", func(b *Bundle) { b.Entries[4].Actor = "person-2" }, 5, "changed"},
		{"facts", func(b *Bundle) { b.Entries[3].Facts.Text += " " }, 4, "changed"},
		{"reordered", func(b *Bundle) { b.Entries[3], b.Entries[4] = b.Entries[4], b.Entries[3] }, 4, "out of order"},
		{"doubled", func(b *Bundle) { b.Entries[4] = b.Entries[3] }, 4, "out of order"},
		{"seq exchanged", func(b *Bundle) { b.Entries[3].Seq, b.Entries[4].Seq = 5, 4 }, 5, "changed"},
		{"no erasure", func(b *Bundle) { b.Entries = append(b.Entries[:7], b.Entries[8]) }, 2, "no erasure"},
		{"erased facts", func(b *Bundle) {
			e := &b.Entries[5]
			c := Commit([SaltSize]byte(e.Facts.Salt), []byte(e.Facts.Text))
			e.Facts = Body{Commit: c[:], Hole: Erased}
		}, 6, "cannot have been erased"},
		{"short salt", func(b *Bundle) { b.Entries[5].Facts.Salt = []byte{1} }, 6, "salt"},
		{"beyond", func(b *Bundle) { b.Entries[8].Seq = 99 }, 99, "outside"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b, key := sample(t, 9)
			c.change(&b)
			_, err := VerifyBundle(bytes.NewReader(file(t, b)), key.VerifierKey())
			var w *Wrong
			if !errors.As(err, &w) || w.Seq != c.seq || !strings.Contains(w.What, c.say) || w.Index == 0 || w.Kind == "" {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestBundleLeadsFromAnOldKey(t *testing.T) {
	t.Parallel()
	b, key := sample(t, 5)
	old, older := newKeyFor(t, "wakebell-test"), newKeyFor(t, "wakebell-test")
	first, err := SignRotation(older, old.VerifierKey(), 2)
	if err != nil {
		t.Fatal(err)
	}
	second, err := SignRotation(old, key.VerifierKey(), 3)
	if err != nil {
		t.Fatal(err)
	}
	b.Rotations = []string{string(first), string(second)}
	for _, k := range []*Key{older, old, key} {
		if _, err := VerifyBundle(bytes.NewReader(file(t, b)), k.VerifierKey()); err != nil {
			t.Error(err)
		}
	}
	b.Rotations = b.Rotations[1:]
	if _, err := VerifyBundle(bytes.NewReader(file(t, b)), older.VerifierKey()); err == nil {
		t.Error("a missing rotation is not found")
	}
	if _, err := OpenRotation(second, older.VerifierKey()); err == nil {
		t.Error("a rotation signed by another key is accepted")
	}
}

func BenchmarkLeaf(b *testing.B) {
	h := Header{Seq: 1, ID: "0190a5e0-0000-7000-8000-000000000000", Kind: "incident.graded/1", Subject: "0190a5e0-0000-7000-8000-000000000000", Actor: "0190a5e0-0000-7000-8000-000000000000"}
	body, s := bytes.Repeat([]byte("x"), 300), salt(1)
	x := NewHasher()
	b.ReportAllocs()
	for b.Loop() {
		x.Leaf(&h, x.Commit(s, body), x.Commit(s, body))
	}
}
