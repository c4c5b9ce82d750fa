// Package pack holds the forms that come with the program: those whose fields are known
// from their source. It serves policy 000 ("available notification forms provided by
// competent authorities"). It must not import anything.
package pack

import "embed"

// Files are the forms, one YAML file each.
//
//go:embed *.yaml
var Files embed.FS
