module overhang.subjects/moving

go 1.19

