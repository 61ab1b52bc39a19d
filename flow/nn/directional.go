package nn

import (
	"fmt"
	"strings"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// DirectionalSpec describes a conditioner that can be differentiated along
// directions, as a velocity is: see [VelocitySpec.Network].
type DirectionalSpec interface {
	Spec
	// CheckDirectional tells why it cannot.
	CheckDirectional() error
	// BuildDirectional is Build, where features are shown.
	BuildDirectional(in autograd.Shape, context, out int, scope autograd.Scope) Directional
}

// Directional is a conditioner that goes on with tangents.
type Directional interface {
	Conditioner
	// ComputeDual is Compute, where features are shown, and replaces tangents of x, with
	// a row for each of its rows, by those of the result. The result has the same bits
	// with tangents as without.
	ComputeDual(p *autograd.Pass, x autograd.Value, tangents []autograd.Value) autograd.Value
}

// checkSmooth tells what is wrong with an activation of a velocity.
func checkSmooth(a autograd.Activation) error {
	if a.Smooth() {
		return nil
	}
	var names []string
	for _, n := range autograd.SmoothActivations() {
		names = append(names, string(n))
	}
	name := string(a.Name)
	if name == "" {
		name = "ReLU"
	}
	return fmt.Errorf("a velocity needs a smooth activation, and %s is none; choose %s", name, strings.Join(names, ", "))
}

// activateDual returns the activation of each value, and multiplies tangents by its
// derivative.
func activateDual(p *autograd.Pass, x autograd.Value, a autograd.Activation, tangents []autograd.Value) autograd.Value {
	if len(tangents) == 0 {
		return p.Activate(x, a)
	}
	x, slope := p.ActivateSlope(x, a)
	for k, t := range tangents {
		tangents[k] = p.MultiplyRuns(t, slope)
	}
	return x
}

// linearDual returns x·weight + bias, and tangents·weight in their place.
func linearDual(p *autograd.Pass, x autograd.Value, l *autograd.Linear, tangent *autograd.Unbiased, tangents []autograd.Value) autograd.Value {
	for k, t := range tangents {
		tangents[k] = p.Unbiased(t, tangent)
	}
	return p.Linear(x, l, blas.None)
}

// gateDual returns the columns value times σ of the columns gate, and the derivatives
// of that, of the same columns of the tangents, in their place.
func gateDual(p *autograd.Pass, x autograd.Value, value, gate []int, tangents []autograd.Value) autograd.Value {
	v, g := p.Columns(x, value), p.Columns(x, gate)
	if len(tangents) == 0 {
		return p.Gate(v, g)
	}
	s := p.Sigmoid(g)
	rate := p.MultiplyRuns(v, p.Combine(s, minusOne, one, p.MultiplyRuns(s, s))) // v·σ′
	for k, t := range tangents {
		tangents[k] = p.Add(p.MultiplyRuns(p.Columns(t, value), s), p.MultiplyRuns(p.Columns(t, gate), rate))
	}
	return p.MultiplyRuns(v, s)
}

// The factors of s − s².
var one, minusOne = []float64{1}, []float64{-1}

// addDual returns a + b, and adds the tangents of b to those of a.
func addDual(p *autograd.Pass, a, b autograd.Value, tangents, added []autograd.Value) autograd.Value {
	for k, t := range tangents {
		tangents[k] = p.Add(t, added[k])
	}
	return p.Add(a, b)
}

// scaleDual returns x times s, whose rows are of runs, and the tangents times s.
func scaleDual(p *autograd.Pass, x, s autograd.Value, tangents []autograd.Value) autograd.Value {
	for k, t := range tangents {
		tangents[k] = p.MultiplyRuns(t, s)
	}
	return p.MultiplyRuns(x, s)
}
