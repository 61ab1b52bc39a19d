package interop

import (
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// zukoTolerance is that of zuko's steps, relative to the values; it has another, a
// tenth, for values near 0.
const zukoTolerance = 1e-5

// zukoContinuous reads an FFJTransform, the one of a CNF: dx/dt = ode(cos kπt, sin
// kπt, x, context) from t = 0 to 1 on the way from data to noise.
func (r *reader) zukoContinuous(prefix string, o Options) error {
	times, err := r.stateDict.vector(prefix+"times", 2)
	if err != nil {
		return err
	}
	if times[0] != 0 || times[1] != 1 {
		return fmt.Errorf("tensor %stimes is %v; only the way from 0 to 1 is supported", prefix, times)
	}
	frequencies, err := r.stateDict.vector(prefix+"freqs", -1)
	if err != nil {
		return err
	}
	k := len(frequencies)
	for i, v := range frequencies {
		if want := float64(float64(i+1) * math.Pi); math.Abs(float64(v)-want) > 1e-6*want {
			return fmt.Errorf("tensor %sfreqs: value %d is %v, want %v: only multiples of π, 1, 2, …, are supported", prefix, i, v, want)
		}
	}
	act := autograd.Activation{Name: autograd.ELUActivation}
	if o.Activation != "" {
		if act, err = o.activation(); err != nil {
			return err
		}
	}
	if err := r.alternating(prefix + "ode."); err != nil {
		return err
	}
	d, context := r.builder.features, r.dialect.Context
	n, err := r.sequential(prefix+"ode.", 2*k+d, context, act)
	if err != nil {
		return err
	}
	if last := n.layers[len(n.layers)-1]; last.out != d {
		return fmt.Errorf("tensors %sode.… have %d outputs, want the velocities of the %d features", prefix, last.out, d)
	}
	s := &transform.ContinuousSpec{
		Velocity: nn.VelocitySpec{Frequencies: k, Activation: act},
		Solver:   transform.SolverSpec{Method: transform.Dopri5, Tolerance: or(o.Tolerance, zukoTolerance)},
	}
	for _, l := range n.layers[:len(n.layers)-1] {
		s.Velocity.Hidden = append(s.Velocity.Hidden, l.out)
	}
	if err := s.Check(transform.Shape{Features: d}, context); err != nil {
		return r.layerError(prefix, err)
	}
	r.velocity(r.add(s, false)+"velocity.", n, k)
	return nil
}

// velocity sets the values of a network whose first layer sees k cosines and k
// sines, the features and the context; the others do not see the time.
func (b *builder) velocity(prefix string, n network, k int) {
	first, last := n.layers[0], len(n.layers)-1
	context := first.in - 2*k - b.features
	features := b.byColumn(b.all())
	// part returns those rows of the first layer's [in, out] that are of some inputs.
	part := func(rows int, input func(row int) int) values {
		v := values{rows, first.out, nil}
		for row := range rows {
			for o := range first.out {
				v.data = append(v.data, first.weight[o*first.in+input(row)])
			}
		}
		return v
	}
	for i, l := range n.layers {
		name := fmt.Sprintf("%slayers.%d.", prefix, i)
		v, time, bias := values{l.in, l.out, make([]float64, l.in*l.out)}, values{max(1, 2*k), l.out, nil}, l.bias
		for o := range l.out {
			for in := range l.in {
				v.data[in*l.out+o] = l.weight[o*l.in+in]
			}
		}
		time.data = make([]float64, time.rows*l.out)
		if i == 0 {
			v = part(b.features, func(row int) int { return 2*k + features[row] })
			if k > 0 {
				time = part(2*k, func(row int) int { return row })
			}
		}
		if i == last {
			sorted := values{v.rows, l.out, nil}
			for row := range v.rows {
				for _, f := range features {
					sorted.data = append(sorted.data, v.data[row*l.out+f])
				}
			}
			moved := values{time.rows, l.out, nil}
			for row := range time.rows {
				for _, f := range features {
					moved.data = append(moved.data, time.data[row*l.out+f])
				}
			}
			v, time, bias = sorted, moved, b.byDataColumn(l.bias)
		}
		b.values[name+"weight"], b.values[name+"time.weight"] = v, time
		b.vector(name+"time.bias", bias)
	}
	if context > 0 {
		b.values[prefix+"context.weight"] = part(context, func(row int) int { return 2*k + b.features + row })
	}
}
