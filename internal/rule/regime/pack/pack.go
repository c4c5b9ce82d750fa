// Package pack holds the rule packs that come with the program: one YAML file per
// jurisdiction or instrument, and common.yaml with the words they share. They
// carry out policy 000 ("determines … whether notification of competent
// authorities or individuals is required under law") as data, each rule with its
// source and how sure it is. Package regime reads them; docs/law.md says how they
// are written. It must not import anything of this program.
package pack

import "embed"

// Files are the packs, at the top.
//
//go:embed *.yaml
var Files embed.FS
