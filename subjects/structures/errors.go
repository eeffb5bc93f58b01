//go:build go1.20

package main

import (
	"context"
	"errors"
)

func cancellable(parent context.Context) (context.Context, context.CancelCauseFunc) {
	return context.WithCancelCause(parent)
}
func cause(ctx context.Context) error { return context.Cause(ctx) }
func join(errs ...error) error        { return errors.Join(errs...) }
