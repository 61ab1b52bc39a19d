//go:build !linux

package main

// limitFiles does something on linux alone.
func limitFiles() {}
