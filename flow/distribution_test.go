package flow_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distmv"
	"gonum.org/v1/gonum/stat/samplemv"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/internal/random"
)

var _ distmv.RandLogProber = (*flow.Distribution)(nil)

// A flow is a distribution of gonum: the target of a Metropolis-Hastings chain,
// and the proposal of importance sampling.
func ExampleFlow_Distribution() {
	config, _ := flow.RealNVP([]string{"x", "y"}, nil, flow.Options{Layers: 2, Hidden: []int{16}})
	f, _ := flow.New(config, 1)
	// Stands in for training.
	random.Uniform(f.Model().Parameters().Values(), 2, random.Initialization, 0, 0.3)
	d, _ := f.Distribution(7, nil)

	// The mean of x by a chain of 50,000 steps, and by plain samples.
	step, _ := samplemv.NewProposalNormal(mat.NewSymDense(2, []float64{1, 0, 0, 1}), rand.NewPCG(1, 2))
	chain := mat.NewDense(50_000, 2, nil)
	samplemv.MetropolisHastingser{
		Initial: []float64{0, 0}, Target: d, Proposal: step, Src: rand.NewPCG(3, 4), BurnIn: 1000,
	}.Sample(chain)
	samples, _ := f.Sample(50_000, 8, nil)
	plain := mat.NewDense(50_000, 2, samples)
	difference := stat.Mean(mat.Col(nil, 0, chain), nil) - stat.Mean(mat.Col(nil, 0, plain), nil)
	fmt.Println("the chain and the samples agree:", math.Abs(difference) < 0.1)

	// A normal's normalizing constant, with the flow as the proposal: the mean
	// weight estimates 1.
	target, _ := distmv.NewNormal([]float64{0, 0}, mat.NewSymDense(2, []float64{0.5, 0.1, 0.1, 0.5}), nil)
	batch, weights := mat.NewDense(20_000, 2, nil), make([]float64, 20_000)
	samplemv.Importance{Target: target, Proposal: d}.SampleWeighted(batch, weights)
	fmt.Printf("mean importance weight: %.1f\n", stat.Mean(weights, nil))
	// Output:
	// the chain and the samples agree: true
	// mean importance weight: 1.0
}

func TestDistribution(t *testing.T) {
	config, err := flow.RealNVP(names("x", 3), names("c", 2), flow.Options{Layers: 2, Hidden: []int{8}})
	if err != nil {
		t.Fatal(err)
	}
	f, err := flow.New(config, 1)
	if err != nil {
		t.Fatal(err)
	}
	random.Uniform(f.Model().Parameters().Values(), 2, random.Initialization, 0, 0.3)
	if _, err := f.Distribution(1, []float64{1}); err == nil {
		t.Error("a context of the wrong length is taken")
	}
	context := []float64{0.3, -1}
	d, err := f.Distribution(9, context)
	if err != nil {
		t.Fatal(err)
	}
	want, logProb, err := f.SampleWithLogProb(3, 9, []float64{0.3, -1, 0.3, -1, 0.3, -1})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		x := d.Rand(nil)
		if fmt.Sprint(x) != fmt.Sprint(want[i*3:i*3+3]) {
			t.Errorf("sample %d is %v, Sample draws %v", i, x, want[i*3:i*3+3])
		}
		if got := d.LogProb(x); math.Abs(got-logProb[i]) > 1e-5 {
			t.Errorf("log-density of sample %d is %v, Sample says %v", i, got, logProb[i])
		}
	}
	for name, call := range map[string]func(){
		"Rand":    func() { d.Rand(make([]float64, 2)) },
		"LogProb": func() { d.LogProb(make([]float64, 4)) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s takes the wrong number of values", name)
				}
			}()
			call()
		}()
	}
}
