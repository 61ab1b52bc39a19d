package interop

import (
	"fmt"
	"slices"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/internal/limits"
)

// zukoNeural reads the layer of a NAF or a UNAF: n computes for each feature a signal, of
// a UNAF a shift behind it, and a network of the feature's own takes the feature
// and its signal. What that network's first layer makes of the signal is linear,
// so that the last layer of n gives it instead of the signal, and of the network
// remains one of a single number, whose weights are constants.
func (r *reader) zukoNeural(prefix string, n network, o Options) error {
	where, integral := prefix+"univariate.network.", false
	if !r.any(where) {
		where, integral = prefix+"univariate.integrand.", true
	}
	if err := r.alternating(where); err != nil {
		return err
	}
	d, last := r.builder.features, n.layers[len(n.layers)-1]
	each := last.out / d
	signal := each
	if integral {
		signal--
	}
	if last.out%d != 0 || signal < 1 {
		return fmt.Errorf("tensors %shyper.… have %d outputs, which are no signals of the %d features", prefix, last.out, d)
	}
	in := 1 + signal
	var hidden []int
	var constants [][]float64 // of each feature
	var first stacked
	numbers := r.numbered(where)
	for l, number := range numbers {
		t, err := r.stacked(fmt.Sprintf("%s%d", where, number), d, in)
		if err != nil {
			return err
		}
		switch {
		case l == len(numbers)-1 && t.out != 1:
			return fmt.Errorf("tensor %s%d.weight has %d outputs, want one", where, number, t.out)
		case l == len(numbers)-1 && l == 0:
			return fmt.Errorf("tensors %s… have no hidden layer, which is not supported", where)
		case l == 0:
			first, constants = t, make([][]float64, d)
			for f := range d {
				for u := range t.out {
					constants[f] = append(constants[f], t.weight[(f*t.out+u)*in])
				}
			}
		default:
			for f := range d {
				constants[f] = append(append(constants[f], t.weight[f*t.out*in:][:t.out*in]...), t.bias[f*t.out:][:t.out]...)
			}
		}
		if l < len(numbers)-1 {
			hidden = append(hidden, t.out)
		}
		in = t.out
	}
	var u autograd.Univariate
	if integral {
		m := &autograd.IntegralMLP{Hidden: hidden, Activation: autograd.Activation{Name: autograd.ELUActivation}, Quadrature: autograd.GaussLegendre, Points: 32, Tolerance: zukoInverseTolerance}
		if o.IntegrandActivation != "" {
			var err error
			if m.Activation, err = newActivation(o.IntegrandActivation, or(o.NegativeSlope, 0.01)); err != nil {
				return err
			}
		}
		u = autograd.Widen(m)
	} else {
		u = autograd.Widen(&autograd.MonotonicMLP{Hidden: hidden, Tolerance: zukoInverseTolerance})
	}
	if err := autograd.CheckUnivariate(u); err != nil {
		return r.layerError(prefix, err)
	}
	if outputs := first.out + each - signal; last.in > limits.ConvertedValues/d/outputs {
		return fmt.Errorf("tensors %s… and %shyper.… make %d values of each feature, too many to be converted", where, prefix, outputs)
	}
	n = n.signals(first, d, each, !integral)
	r.clipped = true
	return r.layerError(prefix, r.autoregressiveOf(n, u, splineLayout(0, n.layers[len(n.layers)-1].out/d, 1), constants, false))
}

// stacked is a linear layer for each feature: weight [D, out, in], bias [D, out].
type stacked struct {
	in, out      int
	weight, bias []float64
}

// stacked reads a Linear of a stack of n, with so many inputs.
func (s *stateDict) stacked(name string, n, in int) (stacked, error) {
	w, err := s.tensor(name + ".weight")
	if err != nil {
		return stacked{}, err
	}
	if len(w.Shape) != 3 || w.Shape[0] != n || w.Shape[1] < 1 || w.Shape[2] != in {
		return stacked{}, fmt.Errorf("tensor %s.weight has shape %v, want [%d, …, %d]", name, w.Shape, n, in)
	}
	b, err := s.matrix(name+".bias", n, w.Shape[1])
	if err != nil {
		return stacked{}, err
	}
	return stacked{in, w.Shape[1], widen(w.Values), widen(b.Values)}, nil
}

// signals replaces the signals of features, the first of each one's outputs, by
// what the first layer of each one's network makes of them, with magnitudes of its weights if it is positive.
func (n network) signals(first stacked, features, each int, positive bool) network {
	last := n.layers[len(n.layers)-1]
	signal := first.in - 1
	units := first.out + each - signal
	out := newDense(last.in, features*units)
	if last.seen != nil {
		out.seen = make([]bool, len(out.weight))
	}
	add := func(to, from int, factor float64) {
		out.bias[to] += float64(factor * last.bias[from])
		for i := range last.in {
			if last.exists(from*last.in + i) {
				out.set(to, i, out.weight[to*last.in+i]+float64(factor*last.weight[from*last.in+i]))
			}
		}
	}
	for f := range features {
		for u := range first.out {
			out.bias[f*units+u] = first.bias[f*first.out+u]
			for s := range signal {
				w := first.weight[(f*first.out+u)*first.in+1+s]
				if positive && w < 0 {
					w = -w
				}
				add(f*units+u, f*each+s, w)
			}
		}
		for s := signal; s < each; s++ {
			add(f*units+first.out+s-signal, f*each+s, 1)
		}
	}
	n.layers = append(slices.Clone(n.layers[:len(n.layers)-1]), out)
	return n
}
