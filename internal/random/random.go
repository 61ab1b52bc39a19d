// Package random names the streams of the Philox generator (DESIGN of the
// bits: key = seed, counter = (stream, index, block)) and draws from them what
// is not a kernel: uniform values and permutations. Everything is a function
// of (seed, stream, index) alone, on every machine.
package random

import "github.com/seed-192fdf7a/nf/kernels"

// Streams keep the uses of one seed apart.
const (
	Initialization uint32 = iota // index: the parameter's offset
	Shuffle                      // index: the epoch
	Noise                        // index: the row; what is added to, or stands in for, data
	Sample                       // index: the sample
	Split                        // index: 0, the train and validation split
	Permute                      // index: the layer
	Demo                         // index: the row; where on the moons it lies
	SampleWords                  // index: the sample; what of it is not normal noise
	Dequantize                   // index: the row, or the event and its epoch; where in the cell of its value it lies
	Flip                         // index: the event and its epoch
	Component                    // index: the sample; which model of an ensemble draws it
	Augmentation                 // index: the row; normal noise that moves a row
	Mixing                       // index: the row; with what other row, and how much of it
	Dropout                      // index: the event and its epoch; whether it loses its classes
	Probe                        // index: the event and its epoch; the directions of an estimated trace
	Path                         // index: the event and its epoch; the noise that its path leads to
	PathTime                     // index: the event and its epoch; where on its path it is asked for a velocity
	Augmented                    // index: the event and its epoch, or the draw; columns of noise beside those of the data
	Roulette                     // index: the event and its epoch; how many terms of a series are added up
)

// Uniform fills dst with values of U(-bound, bound), multiples of
// bound·2⁻²³.
func Uniform(dst []float32, seed uint64, stream uint32, index uint64, bound float32) {
	words := make([]uint32, len(dst))
	kernels.PhiloxWords(words, seed, stream, index)
	for i, w := range words {
		dst[i] = float32((float32(float32(w>>8)*(1.0/(1<<23))) - 1) * bound)
	}
}

// Permutation fills order with a permutation of 0 … len(order)-1
// (Fisher and Yates). len(order) must be below 2³².
func Permutation(order []int, seed uint64, stream uint32, index uint64) {
	words := make([]uint32, len(order))
	kernels.PhiloxWords(words, seed, stream, index)
	for i := range order {
		order[i] = i
	}
	for i := len(order) - 1; i > 0; i-- {
		j := int(uint64(words[i]) * uint64(i+1) >> 32)
		order[i], order[j] = order[j], order[i]
	}
}
