module overhang.real/goconcurrentqueue

go 1.19

require (
	github.com/enriquebris/goconcurrentqueue v0.6.0
	overhang.subjects/kit v0.0.0
)

require github.com/stretchr/testify v1.12.1 // indirect

replace overhang.subjects/kit => ../../../subjects/kit
