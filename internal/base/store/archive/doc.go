// Package archive writes a database into one engine-neutral file, checks such a
// file and brings it back, into either engine: it is the backup, and the way
// from SQLite to PostgreSQL. It serves the policies' demand that the records of
// an incident can be restored and that evidence is not altered unseen.
//
// The file is a zip:
//
//	manifest.json       Manifest: what is in it, with counts and hashes
//	checkpoint.txt      signed checkpoint of the ledger; see Ledger.State
//	tables/NAME.ndjson  one row per line, a JSON array in the order of the
//	                    manifest's columns: numbers are exact integers, text is
//	                    a string, bytes are {"b64": "…"}, NULL is null
//	blobs.txt           one line for each content of a file: its SHA-256 and size
//	blobs/SHA256        the bytes
//
// Rows stand in the order of the primary key, so that equal tables have equal
// hashes on both engines. Projections and search tables are left out: they
// follow from the ledger. The schema's version and the store's mark stand in
// the manifest. A private key is never in it.
//
// The package knows the store and the public ledger format, and must not import
// record or any room: what replays and verifies is handed in as Target.Fill.
package archive
