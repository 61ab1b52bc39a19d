package transform

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/internal/limits"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// ResidualNetworkSpec describes an invertible residual block whose network has any
// number of hidden layers and sees a context (i-ResNet: Behrmann et al., 2019;
// residual flows: Chen, Behrmann, Duvenaud and Jacobsen, 2019):
//
//	z = x + g(x)      h₁ = a(x·W₁ + c·C + b₁), hᵢ = a(hᵢ₋₁·Wᵢ + bᵢ), g = hₙ₋₁·Wₙ + bₙ
//
// Each W is divided by what its spectral norm is above L^(1/n), for all but the
// first over the largest slope of a, so that g changes no distance by more than L
// times. The inverse is the fixed point of x = z − g(x). [ResidualSpec] is the block
// of one hidden layer, without a context.
//
// The log-det is log det(I + J), J = ∂g/∂x, the determinant itself, of D tangents and
// D³/3 operations; or with Probes ε, in training and where D is above 128, the estimate
// of its series,
//
//	log det(I + J) = Σ_k (−1)^(k+1)/k·tr Jᵏ ≈ Σ_k (−1)^(k+1)/k·mean εᵀJᵏε
//
// of Terms terms in scoring, whose error is below D·L^(Terms+1)/((Terms+1)·(1−L)),
// beside that of the probes. Training has the first two terms, and draws for each event
// and epoch how many more, of which term k is divided by the probability that it
// is there (Russian roulette), so that the estimate has no bias; its gradient is that
// of εᵀJw, with the constant w = Σ_k (−J)ᵏ⁻¹ε likewise, in the memory of one term.
type ResidualNetworkSpec struct {
	// Hidden is the width of each hidden layer.
	Hidden []int `json:"hidden"`
	// Lipschitz is L, below 1.
	Lipschitz float64 `json:"lipschitz"`
	// Probes estimate the log-det; none make it exact, of up to 128 features.
	Probes ProbesSpec `json:"probes"`
	// Terms is their number in scoring, of an estimate for more than 128 features.
	Terms int `json:"terms,omitempty"`
	autograd.Activation
}

// steepest has the largest slopes of activations, rounded up.
var steepest = map[autograd.ActivationName]float64{
	autograd.TanhActivation:     1,
	autograd.ELUActivation:      1,
	autograd.SoftplusActivation: 1,
	autograd.SiLUActivation:     1.1,
	autograd.GELUActivation:     1.13,
}

// MaxResidualTerms bounds ResidualNetworkSpec.Terms.
const MaxResidualTerms = 1000

// Check implements [Spec].
func (s *ResidualNetworkSpec) Check(shape Shape, _ int) error {
	if err := s.Probes.check(); err != nil {
		return fmt.Errorf("residual-network: %w", err)
	}
	slope := steepest[s.Name]
	switch {
	case len(s.Hidden) < 1 || len(s.Hidden) > limits.HiddenLayers:
		return fmt.Errorf("residual-network: %d hidden layers, want 1 to %d", len(s.Hidden), limits.HiddenLayers)
	case slices.Min(s.Hidden) < 1 || slices.Max(s.Hidden) > maxResidualHidden:
		return fmt.Errorf("residual-network: hidden layers of %v units, want 1 to %d in each", s.Hidden, maxResidualHidden)
	case !(s.Lipschitz >= 0.01 && s.Lipschitz <= 0.99):
		return fmt.Errorf("residual-network: the Lipschitz constant is %v, want 0.01 to 0.99", s.Lipschitz)
	case slope == 0 || s.Slope != 0:
		var names []string
		for name := range steepest {
			names = append(names, string(name))
		}
		slices.Sort(names)
		return fmt.Errorf("residual-network: the activation %q has no bounded, smooth slope; choose %s", s.Name, strings.Join(names, ", "))
	case s.Probes.Count == 0 && s.Terms != 0:
		return fmt.Errorf("residual-network: the log-det is exact, but has %d terms", s.Terms)
	case s.Probes.Count > 0 && (s.Terms < 1 || s.Terms > MaxResidualTerms):
		return fmt.Errorf("residual-network: an estimate of %d terms, want 1 to %d", s.Terms, MaxResidualTerms)
	case s.Probes.Count == 0 && shape.Features > maxResidualFeatures:
		return fmt.Errorf("residual-network: %d features, whose determinants take too long: want at most %d, or probes", shape.Features, maxResidualFeatures)
	}
	return nil
}

// Output implements [Spec].
func (s *ResidualNetworkSpec) Output(in Shape, _ bool) Shape { return in }

