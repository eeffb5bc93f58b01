module overhang.real/tchannel

go 1.19

require (
	github.com/cactus/go-statsd-client/statsd v0.0.0-20200423205355-cb0885a1018c
	github.com/opentracing/opentracing-go v1.0.2
	github.com/uber-go/atomic v1.3.2
	github.com/uber/tchannel-go v1.6.1-0.20170804211219-998073dfa555
	golang.org/x/net v0.17.0
	overhang.subjects/kit v0.0.0
)

replace overhang.subjects/kit => ../../../subjects/kit
