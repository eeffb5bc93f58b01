//go:build go1.21

package main

import "context"

func init() {
	afterCancelled = func(ctx context.Context, f func()) { context.AfterFunc(ctx, f) }
}
