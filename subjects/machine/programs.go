package main

// tests/support/machine_go.cc writes this file: the slice machine's programs as Go.
var programs []program
