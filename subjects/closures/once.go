//go:build go1.21

package main

import "sync"

func init() { onceValue = sync.OnceValue(func() *node { return newNode(99) }) }
