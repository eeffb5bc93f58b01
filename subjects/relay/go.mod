module overhang.subjects/relay

go 1.19
