module overhang.subjects/busy_http

go 1.22

require overhang.subjects/kit v0.0.0

replace overhang.subjects/kit => ../kit
