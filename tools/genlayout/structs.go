package main

import (
	"debug/dwarf"
	"debug/elf"
)

// A typeIndex holds the struct types of an executable by their full names.
type typeIndex map[string]*dwarf.StructType

func readTypes(exe string) (typeIndex, error) {
	file, err := elf.Open(exe)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := file.DWARF()
	if err != nil {
		return nil, err
	}
	index := typeIndex{}
	reader := data.Reader()
	for {
		e, err := reader.Next()
		if err != nil {
			return nil, err
		}
		if e == nil {
			return index, nil
		}
		if e.Tag != dwarf.TagStructType {
			continue
		}
		t, err := data.Type(e.Offset)
		if err != nil {
			return nil, err
		}
		s := t.(*dwarf.StructType)
		index[s.StructName] = s
	}
}

// fieldOffset follows a path of field names through nested structs.
func fieldOffset(s *dwarf.StructType, path []string) (int64, bool) {
	for _, field := range s.Field {
		if field.Name != path[0] {
			continue
		}
		if len(path) == 1 {
			return field.ByteOffset, true
		}
		t := field.Type
		for {
			named, ok := t.(*dwarf.TypedefType)
			if !ok {
				break
			}
			t = named.Type
		}
		inner, ok := t.(*dwarf.StructType)
		if !ok {
			return 0, false
		}
		offset, ok := fieldOffset(inner, path[1:])
		return field.ByteOffset + offset, ok
	}
	return 0, false
}
