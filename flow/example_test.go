package flow_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/train"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// Fit a density to rows, score new rows and draw samples.
func Example() {
	// 2,000 points along a parabola, row-major.
	random := rand.New(rand.NewPCG(1, 2))
	var rows []float64
	for range 2000 {
		x := random.NormFloat64()
		rows = append(rows, x, x*x+0.3*random.NormFloat64())
	}

	config, _ := flow.RealNVP([]string{"x", "y"}, nil, flow.Options{Layers: 4, Hidden: []int{32, 32}})
	f, _ := flow.New(config, 1)
	options := train.Defaults()
	options.Epochs, options.LearningRate = 15, 5e-3
	_, err := train.Fit(context.Background(), f, train.Data{Rows: rows[:3600]}, train.Data{Rows: rows[3600:]}, options)
	if err != nil {
		fmt.Println(err)
		return
	}

	logProb := make([]float64, 2)
	if err := f.LogProb(logProb, []float64{1, 1, 1, -1}, nil); err != nil {
		fmt.Println(err)
		return
	}
	samples, _ := f.Sample(1000, 7, nil)
	near := 0
	for i := 0; i < len(samples); i += 2 {
		if math.Abs(samples[i+1]-samples[i]*samples[i]) < 1 {
			near++
		}
	}
	fmt.Println("a point on the curve is likelier than one off it:", logProb[0] > logProb[1]+3)
	fmt.Println("most samples lie near the curve:", near > 900)
	// Output:
	// a point on the curve is likelier than one off it: true
	// most samples lie near the curve: true
}

// Compose a flow of layers that no preset has, in one expression, and train it:
// the columns are rotated, squeezed along a direction, stretched around a centre,
// and coupled.
func Example_custom() {
	f, err := flow.New(flow.Config{
		Features: []string{"x", "y", "z"},
		Transforms: []transform.Spec{
			&transform.HouseholderSpec{Reflections: 2},
			&transform.PlanarSpec{Identity: true},
			&transform.RadialSpec{},
			&transform.CouplingSpec{
				Mask:        []bool{false, true, true},
				Univariate:  &autograd.Affine{Bound: 2},
				Conditioner: &nn.ResidualSpec{Hidden: []int{16, 16}},
			},
		},
		Base: &base.StudentTSpec{DegreesOfFreedom: 7},
	}, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	text, _ := json.Marshal(f.Config()) // what a model file says of it
	fmt.Println(string(text[strings.Index(string(text), `"base"`):]))

	random := rand.New(rand.NewPCG(1, 2))
	var rows []float64
	for range 600 {
		x := random.NormFloat64()
		rows = append(rows, x, x*x+0.3*random.NormFloat64(), x-0.5*random.NormFloat64())
	}
	options := train.Defaults()
	options.Epochs, options.LearningRate = 10, 1e-2
	result, err := train.Fit(context.Background(), f, train.Data{Rows: rows[:1500]}, train.Data{Rows: rows[1500:]}, options)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("it has learned more than a nat:", result.BestValidNLL < result.StartValidNLL-1)

	// Both ways, and the density, come with the layers.
	x, z, back, logProb := []float64{0.5, 0.25, 1}, make([]float64, 3), make([]float64, 3), make([]float64, 1)
	fmt.Println(f.Forward(z, nil, x, nil), f.Inverse(back, nil, z, nil), f.LogProb(logProb, x, nil))
	fmt.Printf("%.3f\n", back)
	// Output:
	// "base":{"type":"student-t","degrees_of_freedom":7}}
	// it has learned more than a nat: true
	// <nil> <nil> <nil>
	// [0.500 0.250 1.000]
}
