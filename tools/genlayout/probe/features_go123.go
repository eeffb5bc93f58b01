//go:build go1.23 && !go1.24

package main

import "unique"

// unique.Make uses the runtime's weak pointers, which have no public face before Go 1.24.
func features(n *node) { sink = unique.Make(n.name) }
