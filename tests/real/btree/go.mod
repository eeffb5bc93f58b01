module overhang.real/btree

go 1.19

require (
	github.com/google/btree v0.0.0-20160418170323-00edb8c31633
	overhang.subjects/kit v0.0.0
)

replace overhang.subjects/kit => ../../../subjects/kit