// Build implements [Spec]: the parameters are layers.0.weight [in, out], .bias and so
// on, over data columns, and context.weight.
func (s *ResidualNetworkSpec) Build(shape Shape, context int, scope autograd.Scope) Transform {
	t := &residualNetwork{spec: *s, features: shape.Features}
	widths := append(append([]int{shape.Features}, s.Hidden...), shape.Features)
	each := kernels.Exp64(kernels.Log64(s.Lipschitz) / float64(len(s.Hidden)+1))
	for i, in := range widths[:len(widths)-1] {
		bound := each
		if i > 0 {
			bound /= steepest[s.Name]
		}
		at := scope.At("layers", i)
		t.layers = append(t.layers, residualLayer{at.NewContraction(in, widths[i+1], bound), at.New("bias", 1, widths[i+1])})
	}
	if context > 0 {
		t.context = scope.At("context").NewUnbiased(context, widths[1])
	}
	return t
}

type residualNetwork struct {
	spec     ResidualNetworkSpec
	features int
	layers   []residualLayer
	context  *autograd.Unbiased // nil without one
}

// AnySeries tells whether a map is, or has among its parts, one whose log-det is the
// estimate of a series in scoring.
func AnySeries(t Transform) bool {
	return anyMap(t, func(t Transform) bool {
		r, ok := t.(*residualNetwork)
		return ok && r.features > maxResidualFeatures
	})
}

type residualLayer struct {
	weight *autograd.Contraction
	bias   *autograd.Parameter
}

// Bind implements [Transform].
func (t *residualNetwork) Bind(columns []int, _ bool) []int { return columns }

// Initialize draws weights and biases from U(−1/√in, 1/√in), but sets the last layer
// to zero, so that the map begins as the identity.
func (t *residualNetwork) Initialize(seed uint64) {
	draw := func(q *autograd.Parameter, in int) {
		random.Uniform(q.Values(), seed, random.Initialization, uint64(q.Offset()), float32(1/math.Sqrt(float64(in))))
	}
	last := len(t.layers) - 1
	for _, l := range t.layers[:last] {
		draw(l.weight.Weight(), l.weight.In())
		draw(l.bias, l.weight.In())
	}
	clear(t.layers[last].weight.Weight().Values())
	clear(t.layers[last].bias.Values())
	if t.context != nil {
		draw(t.context.Weight, t.context.In())
	}
}

// residual returns g(x), and if slopes is not nil, the activations' slopes of each
// hidden layer in it.
func (t *residualNetwork) residual(p *autograd.Pass, x autograd.Value, slopes []autograd.Value) autograd.Value {
	last := len(t.layers) - 1
	for i, l := range t.layers {
		x = p.AddRuns(p.Contract(x, l.weight), p.Repeat(l.bias, 1))
		if i == 0 && t.context != nil {
			x = p.Add(x, p.Unbiased(p.SiteContext(x.Rows), t.context))
		}
		switch {
		case i == last:
		case slopes == nil:
			x = p.Activate(x, t.spec.Activation)
		default:
			x, slopes[i] = p.ActivateSlope(x, t.spec.Activation)
		}
	}
	return x
}

// tangent returns J·v for each row of v, of which each of x has equally many.
func (t *residualNetwork) tangent(p *autograd.Pass, v autograd.Value, slopes []autograd.Value) autograd.Value {
	for i, l := range t.layers {
		v = p.Contract(v, l.weight)
		if i < len(slopes) {
			v = p.MultiplyRuns(v, slopes[i])
		}
	}
	return v
}

// Forward implements [Transform].
func (t *residualNetwork) Forward(p *autograd.Pass, x autograd.Value) autograd.Value {
	mark := p.Mark()
	var room [limits.HiddenLayers]autograd.Value
	slopes := room[:len(t.layers)-1]
	g := t.residual(p, x, slopes)
	t.addLogDet(p, x, slopes, 1)
	if p.Recording() {
		return p.Add(x, g)
	}
	p.Put(x, p.Add(x, g), autograd.Part{})
	p.Release(mark)
	return x
}

// addLogDet adds sign·log det(I + J) at x.
func (t *residualNetwork) addLogDet(p *autograd.Pass, x autograd.Value, slopes []autograd.Value, sign float64) {
	probes := t.spec.Probes
	roulette := probes.Count > 0 && drawsAnew(p)
	if !roulette && t.features <= maxResidualFeatures {
		units := (&ProbesSpec{}).directions(p, x, 0)
		p.AddLogDeterminants(t.tangent(p, units, slopes), sign, p.LogDet)
		return
	}
	offset := t.layers[0].bias.Offset()
	directions := probes.directions(p, x, offset)
	share := float64(sign * probes.share())
	if roulette {
		t.addRoulette(p, directions, slopes, share, offset)
		return
	}
	v := p.Copy(directions)
	for k := 1; k <= t.spec.Terms; k++ {
		mark := p.Mark()
		if next := t.tangent(p, v, slopes); p.Recording() {
			v = next
		} else {
			p.Put(v, next, autograd.Part{})
		}
		p.AddDots(v, directions, share/float64(k), p.LogDet)
		share = -share
		p.Release(mark)
	}
}

