package transform

import (
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// SupportSpec describes elementwise maps from intervals to all real numbers,
// for columns that are bounded or positive: see [autograd.Support]. It learns
// nothing, and belongs at the start of a chain; features that it does not name
// pass.
type SupportSpec struct {
	Columns []SupportColumn `json:"columns"`
}

// SupportColumn is the interval of one feature, as it enters the map: open on
// a side whose end is nil.
type SupportColumn struct {
	Feature int      `json:"feature"`
	Map     string   `json:"map"` // "logit", "log" or "softplus"
	Lower   *float64 `json:"lower,omitempty"`
	Upper   *float64 `json:"upper,omitempty"`
	Margin  float64  `json:"margin,omitempty"`
}

// univariate checks the column and returns its map.
func (c SupportColumn) univariate() (*autograd.Support, error) {
	s := &autograd.Support{Lower: math.Inf(-1), Upper: math.Inf(1), Margin: c.Margin, Linear: c.Map == "softplus"}
	ends := 0
	for _, end := range []struct{ given, into *float64 }{{c.Lower, &s.Lower}, {c.Upper, &s.Upper}} {
		if end.given == nil {
			continue
		}
		if !autograd.Holds(*end.given) {
			return nil, fmt.Errorf("an end is %v, want a number that float32 holds, or none", *end.given)
		}
		*end.into = *end.given
		ends++
	}
	switch c.Map {
	case "logit":
		if ends != 2 || !(s.Lower < s.Upper) {
			return nil, fmt.Errorf("logit needs lower and upper, in this order")
		}
		if !(c.Margin >= 0 && c.Margin < 0.5 && autograd.Holds(c.Margin)) {
			return nil, fmt.Errorf("the margin is %v, want at least 0 and below 0.5, and 0 or what float32 holds", c.Margin)
		}
	case "log", "softplus":
		if ends != 1 {
			return nil, fmt.Errorf("%s needs either lower or upper", c.Map)
		}
		if c.Margin != 0 {
			return nil, fmt.Errorf("%s takes no margin", c.Map)
		}
	default:
		return nil, fmt.Errorf("the map %q is not known; choose logit, log or softplus", c.Map)
	}
	return s, nil
}

// Map returns the map of a feature of a checked description, or nil for one
// that passes.
func (s *SupportSpec) Map(feature int) *autograd.Support {
	for _, c := range s.Columns {
		if c.Feature == feature {
			u, _ := c.univariate()
			return u
		}
	}
	return nil
}

// Check implements [Spec].
func (s *SupportSpec) Check(shape Shape, _ int) error {
	seen := make([]bool, shape.Features)
	for i, c := range s.Columns {
		if c.Feature < 0 || c.Feature >= shape.Features || seen[c.Feature] {
			return fmt.Errorf("support: entry %d is for feature %d: want each of 0 to %d at most once", i, c.Feature, shape.Features-1)
		}
		seen[c.Feature] = true
		if _, err := c.univariate(); err != nil {
			return fmt.Errorf("support: feature %d: %w", c.Feature, err)
		}
	}
	return nil
}

// Output implements [Spec].
func (s *SupportSpec) Output(in Shape, _ bool) Shape { return in }

// Build implements [Spec].
func (s *SupportSpec) Build(Shape, int, autograd.Scope) Transform {
	t := &support{}
	for _, c := range s.Columns {
		u, _ := c.univariate()
		t.maps = append(t.maps, autograd.Widen(u))
		t.features = append(t.features, c.Feature)
	}
	return t
}

type support struct {
	maps     []autograd.Univariate
	features []int
	columns  [][]int // the data column of each map
}

func (t *support) Bind(columns []int, _ bool) []int {
	t.columns = nil
	for _, f := range t.features {
		t.columns = append(t.columns, []int{columns[f]})
	}
	return columns
}

func (t *support) Initialize(uint64) {}

func (t *support) Forward(p *autograd.Pass, x autograd.Value) autograd.Value {
	return t.apply(p, x, false)
}

func (t *support) Inverse(p *autograd.Pass, z autograd.Value) autograd.Value {
	return t.apply(p, z, true)
}

func (t *support) apply(p *autograd.Pass, x autograd.Value, inverse bool) autograd.Value {
	for i, m := range t.maps {
		x = p.Apply(m, inverse, x, p.Input(x.Rows, 0, false), autograd.Columns(t.columns[i]), p.LogDet)
	}
	return x
}

// Reversible implements [Reversible].
func (*support) Reversible() bool { return true }
