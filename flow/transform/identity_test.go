package transform_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// scaledAtZero has the families that are another map at zero: those whose scale map
// is not 1 at 0, but 0.88, 0.88, 0.69 and 1.14, and others.
var scaledAtZero = map[string]bool{
	"coupling-sigmoid": true, "coupling-sigmoid-without-epsilon": true, "coupling-softplus": true, "coupling-sigmoid-reciprocal": true,
	"elementwise-mixture": true, "coupling-mixture": true, "gaussianization-mixture": true, "sequential-wavenet-mixture": true, // 1.6, of the quantile function
	"autoregressive-mixture-logit": true, "autoregressive-dense-sigmoidal-constants": true, // spread
	"bnaf": true, "bnaf-deep": true, // the roots of its widths
	// Of other libraries, which start elsewhere.
	"elementwise-softclip": true, "coupling-composed-softclip": true, "elementwise-normal-mixture": true,
	"coupling-squared-polynomial": true, "autoregressive-squared-polynomial": true, "autoregressive-monotonic-integral-constants": true,
	"coupling-squares-polynomial": true, "autoregressive-squares-polynomial": true, // nearly
}

// TestZeroParametersAreTheIdentity holds for every family that starts there.
func TestZeroParametersAreTheIdentity(t *testing.T) {
	for _, f := range families {
		switch f.name {
		case "batchnorm":
			continue // its epsilon shrinks unit variance a little, by design
		case "support":
			continue // it has no parameters
		}
		rounding := 0.0
		if strings.Contains(f.name, "spline") || scalars(f.name) {
			rounding = 1e-6 // of its knots, or of its logarithms
		}
		if gated[f.name] {
			continue // it needs a context
		}
		s := build(t, f.spec(7), transform.Shape{Features: 7}, 0)
		clear(s.parameters.Values())
		if scaledAtZero[f.name] {
			continue
		}
		x := noise(21, 1, 3)
		_, _, out, total := s.run(autograd.Bind32(s.parameters, blas.Builtin()).NewGraph(), autograd.Evaluate, false, x, nil)
		if f.name == "split-and-back" {
			// What left and came back has other columns: each row has its values.
			for r := range out.Rows {
				got, want := values(out)[r*7:(r+1)*7], slices.Clone(x[r*7:(r+1)*7])
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) || total.Values[r] != 0 {
					t.Errorf("%s: row %d has the values %v and the log-det %v, want %v and 0", f.name, r, got, total.Values[r], want)
				}
			}
			continue
		}
		for r := range out.Rows {
			for i, c := range s.outputs {
				// Feature i of z is the feature of x whose column it has.
				if got := out.At(r, c); math.Abs(got-x[r*7+c]) > rounding {
					t.Errorf("%s: row %d feature %d is %v, want %v", f.name, r, i, got, x[r*7+c])
				}
			}
			if math.Abs(total.Values[r]) > 7*rounding {
				t.Errorf("%s: log-det %v, want 0", f.name, total.Values[r])
			}
		}
	}
}
