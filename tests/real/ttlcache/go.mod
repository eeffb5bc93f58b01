module overhang.real/ttlcache

go 1.19

require (
	github.com/ReneKroon/ttlcache/v2 v2.8.1
	overhang.subjects/kit v0.0.0
)

require golang.org/x/sync v0.0.0-20210220032951-036812b2e83c // indirect

replace overhang.subjects/kit => ../../../subjects/kit
