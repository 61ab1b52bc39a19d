package interop

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/internal/limits"
)

// dense is a layer y = W·x + b in float64. Where seen is not nil it says which
// weights exist: the others are 0.
type dense struct {
	in, out int
	weight  []float64 // [out, in]
	bias    []float64
	seen    []bool
}

func newDense(in, out int) dense {
	return dense{in: in, out: out, weight: make([]float64, in*out), bias: make([]float64, out)}
}

// newMasked is newDense with no weight that exists.
func newMasked(in, out int) dense {
	d := newDense(in, out)
	d.seen = make([]bool, in*out)
	return d
}

// dense reads NAME.weight [out, in] and NAME.bias; a number below 0 stands for
// any. With a NAME.mask, weights where it is 0 are left out, whatever they are.
func (s *stateDict) dense(name string, in, out int) (dense, error) {
	d, err := s.unbiased(name, in, out)
	if err != nil {
		return d, err
	}
	b, err := s.vector(name+".bias", d.out)
	for i, v := range b {
		d.bias[i] = float64(v)
	}
	return d, err
}

// unbiased reads NAME.weight alone.
func (s *stateDict) unbiased(name string, in, out int) (dense, error) {
	w, err := s.matrix(name+".weight", out, in)
	if err != nil {
		return dense{}, err
	}
	if w.Shape[0] > limits.LayerSize || w.Shape[1] > limits.LayerSize {
		return dense{}, fmt.Errorf("tensor %s.weight has shape %v; layers of at most %d are supported", name, w.Shape, limits.LayerSize)
	}
	d := newDense(w.Shape[1], w.Shape[0])
	if s.has(name + ".mask") {
		mask, err := s.matrix(name+".mask", d.out, d.in)
		if err != nil {
			return dense{}, err
		}
		d.seen = make([]bool, len(w.Values))
		for i, m := range mask.Values {
			if m != 0 && m != 1 {
				return dense{}, fmt.Errorf("tensor %s.mask: value %d is %v, want 0 or 1", name, i, m)
			}
			d.seen[i] = m == 1
		}
	}
	for i, v := range w.Values {
		if d.exists(i) {
			d.weight[i] = float64(v)
		}
	}
	s.ignore(name + ".degrees") // what the masks were made of
	return d, nil
}

func (d dense) exists(i int) bool { return d.seen == nil || d.seen[i] }

// set sets the weight from input i to output o, which then exists.
func (d dense) set(o, i int, v float64) {
	d.weight[o*d.in+i] = v
	if d.seen != nil {
		d.seen[o*d.in+i] = true
	}
}

// paste adds a layer times the rows' factors at a place of d: those of its
// weights that exist, and, if it has one, its bias.
func (d dense) paste(row, column int, part dense, factors []float64) {
	for o := range part.out {
		f := 1.0
		if factors != nil {
			f = factors[o]
		}
		for i := range part.in {
			if at := o*part.in + i; part.exists(at) {
				d.set(row+o, column+i, d.weight[(row+o)*d.in+column+i]+float64(f*part.weight[at]))
			}
		}
		d.bias[row+o] += float64(f * part.bias[o])
	}
}

// after returns the layer that first applies x·scale + shift to the inputs.
func (d dense) after(a *normalization) dense {
	if a == nil {
		return d
	}
	out := d
	out.weight, out.bias = make([]float64, len(d.weight)), append([]float64(nil), d.bias...)
	for o := range d.out {
		for i := range d.in {
			at := o*d.in + i
			out.weight[at] = float64(d.weight[at] * a.scale[i])
			out.bias[o] += float64(d.weight[at] * a.shift[i])
		}
	}
	return out
}

// before returns the layer that applies x·scale + shift to the outputs.
func (d dense) before(a *normalization) dense {
	if a == nil {
		return d
	}
	out := d
	out.weight, out.bias = make([]float64, len(d.weight)), make([]float64, d.out)
	for o := range d.out {
		out.bias[o] = float64(d.bias[o]*a.scale[o]) + a.shift[o]
		for i := range d.in {
			out.weight[o*d.in+i] = float64(d.weight[o*d.in+i] * a.scale[o])
		}
	}
	return out
}

// compose returns the layer that is first and then second.
func compose(second, first dense) dense {
	d := newDense(first.in, second.out)
	if first.seen != nil || second.seen != nil {
		d.seen = make([]bool, d.in*d.out)
	}
	for o := range second.out {
		d.bias[o] = second.bias[o]
		for h := range second.in {
			at := o*second.in + h
			if !second.exists(at) {
				continue
			}
			w := second.weight[at]
			d.bias[o] += float64(w * first.bias[h])
			for i := range first.in {
				if first.exists(h*first.in + i) {
					d.set(o, i, d.weight[o*d.in+i]+float64(w*first.weight[h*first.in+i]))
				}
			}
		}
	}
	return d
}

// besides returns the layer of both layers' outputs, each of its own inputs
// where split, or of the same.
func besides(a, b dense, split bool) dense {
	in, at := a.in, 0
	if split {
		in, at = a.in+b.in, a.in
	}
	d := newMasked(in, a.out+b.out)
	d.paste(0, 0, a, nil)
	d.paste(a.out, at, b, nil)
	return d
}

// normalization is x·scale + shift of each unit.
type normalization struct{ scale, shift []float64 }
