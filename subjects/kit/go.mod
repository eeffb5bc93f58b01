module overhang.subjects/kit

go 1.19
