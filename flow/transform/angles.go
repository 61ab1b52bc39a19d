package transform

import (
	"fmt"
	"slices"
)

// Angles says that features are angles: values from −Bound to Bound, whose two ends
// are one point. What conditions on one sees cos(πx/Bound) and sin(πx/Bound) in its
// place, which are continuous where the ends meet (Rezende et al., 2020).
type Angles struct {
	Features []int   `json:"features"` // ascending
	Bound    float64 `json:"bound"`
}

// check tells what is wrong with angles among the features that a mask keeps.
func (a *Angles) check(mask []bool, features int) error {
	for i, f := range a.Features {
		if f < 0 || f >= features || i > 0 && f <= a.Features[i-1] || len(mask) != features || mask[f] {
			return fmt.Errorf("entry %d of the angles is feature %d, want ascending ones of 0 to %d that the mask keeps", i, f, features-1)
		}
	}
	if len(a.Features) == 0 {
		return fmt.Errorf("there are angles of no feature")
	}
	if !(a.Bound >= minAngle && a.Bound <= maxAngle) {
		return fmt.Errorf("the bound of the angles is %v, want %v to %v", a.Bound, minAngle, float64(maxAngle))
	}
	return nil
}

// The bounds of angles are those of splines.
const minAngle, maxAngle = 1e-6, 1e6

// among tells of each kept data column whether it is an angle; columns has the data
// column of each feature.
func (a *Angles) among(kept, columns []int) []bool {
	is := make([]bool, len(kept))
	for _, f := range a.Features {
		is[slices.Index(kept, columns[f])] = true
	}
	return is
}