// Russian roulette: the terms that are always there, and the probability that a
// further one is there if the one before it is.
const (
	rouletteAlways   = 2
	rouletteSurvival = 0.75
)

// rouletteMost bounds what is drawn; the probability to come there is 3e-15.
const rouletteMost = 118

// addRoulette adds the estimate of training, and its gradient.
func (t *residualNetwork) addRoulette(p *autograd.Pass, directions autograd.Value, slopes []autograd.Value, share float64, offset int) {
	events := len(p.LogDet.Values)
	terms, most := make([]int, events), 0
	for e := range terms {
		var word [1]uint32
		kernels.PhiloxWords(word[:], p.Seed+uint64(offset), random.Roulette, eventIndex(p, e))
		terms[e] = rouletteAlways
		u := (float64(word[0]) + 0.5) * 0x1p-32
		for there := rouletteSurvival; u < there && terms[e] < rouletteMost; there *= rouletteSurvival {
			terms[e]++
		}
		most = max(most, terms[e])
	}
	w := p.Copy(directions)
	p.Still(func() {
		v, factors := p.Copy(directions), make([]float64, events)
		sign, present := 1.0, 1.0 // the probability that a term is there
		for k := 1; k <= most; k++ {
			mark := p.Mark()
			if k > rouletteAlways {
				present *= rouletteSurvival
			}
			for e := range factors {
				if factors[e] = 0; k <= terms[e] {
					factors[e] = sign / present
				}
			}
			if k > 1 {
				p.Put(w, p.Combine(w, factors, []float64{1}, v), autograd.Part{})
			}
			p.Put(v, t.tangent(p, v, slopes), autograd.Part{})
			dots := p.Sums(events)
			p.AddDots(v, directions, share/float64(k), dots)
			for e, f := range factors {
				p.LogDet.Values[e] += float64(f * dots.Values[e])
			}
			p.Release(mark)
			sign = -sign
		}
	})
	if !p.Recording() {
		return
	}
	// What follows has the gradient, and the value is there already.
	values := slices.Clone(p.LogDet.Values)
	p.AddDots(t.tangent(p, w, slopes), directions, share, p.LogDet)
	copy(p.LogDet.Values, values)
}

// Inverse implements [Transform].
func (t *residualNetwork) Inverse(p *autograd.Pass, z autograd.Value) autograd.Value {
	var x autograd.Value
	p.Still(func() { x = t.fixedPoint(p, z) })
	if p.Recording() {
		// Of x ← z − g(x), from the fixed point on, the values stay what they are, and
		// after n steps the gradient is right but for Lⁿ of it.
		precision := 1e-8
		if p.Float64() {
			precision = 1e-14
		}
		end := x
		for range int(math.Ceil(kernels.Log64(precision) / kernels.Log64(t.spec.Lipschitz))) {
			x = t.back(p, z, x)
		}
		for r := range x.Rows { // but for rounding, which must not tell what is recorded
			for c := range x.Cols {
				x.Set(r, c, end.At(r, c))
			}
		}
	}
	var room [limits.HiddenLayers]autograd.Value
	slopes := room[:len(t.layers)-1]
	t.residual(p, x, slopes)
	t.addLogDet(p, x, slopes, -1)
	return x
}

// back returns z − g(x).
func (t *residualNetwork) back(p *autograd.Pass, z, x autograd.Value) autograd.Value {
	return p.Combine(z, []float64{-1}, []float64{1}, t.residual(p, x, nil))
}

// fixedPoint returns x where z − g(x) is x but for rounding. Every row ends by
// itself.
func (t *residualNetwork) fixedPoint(p *autograd.Pass, z autograd.Value) autograd.Value {
	close := 2.5e-7
	if p.Float64() {
		close = 1e-14
	}
	x := p.Copy(z)
	ended := make([]bool, x.Rows)
	for range residualSteps {
		mark, far := p.Mark(), false
		next := t.back(p, z, x)
		for r := range x.Rows {
			if ended[r] {
				continue
			}
			ended[r] = true
			for c := range x.Cols {
				to := next.At(r, c)
				if math.Abs(to-x.At(r, c)) > float64(close*(1+math.Abs(to))) {
					ended[r] = false
				}
				x.Set(r, c, to)
			}
			far = far || !ended[r]
		}
		p.Release(mark)
		if !far {
			break
		}
	}
	return x
}
