package main

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/flow"
)

// hasNoise refuses a model that has no map from rows to noise.
func hasNoise(f *flow.Flow, path string) error {
	if !f.Augmented() {
		return nil
	}
	return fmt.Errorf("%s has columns of noise beside those of the data (--noise-columns), so that no noise belongs to a row: it scores and draws samples; train without them for this", shownPath(path))
}
