// A server and its clients in one process, over TCP: requests with JSON, a cache, a log, contexts.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"overhang.subjects/kit"
)

type order struct {
	ID    int               `json:"id"`
	Lines []line            `json:"lines"`
	Notes map[string]string `json:"notes"`
}

type line struct {
	Item  string  `json:"item"`
	Price float64 `json:"price"`
}

func newOrder(i int) *order {
	o := &order{ID: i, Notes: map[string]string{"customer": "number " + strconv.Itoa(i)}}
	for j := 0; j <= i%7; j++ {
		o.Lines = append(o.Lines, line{"item " + strconv.Itoa(j), float64(i)})
	}
	return o
}

type server struct {
	mutex   sync.Mutex
	orders  map[int]*order
	history []*order
	seen    map[string]*kit.Witness
}

type key struct{}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var o order
	if err := json.NewDecoder(r.Body).Decode(&o); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mutex.Lock()
	s.orders[o.ID] = &o
	if s.history = append(s.history, &o); len(s.history) > 300 {
		s.history = append([]*order(nil), s.history[200:]...)
	}
	if len(s.orders) > 500 {
		s.orders = map[int]*order{}
	}
	s.seen["request "+strconv.Itoa(o.ID%900)] = kit.NewWitness()
	s.mutex.Unlock()
	if r.Context().Value(key{}) == nil {
		panic("no witness in the context")
	}
	json.NewEncoder(w).Encode(newOrder(o.ID + 1))
}

func main() {
	s := &server{orders: map[int]*order{}, seen: map[string]*kit.Witness{"": kit.Lives(kit.NewWitness())}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	ctx := context.WithValue(context.Background(), key{}, kit.Lives(kit.NewWitness()))
	h := &http.Server{Handler: s, BaseContext: func(net.Listener) context.Context { return ctx }}
	go h.Serve(listener)
	url := "http://" + listener.Addr().String() + "/"
	kit.Work(4, func(i int) func() {
		client := &http.Client{Transport: &http.Transport{}, Timeout: time.Minute}
		dropper := kit.NewDropper()
		own := kit.Lives(kit.NewWitness())
		n := i * 1000
		return func() {
			n++
			body, _ := json.Marshal(newOrder(n % 2000))
			response, err := client.Post(url, "application/json", bytes.NewReader(body))
			if err != nil {
				panic(err)
			}
			io.Copy(io.Discard, response.Body)
			response.Body.Close()
			if n%100 == 0 {
				client.CloseIdleConnections()
			}
			if own.Child == nil {
				dropper.Drop()
			}
		}
	})
	// A request's own things, a cache of 500 orders, a connection with its buffers and goroutines.
	kit.Fact("objects_per_step", 12_000)
	kit.ServeBusy()
}
