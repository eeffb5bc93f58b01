package main

import (
	"os"
	"syscall"
	"unsafe"

	"overhang.subjects/kit"
)

const gib = 1 << 30

var (
	reserved, untouched []byte // memory that is no heap
	windows             [][]byte
	foreign             []*leaf // stands in a mapping, and so keeps nothing alive
	fromFile            []byte
	lines               []string
	pages               []byte
	table               []*leaf
	tables              [][]*leaf
)

func mapMemory(bytes int, protection int) []byte {
	const noReserve = 0x4000
	b, err := syscall.Mmap(-1, 0, bytes, protection,
		syscall.MAP_PRIVATE|syscall.MAP_ANON|noReserve)
	if err != nil {
		kit.FactText("error", err.Error())
		return nil
	}
	return b
}

// sparse has address space reserved and mapped that nobody ever touched, and slices over it.
func sparse(size int) func() {
	reserved = mapMemory(size*gib, syscall.PROT_NONE)
	untouched = mapMemory(size*gib, syscall.PROT_READ|syscall.PROT_WRITE)
	if reserved == nil || untouched == nil {
		return nil // the system refuses so much address space; the fact "error" says why
	}
	for at := 0; at < len(untouched); at += len(untouched) / 64 {
		windows = append(windows, untouched[at:at+10])
	}
	words := unsafe.Slice((**leaf)(unsafe.Pointer(&untouched[0])), len(untouched)/8)
	foreign = words[:10:20]
	table = truncated(10, 100)
	return func() { clearTail(table) }
}

// mappedFile holds slices and strings over a file's bytes.
func mappedFile(size int) func() {
	f, err := os.CreateTemp("", "overhang-mapped-")
	if err != nil {
		panic(err)
	}
	os.Remove(f.Name())
	if err = f.Truncate(int64(size) * gib); err != nil {
		panic(err)
	}
	f.WriteAt([]byte("some bytes of the file"), gib/2)
	fromFile, err = syscall.Mmap(int(f.Fd()), 0, size*gib, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		panic(err)
	}
	f.Close()
	for i := 0; i < 1000; i++ {
		at := gib/2 + i*64
		windows = append(windows, fromFile[at:at+22:at+64])
		lines = append(lines, unsafe.String(&fromFile[at], 22))
	}
	table = truncated(10, 100)
	return func() { clearTail(table) }
}

// bigBytes holds one array of bytes that is hardly touched, and a small slice of another.
func bigBytes(size int) func() {
	pages = make([]byte, size*gib)
	pages[len(pages)/2] = 1
	windows = append(windows, make([]byte, size*gib)[100:200])
	table = truncated(10, 100)
	return func() { clearTail(table) }
}

// bigPointers holds one array of pointers, most of them nil, half of it hidden.
func bigPointers(size int) func() {
	table = make([]*leaf, size<<20/8)
	for i := 0; i < len(table); i += 10000 {
		table[i] = newLeaf(i)
	}
	table = table[:len(table)/2]
	return func() {
		s := table[len(table):cap(table)]
		for i := range s {
			if s[i] != nil {
				s[i] = nil
			}
		}
	}
}
