module overhang.subjects/busy_records

go 1.22

require overhang.subjects/kit v0.0.0

replace overhang.subjects/kit => ../kit
