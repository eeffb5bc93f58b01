module overhang.subjects/arenas

go 1.22

require overhang.subjects/kit v0.0.0

replace overhang.subjects/kit => ../kit
