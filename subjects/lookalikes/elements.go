package main

import "fmt"

// Pointers to elements of arrays, with numbers beside them: of records of text, which read as
// pieces of a string, of structs, and of blocks of bytes that are filled up to a number.
type textLine [16]byte

type person struct {
	id   uint16
	name [22]byte
}

type textAt struct {
	record *textLine
	len    int
}

type nameAt struct {
	name *[22]byte
	len  int
}

type byteBlock struct {
	data       *[1 << 20]byte
	used, size int
}

var (
	recordAt  textAt
	personAt  nameAt
	textOnes  [10]*textAt
	oneText   *textAt
	onePass   *pass
	oneBlock  *byteBlock
	passes    []pass
	walkBoxed *walk
)

func records() []textLine {
	s := make([]textLine, 100000)
	for i := range s {
		copy(s[i][:], fmt.Sprintf("record-%09d", i))
	}
	return s
}

// seen is all that the program says of the numbers.
//
//go:noinline
func seen() {
	println(recordAt.len, personAt.len, oneText.len, onePass.at, oneBlock.used, walkBoxed.count, len(passes), textOnes[0].len)
}

func init() {
	scenarios["record"] = func() {
		s := records()
		recordAt = textAt{&s[4321], 5}
		people := make([]person, 100000)
		for i := range people {
			copy(people[i].name[:], fmt.Sprintf("a person-%013d", i))
		}
		personAt = nameAt{&people[4321].name, 8}
		use(func() *conn { seen(); return nil })
	}
	scenarios["record_on_the_heap"] = func() {
		oneText = &textAt{&records()[4321], 5}
		for i := range textOnes {
			textOnes[i] = &textAt{&records()[i*100+1], 4 + i}
		}
		use(func() *conn { seen(); return nil })
	}
	scenarios["pass_on_the_heap"] = func() {
		s := conns(12)
		onePass = &pass{&s[0], 3, len(s)}
		w := newWalk(fill(make([]*conn, 48)), 3)
		walkBoxed = &w
		use(func() *conn { seen(); return nil })
	}
	scenarios["passes"] = func() {
		for i := 0; i < 8; i++ {
			s := conns(1024)
			passes = append(passes, pass{&s[0], 3 + i, len(s)})
		}
		use(func() *conn { seen(); return nil })
	}
	scenarios["block_on_the_heap"] = func() {
		oneBlock = &byteBlock{new([1 << 20]byte), 1000, 1 << 20}
		use(func() *conn { seen(); return nil })
	}
}
