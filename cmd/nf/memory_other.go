//go:build !linux

package main

// memoryLimit is not known on this system.
func memoryLimit() float64 { return 0 }
