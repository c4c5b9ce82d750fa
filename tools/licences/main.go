// Command licences gathers the licences of everything that is in the program: the Go modules of the binary, on every
// system it is built for, and what the browser gets. It writes them into one JSON file in which equal texts stand
// once. Run by `make generate`. Where node_modules is missing, the texts of the browser's part are taken over from the
// file as it was, as long as the versions are the same.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

type component struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	What    string `json:"what,omitempty"` // of the browser's part: what it is
	Licence string `json:"licence"`
	Texts   []int  `json:"texts"`
}

type file struct {
	Modules []component `json:"modules"`
	Browser []component `json:"browser"`
	Texts   []string    `json:"texts"`
}

func main() {
	log.SetFlags(0)
	root := flag.String("root", "..", "folder of the product's go.mod")
	out := flag.String("out", "", "file to write")
	flag.Parse()
	var old, made file
	if b, err := os.ReadFile(*out); err == nil {
		_ = json.Unmarshal(b, &old) // damaged: made anew
	}
	if err := errors.Join(made.modules(*root), made.browser(*root, old)); err != nil {
		log.Fatal("licences: ", err)
	}
	b, err := json.MarshalIndent(made, "", " ")
	if err == nil {
		err = os.WriteFile(*out, append(b, '\n'), 0o644)
	}
	if err != nil {
		log.Fatal("licences: ", err)
	}
}

// systems are those the program is built for.
var systems = []string{"linux", "darwin"}

func (f *file) modules(root string) error {
	seen := map[string]bool{}
	for _, system := range systems {
		cmd := exec.Command("go", "list", "-deps", "-f", `{{with .Module}}{{if not .Main}}{{.Path}}	{{.Version}}	{{.Dir}}{{end}}{{end}}`, "./cmd/wakebell")
		cmd.Dir, cmd.Stderr = root, os.Stderr
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH=amd64")
		text, err := cmd.Output()
		if err != nil {
			return fmt.Errorf("list the modules for %s: %w", system, err)
		}
		for line := range strings.Lines(string(text)) {
			part := strings.Split(strings.TrimSpace(line), "\t")
			if len(part) != 3 || seen[part[0]] {
				continue
			}
			seen[part[0]] = true
			c := component{Name: part[0], Version: part[1]}
			if err := f.read(&c, part[2]); err != nil {
				return err
			}
			f.Modules = append(f.Modules, c)
		}
	}
	slices.SortFunc(f.Modules, func(a, b component) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

// parts are what the browser gets.
var parts = []component{
	{Name: "@fontsource-variable/inter", What: "Inter, the font"},
	{Name: "@iconify-json/lucide", What: "Lucide, the icons"},
	{Name: "idiomorph", What: "idiomorph, which updates a page in place"},
}

func (f *file) browser(root string, old file) error {
	b, err := os.ReadFile(filepath.Join(root, "package-lock.json"))
	if err != nil {
		return err
	}
	var lock struct {
		Packages map[string]struct{ Version string }
	}
	if err := json.Unmarshal(b, &lock); err != nil {
		return err
	}
	for _, c := range parts {
		c.Version = lock.Packages["node_modules/"+c.Name].Version
		if c.Version == "" {
			return fmt.Errorf("%s is not in package-lock.json", c.Name)
		}
		dir := filepath.Join(root, "node_modules", c.Name)
		_, err := os.Stat(dir)
		switch i := slices.IndexFunc(old.Browser, func(o component) bool { return o.Name == c.Name && o.Version == c.Version }); {
		case strings.HasSuffix(c.Name, "lucide"): // its package holds no licence file
			err = f.add(&c, filepath.Join(root, "tools/licences/lucide.txt"))
		case err == nil:
			err = f.read(&c, dir)
		case errors.Is(err, fs.ErrNotExist) && i >= 0:
			c.Licence, err = old.Browser[i].Licence, nil
			for _, t := range old.Browser[i].Texts {
				c.Texts = append(c.Texts, f.text(old.Texts[t]))
			}
		case errors.Is(err, fs.ErrNotExist):
			err = fmt.Errorf("%s %s is new: run npm ci first", c.Name, c.Version)
		}
		if err != nil {
			return err
		}
		f.Browser = append(f.Browser, c)
	}
	return nil
}

// named finds the files that hold a licence or a notice; logos are not in the program.
var named = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice)([.-].*)?$`)

func (f *file) read(c *component, dir string) error {
	list, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range list {
		if e.IsDir() || !named.MatchString(e.Name()) || strings.Contains(e.Name(), "LOGO") {
			continue
		}
		if err := f.add(c, filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	if len(c.Texts) == 0 {
		return fmt.Errorf("%s holds no licence", c.Name)
	}
	return nil
}

func (f *file) add(c *component, path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	text := strings.TrimSpace(strings.ReplaceAll(string(b), "\r\n", "\n"))
	c.Texts = append(c.Texts, f.text(text))
	if c.Licence == "" {
		if c.Licence = name(text); c.Licence == "" {
			return fmt.Errorf("%s: the licence in %s is not known here; add it to the list", c.Name, filepath.Base(path))
		}
	}
	return nil
}

// text keeps a text once.
func (f *file) text(s string) int {
	if i := slices.Index(f.Texts, s); i >= 0 {
		return i
	}
	f.Texts = append(f.Texts, s)
	return len(f.Texts) - 1
}

// name knows a licence by a sentence that no other has.
func name(text string) string {
	flat := strings.ToLower(strings.Join(strings.Fields(text), " "))
	for _, l := range []struct{ name, sentence string }{
		{"OFL-1.1", "sil open font license, version 1.1"},
		{"MIT and Apache-2.0", "covered by the apache license 2.0"},
		{"MIT and Apache-2.0", "the following files were ported to go from c files of libyaml"},
		{"Apache-2.0", "apache license version 2.0"},
		{"MPL-2.0", "mozilla public license version 2.0"},
		{"0BSD", "zero-clause bsd"},
		{"ISC", "permission to use, copy, modify, and/or distribute this software for any purpose with or without fee"},
		{"MIT", "permission is hereby granted, free of charge"},
		{"BSD-3-Clause", "neither the name of"},
		{"BSD-3-Clause", "the names of the authors may not be used"},
		{"BSD-3-Clause", "names of its contributors may not be used"},
		{"BSD-2-Clause", "redistributions in binary form must reproduce"},
	} {
		if strings.Contains(flat, l.sentence) {
			return l.name
		}
	}
	return ""
}
