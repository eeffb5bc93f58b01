//go:build go1.23

//go:debug asynctimerchan=0
package main
