package train

import (
	"context"
	"math"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// reverseKL is log q(x) − log p(x) of what the flow draws, where log p is Go
// code: a normal with means 1 and −2, standard deviations 0.5 and 2, and
// correlation 0.8, times e³.
type reverseKL struct{ flow *flow.Flow }

func (reverseKL) Events() int       { return 512 }
func (reverseKL) Sites() int        { return 1 }
func (reverseKL) Constant() float64 { return 0 }

func (o reverseKL) Loss(p *autograd.Pass, events []int) autograd.Sums {
	z := p.Floats(2 * len(events))
	for i, event := range events {
		kernels.NormalRows(z[2*i:2*i+2], 1, 2, p.Seed, random.Noise, p.Epoch<<40+uint64(event))
	}
	noise := p.Wrap(z, 2)
	own := p.Sums(len(events))
	p.StandardNormal(noise, own)
	x := o.flow.Model().Chain().Inverse(p, noise)
	// log q(x) = log N(z) − log|det dx/dz|; what is minimized is that less log p.
	loss := p.Scale(p.LogDet, -1)
	for i, v := range own.Values {
		loss.Values[i] += v
	}
	target := p.Sums(len(events))
	p.External(x, func(logProb, grad, x []float64) {
		const rest = 1 - 0.8*0.8
		for i := range logProb {
			a, b := (x[2*i]-1)/0.5, (x[2*i+1]+2)/2
			logProb[i] = 3 - math.Log(2*math.Pi) - 0.5*math.Log(rest) - (a*a-1.6*a*b+b*b)/(2*rest)
			if grad != nil {
				grad[2*i] = -(a - 0.8*b) / rest / 0.5
				grad[2*i+1] = -(b - 0.8*a) / rest / 2
			}
		}
	}, target)
	minus := p.Scale(target, -1)
	for i, v := range minus.Values {
		loss.Values[i] += v
	}
	if p.Recording() {
		p.Record(func() { copy(minus.Gradient, loss.Gradient) })
	}
	return loss
}

// TestMinimizeReverseKL finds a normal by its density alone: the flow is affine,
// so that at the optimum every loss is −log of the target's integral.
func TestMinimizeReverseKL(t *testing.T) {
	f, err := flow.New(flow.Config{
		Features:   []string{"a", "b"},
		Transforms: []transform.Spec{&transform.LUSpec{Bound: 4}},
		Base:       &base.StandardNormalSpec{},
	}, 1)
	if err != nil {
		t.Fatal(err)
	}
	o := Defaults()
	o.Epochs, o.Batch, o.LearningRate, o.BLAS, o.Patience = 150, 64, 5e-2, blas.Builtin(), 0
	result, err := Minimize(context.Background(), f.Model(), reverseKL{f}, reverseKL{f}, o)
	if err != nil {
		t.Fatal(err)
	}
	// The best epoch is the luckiest on its draws; the last one has converged.
	if last := result.History[len(result.History)-1].ValidNLL; math.Abs(last+3) > 1e-3 {
		t.Errorf("the mean loss is %v, want -3", last)
	}
}
