module overhang.subjects/demo

go 1.19
