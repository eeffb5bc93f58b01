//go:build !go1.21

package main

import (
	"io"
	"log"
)

type printer struct{ *log.Logger }

func (p printer) Info(message string, fields ...any) { p.Println(append([]any{message}, fields...)...) }

func newLogger() logger { return printer{log.New(io.Discard, "", log.LstdFlags)} }
