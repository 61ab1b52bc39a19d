package kernels

// safePoint is where the garbage collector can stop a goroutine that is in a
// long call: every loop that cuts one into calls of assembly makes this call
// too. Cutting is not enough. Assembly cannot be interrupted and has no check
// of its own, and the few instructions between two calls of it are next to
// never hit by the signal that would interrupt a loop. A function that calls
// another one and is not inlined begins with the check of the stack by which
// goroutines are asked to stop.
//
//go:noinline
func safePoint() { nothing() }

//go:noinline
func nothing() {}
