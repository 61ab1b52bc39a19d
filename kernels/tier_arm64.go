//go:build !noasm

package kernels

// processorTiers returns the tiers that this processor can run beside the
// reference, best last.
func processorTiers() []*Tier { return nil }
