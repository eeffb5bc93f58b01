module overhang.subjects/making

go 1.19

