package store

import "io/fs"

// Migrations returns the embedded steps of both engines,
// {sqlite,postgres}/NNNN_name.sql, for those who read what they declare.
func Migrations() (fs.FS, error) { return fs.Sub(migrations, "migration") }
