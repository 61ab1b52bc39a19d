package nn_test

import (
	"math"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/nn"
)

// TestActNormInNetwork: the first minibatch, whose tiles meet, gives the sums of a
// hidden layer the mean 0 and the variance 1, and the next changes nothing.
func TestActNormInNetwork(t *testing.T) {
	const sites, events, in, hidden = 4, 6, 2, 3
	parameters := autograd.NewParameters(0)
	s := &nn.ConvolutionSpec{Hidden: []int{hidden}, Kernels: []int{1, 3}, ActNorm: true}
	network := s.Build(autograd.Shape{Grid: []int{2, 2}, Features: in}, 0, 2, parameters.Root())
	network.Initialize(3)
	value := func(event, site, c int) float32 { return float32(2 + math.Sin(float64(7*event+3*site+5*c))) }
	see := func(shift float32) {
		binding := autograd.Bind32(parameters, blas.Builtin())
		m := autograd.NewMeeting(2, events, 2)
		m.Run(func(tile int) {
			g := binding.NewGraph()
			g.Reset(autograd.Evaluate)
			p := g.Pass(events / 2)
			p.Join(m, tile)
			x := p.Input(sites*events/2, in, false)
			for r := range x.Rows {
				for c := range in {
					x.Row32(r)[c] = value(tile*events/2+r/sites, r%sites, c) + shift
				}
			}
			network.Compute(p, x, x.Rows)
		})
	}
	see(0)
	at := map[string][]float32{}
	for _, p := range parameters.All() {
		at[p.Name] = p.Values()
	}
	weight, bias, logScale, shift := at["layers.0.weight"], at["layers.0.bias"], at["norms.0.log_scale"], at["norms.0.shift"]
	for o := range hidden {
		var sum, squares float64
		for event := range events {
			for site := range sites {
				v := float64(bias[o])
				for c := range in {
					v += float64(value(event, site, c)) * float64(weight[c*hidden+o])
				}
				y := v*math.Exp(float64(logScale[o])) + float64(shift[o])
				sum += y
				squares += y * y
			}
		}
		if n := float64(sites * events); math.Abs(sum/n) > 1e-4 || math.Abs(squares/n-1) > 1e-4 {
			t.Errorf("column %d has the mean %v and the mean square %v", o, sum/n, squares/n)
		}
	}
	was := shift[0]
	see(5)
	if at["norms.0.initialized"][0] != 1 || shift[0] != was {
		t.Error("a second minibatch set the values again")
	}
}
