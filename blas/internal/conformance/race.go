//go:build race

package conformance

// The race detector drops pooled buffers at random, so allocations are only
// counted without it.
const raceEnabled = true
