module overhang.subjects/parked

go 1.19

require overhang.subjects/kit v0.0.0

replace overhang.subjects/kit => ../kit
