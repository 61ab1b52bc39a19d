package autograd_test

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// velocities are the operations of ordinary differential equations.
func velocities() []operation {
	all := []operation{
		{"unbiased", []string{"Unbiased"}, []int{3}, false, func(s autograd.Scope) apply {
			l := s.NewUnbiased(3, 19)
			return func(p *autograd.Pass, in values) autograd.Value { return p.Unbiased(in[0], l) }
		}, 2e-6},
		{"add row by row", []string{"AddRuns"}, []int{3, 3}, false, without(func(p *autograd.Pass, in values) autograd.Value {
			return p.AddRuns(in[0], in[1])
		}), 1e-6},
		{"multiply row by row", []string{"MultiplyRuns"}, []int{3, 3}, false, without(func(p *autograd.Pass, in values) autograd.Value {
			return p.MultiplyRuns(in[0], in[1])
		}), 2e-6},
		{"a stage", []string{"Combine"}, []int{3, 3, 3, 3}, false, without(func(p *autograd.Pass, in values) autograd.Value {
			return p.Combine(in[0], []float64{0.5}, []float64{1.25, 0, -0.5}, in[1:]...)
		}), 2e-6},
		{"a stage of steps of their own", []string{"Combine"}, []int{3, 3}, false, without(func(p *autograd.Pass, in values) autograd.Value {
			return p.Combine(in[0], []float64{0.5, -0.25, 2}, []float64{1.25}, in[1])
		}), 2e-6},
		{"dots", []string{"AddDots"}, []int{5, 5}, false, without(func(p *autograd.Pass, in values) autograd.Value {
			p.AddDots(in[0], in[1], -0.25, p.LogDet)
			return autograd.Value{}
		}), 2e-6},
		{"dots with itself", []string{"AddDots"}, []int{5}, false, without(func(p *autograd.Pass, in values) autograd.Value {
			p.AddDots(in[0], in[0], 1.5, p.LogDet)
			return autograd.Value{}
		}), 2e-6},
		{"chosen rows", []string{"TakeRows", "PutRows"}, []int{3}, false, without(func(p *autograd.Pass, in values) autograd.Value {
			y := p.Input(testRows, 3, true)
			p.PutRows(y, p.TakeRows(in[0], []int{4, 0, 2}), []int{0, 1, 2})
			p.PutRows(y, p.TakeRows(in[0], []int{1, 3, 5}), []int{5, 3, 4})
			return y
		}), 0},
		{"chosen sums", []string{"AddChosen"}, []int{3}, false, without(func(p *autograd.Pass, in values) autograd.Value {
			own := p.Sums(2)
			p.AddDots(p.TakeRows(in[0], []int{0, 4}), p.TakeRows(in[0], []int{1, 5}), 1, own)
			p.AddChosen(p.LogDet, own, []int{2, 0})
			return autograd.Value{}
		}), 2e-6},
		{"scaled sums", []string{"AddScaled"}, []int{3}, false, without(func(p *autograd.Pass, in values) autograd.Value {
			own := p.Sums(testEvents)
			p.AddDots(in[0], in[0], 1, own)
			p.AddScaled(p.LogDet, own, []float64{0.5, -1, 2})
			p.AddScaled(p.LogDet, own, []float64{0.25})
			return autograd.Value{}
		}), 2e-6},
		{"contraction", []string{"Contract"}, []int{3}, false, func(s autograd.Scope) apply {
			l := s.NewContraction(3, 19, 0.4) // whose norm is larger
			return func(p *autograd.Pass, in values) autograd.Value { return p.Contract(in[0], l) }
		}, 2e-6},
		{"contraction that leaves its weight", []string{"Contract"}, []int{3}, false, func(s autograd.Scope) apply {
			l := s.NewContraction(3, 4, 1e3)
			return func(p *autograd.Pass, in values) autograd.Value { return p.Contract(in[0], l) }
		}, 2e-6},
		{"log-determinants", []string{"AddLogDeterminants"}, []int{2}, false, without(func(p *autograd.Pass, in values) autograd.Value {
			p.AddLogDeterminants(p.Combine(in[0], []float64{-0.8}, []float64{1}, in[0]), 1.5, p.LogDet) // a fifth
			return autograd.Value{}
		}), 2e-6},
		{"tangent of a linear layer", []string{"Unbiased"}, []int{3, 3}, false, func(s autograd.Scope) apply {
			l := s.NewLinear(3, 19)
			t := s.NewTangent(l)
			return func(p *autograd.Pass, in values) autograd.Value {
				return p.Add(p.Linear(in[0], l, 0), p.Unbiased(in[1], t))
			}
		}, 2e-6},
		{"tangent of a convolution", []string{"Convolve"}, []int{3, 3}, false, func(s autograd.Scope) apply {
			l := s.NewConvolution([2]int{1, 2}, blas.Window{Height: 3, Width: 3, Dilation: 1, Outside: 1}, 3, 5)
			t := s.NewConvolutionTangent(l)
			return func(p *autograd.Pass, in values) autograd.Value {
				return p.Add(p.Convolve(in[0], l, 0), p.Convolve(in[1], t, 0))
			}
		}, 5e-6},
		{"tangent of attention", []string{"AttentionTangent"}, []int{4, 4, 4, 4, 4, 4}, false, without(func(p *autograd.Pass, in values) autograd.Value {
			return p.AttentionTangent(in[0], in[1], in[2], in[3], in[4], in[5], 2)
		}), 5e-6},
		{"tangent of layer norm", []string{"LayerNormTangent"}, []int{5, 5}, false, func(s autograd.Scope) apply {
			gain := s.New("gain", 1, 5)
			return func(p *autograd.Pass, in values) autograd.Value { return p.LayerNormTangent(in[0], in[1], gain, 1e-2) }
		}, 2e-5},
		{"sigmoid", []string{"Sigmoid"}, []int{19}, false, without(func(p *autograd.Pass, in values) autograd.Value {
			return p.Sigmoid(in[0])
		}), 1e-6},
		{"rows for all events", []string{"AddRuns", "MultiplyRuns"}, []int{3, 3}, false, without(func(p *autograd.Pass, in values) autograd.Value {
			one := p.Columns(p.Take(in[1], autograd.Part{Sites: []int{1}}), []int{1, 2, 0}) // a row an event
			return p.AddRuns(p.MultiplyRuns(in[0], one), one)
		}), 2e-6},
	}
	for _, rows := range []int{0, 1, testRows} {
		inputs := []int{4}
		if rows == testRows {
			inputs = append(inputs, 3)
		}
		all = append(all, operation{fmt.Sprintf("trace with %d gates", rows), []string{"AddHiddenTrace"}, inputs, false, func(s autograd.Scope) apply {
			gate := s.New("gate", 1, 3)
			first, last := s.At("first").NewUnbiased(3, 4), s.At("last").NewUnbiased(4, 3)
			return func(p *autograd.Pass, in values) autograd.Value {
				var g autograd.Value
				switch rows {
				case 1:
					g = p.Repeat(gate, 1)
				case testRows:
					g = in[1]
				}
				p.AddHiddenTrace(first, last, in[0], g, p.LogDet)
				return autograd.Value{}
			}
		}, 5e-6})
	}
	for _, name := range autograd.SmoothActivations() {
		all = append(all, operation{"slope of " + string(name), []string{"ActivateSlope"}, []int{19}, false, without(func(p *autograd.Pass, in values) autograd.Value {
			y, slope := p.ActivateSlope(in[0], autograd.Activation{Name: name})
			return p.MultiplyRuns(y, slope)
		}), 4e-6})
	}
	return all
}
