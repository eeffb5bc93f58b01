// The article's own leak: uber/tchannel-go before "Fix connection leak caused by references from
// peer" (63a486b968), and a second one, peerHeap.Pop, which that commit left.
package main

import (
	"fmt"
	"time"

	"github.com/uber/tchannel-go"

	"overhang.subjects/kit"
)

var client, server *tchannel.Channel

func must(err error) {
	if err != nil {
		panic(err)
	}
}

//go:noinline
func work() {
	var err error
	server, err = tchannel.NewChannel("server", nil)
	must(err)
	must(server.ListenAndServe("127.0.0.1:0"))
	client, err = tchannel.NewChannel("client", nil)
	must(err)
	peer := client.Peers().Add(server.PeerInfo().HostPort)
	var conns []*tchannel.Connection
	for i := 0; i < 50; i++ {
		ctx, cancel := tchannel.NewContext(5 * time.Second)
		c, err := peer.Connect(ctx)
		must(err)
		cancel()
		conns = append(conns, c)
	}
	for _, c := range conns[:45] {
		must(c.Close())
	}
	for i := 0; i < 3000; i++ {
		client.Peers().Add(fmt.Sprintf("127.0.0.1:%d", 20000+i))
	}
	for i := 0; i < 2500; i++ {
		must(client.Peers().Remove(fmt.Sprintf("127.0.0.1:%d", 20000+i)))
	}
	time.Sleep(time.Second) // the connections' goroutines end
}

func main() {
	kit.Spread(work)
	kit.Serve()
}
