package interop

import "math"

// layout says how a library orders the outputs of a conditioner: the parameters
// of n features, each of which has total of them.
type layout struct {
	total int
	// blocks tells that all features' first parameters come first, then all
	// second ones; otherwise each feature's parameters stand together.
	blocks bool
	// params[p] is the library's number of our parameter p.
	params []int
	// factors, unless nil, multiply our parameter p.
	factors []float64
}

// output returns which output is our parameter p of a feature.
func (l layout) output(feature, n, p int) int {
	if l.blocks {
		return l.params[p]*n + feature
	}
	return feature*l.total + l.params[p]
}

func (l layout) factor(p int) float64 {
	if l.factors == nil {
		return 1
	}
	return l.factors[p]
}

// splineLayout is that of all three libraries: widths, heights, slopes of a
// feature together. divisor divides widths and heights.
func splineLayout(bins, total int, divisor float64) layout {
	l := layout{total: total}
	for p := range total {
		l.params = append(l.params, p)
		l.factors = append(l.factors, 1)
		if p < 2*bins {
			l.factors[p] = 1 / divisor
		}
	}
	return l
}

// hiddenDivisor is √H, by which nflows and normflows divide raw widths and
// heights where the conditioner says how wide it is: those of couplings do.
func hiddenDivisor(hidden int) float64 { return math.Sqrt(float64(hidden)) }
