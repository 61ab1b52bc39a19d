//go:build noasm || !(amd64 || arm64)

package kernels

// processorTiers returns no tier: the reference is all there is.
func processorTiers() []*Tier { return nil }
