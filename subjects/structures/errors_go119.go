//go:build !go1.20

package main

import "context"

func cancellable(parent context.Context) (context.Context, func(error)) {
	ctx, cancel := context.WithCancel(parent)
	return ctx, func(error) { cancel() }
}
func cause(ctx context.Context) error { return ctx.Err() }

type joined struct{ errs []error }

func (j *joined) Error() string { return "joined" }
func join(errs ...error) error  { return &joined{errs} }
