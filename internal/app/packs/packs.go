// Package packs opens the operator's folder of rule packs and calendars. It carries out
// policy 003 ("as required by applicable statutes and/or regulations") where counsel
// keeps rules of their own. It must not import a face.
package packs

import (
	"io/fs"
	"os"
)

// Folder is the operator's folder of rule packs. It is opened anew for each file,
// so that a folder put in the place of another is read; a symbolic link that leads out
// of it is refused.
type Folder string

// Open opens a file of the folder.
func (d Folder) Open(name string) (fs.File, error) { return os.OpenInRoot(string(d), name) }

// Stat describes a file without opening it: a pipe would wait for somebody to write.
func (d Folder) Stat(name string) (fs.FileInfo, error) {
	root, err := os.OpenRoot(string(d))
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	return root.Stat(name)
}
