//go:build cgo

// With cgo, C makes the threads and their system stacks.

package main

import "C"
