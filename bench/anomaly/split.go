package anomaly

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// The sizes that a set is brought to, and the part of its rows to test on.
const (
	fewestRows = 1000
	mostRows   = 10000
	testPart   = 0.3
)

// Indexes of the draws of a seed, in the stream random.Split.
const (
	drawRows = iota
	drawNormal
	drawAnomalous
	drawValidation
)

// Split draws the training and the test part of a set. Training has no use for
// the labels of its part.
func (s *Set) Split(seed uint64) (training, test *Set, err error) {
	n := len(s.Anomaly)
	if n == 0 {
		return nil, nil, fmt.Errorf("%s has no rows", s.Name)
	}
	drawn := s
	switch {
	case n < fewestRows:
		words, rows := make([]uint32, fewestRows), make([]int, fewestRows)
		kernels.PhiloxWords(words, seed, random.Split, drawRows)
		for i, w := range words {
			rows[i] = int(uint64(w) * uint64(n) >> 32)
		}
		drawn = s.pick(rows)
	case n > mostRows:
		rows := make([]int, n)
		random.Permutation(rows, seed, random.Split, drawRows)
		drawn = s.pick(rows[:mostRows])
	}
	var kinds [2][]int // the rows that are normal, and the anomalies
	for r, a := range drawn.Anomaly {
		if a {
			kinds[1] = append(kinds[1], r)
		} else {
			kinds[0] = append(kinds[0], r)
		}
	}
	var parts [2][]int
	for kind, rows := range kinds {
		order := make([]int, len(rows))
		random.Permutation(order, seed, random.Split, uint64(drawNormal+kind))
		tested := int(testPart*float64(len(rows)) + 0.5)
		if tested == 0 {
			return nil, nil, fmt.Errorf("%s has %d normal rows and %d anomalies after the draw of seed %d: too few to test on", s.Name, len(kinds[0]), len(kinds[1]), seed)
		}
		for i, at := range order {
			part := 0
			if i < tested {
				part = 1
			}
			parts[part] = append(parts[part], rows[at])
		}
	}
	return drawn.pick(parts[0]), drawn.pick(parts[1]), nil
}
