package main

import (
	"bufio"
	"fmt"
	"os"
	"regexp"
	"strings"
)

// An entry is a line of layout_fields.def.
type entry struct {
	kind  string   // FIELD, SIZE or CONSTANT
	name  string   // the member of struct Layout
	names []string // DWARF types, or constants as package.Name; the first that exists counts
	paths []string // FIELD: field paths, the first that exists counts
}

var entryLine = regexp.MustCompile(`^OVERHANG_(FIELD|SIZE|CONSTANT)\((\w+),\s*"([^"]+)"(?:,\s*"([^"]+)")?\)$`)

func readEntries(path string) ([]entry, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var entries []entry
	scanner := bufio.NewScanner(file)
	for n := 1; scanner.Scan(); n++ {
		line := strings.TrimSpace(scanner.Text())
		if line == "" || strings.HasPrefix(line, "//") {
			continue
		}
		m := entryLine.FindStringSubmatch(line)
		if m == nil || (m[1] == "FIELD") != (m[4] != "") {
			return nil, fmt.Errorf("%s:%d: not understood: %s", path, n, line)
		}
		e := entry{kind: m[1], name: m[2], names: strings.Split(m[3], "|")}
		if m[4] != "" {
			e.paths = strings.Split(m[4], "|")
		}
		entries = append(entries, e)
	}
	return entries, scanner.Err()
}

// look gives the entry's value in a release; false: the release has no such thing.
func (e entry) look(types typeIndex, constants *constants) (int64, bool, error) {
	for _, name := range e.names {
		if e.kind == "CONSTANT" {
			value, ok, err := constants.value(name)
			if ok || err != nil {
				return value, ok, err
			}
			continue
		}
		t := types[name]
		if t == nil {
			continue
		}
		if e.kind == "SIZE" {
			return t.ByteSize, true, nil
		}
		for _, path := range e.paths {
			if offset, ok := fieldOffset(t, strings.Split(path, ".")); ok {
				return offset, true, nil
			}
		}
	}
	return 0, false, nil
}
