//go:build !unix

package main

// closedStandardOutput is not known on this system.
func closedStandardOutput() bool { return false }
