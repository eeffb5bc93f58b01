// A web service at rest: net/http server and client with idle connections, JSON in and out, logs.
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

type account struct {
	ID      int               `json:"id"`
	Name    string            `json:"name"`
	Tags    []string          `json:"tags,omitempty"`
	Meta    map[string]any    `json:"meta"`
	Friends []*account        `json:"friends,omitempty"`
	Labels  map[string]string `json:"labels"`
}

// A logger is a *slog.Logger, as far as the release has it.
type logger interface {
	Info(message string, fields ...any)
}

type service struct {
	mu       sync.Mutex
	accounts map[int]*account
	log      logger
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in account
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	s.accounts[in.ID] = &in
	s.mu.Unlock()
	s.log.Info("stored", "id", in.ID, "from", r.RemoteAddr)
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(&in)
}

var (
	handler = &service{accounts: map[int]*account{}, log: newLogger()}
	server  = &http.Server{Handler: handler, ReadTimeout: time.Hour, IdleTimeout: time.Hour}
	client  = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 10, IdleConnTimeout: time.Hour}}
)

func post(url string, i int) {
	body, _ := json.Marshal(account{ID: i, Name: "name " + strconv.Itoa(i), Tags: []string{"a", "b"},
		Meta: map[string]any{"x": 1.5, "list": []int{1, 2}}, Friends: []*account{{ID: -i}}})
	response, err := client.Post(url, "application/json", bytes.NewReader(body))
	if err != nil {
		panic(err)
	}
	io.Copy(io.Discard, response.Body)
	response.Body.Close()
}

// pending leaves a request unfinished: its handler waits for the rest of the body.
func pending(address string) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		panic(err)
	}
	io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{\"id\": 1")
	open = append(open, conn)
}

var open []net.Conn

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go server.Serve(listener)
	url := "http://" + listener.Addr().String() + "/accounts"
	var group sync.WaitGroup
	for worker := 0; worker < 5; worker++ {
		worker := worker // to Go 1.21 all iterations have one
		group.Add(1)
		go func() {
			defer group.Done()
			for i := 0; i < 40; i++ {
				post(url, worker*1000+i)
			}
		}()
	}
	group.Wait()
	pending(listener.Addr().String())
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	go func() {
		<-ctx.Done()
		server.Shutdown(ctx)
	}()
	time.Sleep(30 * time.Millisecond)
	kit.Serve()
}
