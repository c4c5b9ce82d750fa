// Package ledger is the format of the Wakebell record: how an entry is hashed,
// how the log is signed, and how an exported bundle is checked offline with
// nothing but a public key. An auditor reads this package alone.
//
// It carries out "document incidents, their effects and the remedial action"
// and "keep evidence that has not been altered" of the policies. It is pure:
// it must not import a clock, context, SQL, net or any other room.
//
// # Entry
//
// Positions (seq) start at 1. An entry has a header and two bodies. The facts
// body holds no personal data; the private body holds names and free text. A
// body is a byte string (JSON in UTF-8), stored exactly as it was hashed. An
// empty body is allowed. Each body has its own random salt of 32 bytes.
//
// The commitment to a body is
//
//	SHA-256( 0x02 || salt (32 bytes) || body )
//
// The leaf data of an entry is, in this order, without padding:
//
//	4 bytes   the ASCII text "WBE1"
//	8 bytes   seq          unsigned, big endian
//	8 bytes   at           microseconds since 1970-01-01T00:00:00Z, two's complement, big endian
//	8 bytes   known_at     the same
//	8 bytes   recorded_at  the same
//	4+n bytes id           length n of the UTF-8 text, unsigned, big endian; then the text
//	4+n bytes kind         the same; with its version, as in "incident.graded/1"
//	4+n bytes subject      the same
//	4+n bytes actor        the same
//	32 bytes  commitment to the facts body
//	32 bytes  commitment to the private body
//
// The leaf hash is that of RFC 6962: SHA-256( 0x00 || leaf data ). The tree is
// that of RFC 6962: a node is SHA-256( 0x01 || left || right ). The leaf of
// the entry with position seq has index seq-1.
//
// Erasing destroys a private body and its salt and keeps the commitment. The
// leaf hash stays the same, so the log still verifies, and an entry of kind
// "ledger.erased/1", whose facts name the erased ids, shows why there is a hole.
//
// # Checkpoint
//
// A checkpoint is a C2SP tlog-checkpoint: a signed note (Ed25519) whose text is
//
//	<log id>+<epoch>
//	<number of entries, decimal>
//	<root hash, standard base64>
//
// each line ended by a newline. The key name in the signature line is the log
// id alone, because a note's key name cannot hold a "+". The epoch starts at 1
// and rises by one when a copy is restored.
//
// # Bundle
//
// A bundle is one JSON object, see [Bundle]. In the file each entry must be
// written in the one canonical form that [Bundle.WriteTo] writes: members in
// the order of the Go struct, empty members left out, no spaces, "<", ">" and
// "&" not escaped. Spaces between the tokens are ignored by the verifier.
package ledger
