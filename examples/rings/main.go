// Command rings fits two rings, one around the other, in three ways that show a
// limit of flows and two ways around it. A flow bends its base without tearing it,
// so that what it makes of one normal hangs together: a bridge stays between the rings.
//
//   - a plain flow;
//   - one whose base is a mixture;
//   - an augmented one, in more dimensions than the data have: columns of noise u
//     stand beside them (Huang, Dinh and Courville, 2020; 2002.07101). In more
//     dimensions rings need not be torn. The density of a row is then an integral over
//     u, of which training and evaluation know lower bounds,
//     log (1/K) Σ p(x, u_k)/q(u_k), u_k ~ q = N(0, I).
//
// It prints the mean log-density of new rows beside the exact one, and how many draws
// lie between the rings, where there are next to no data.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"math"
	"math/rand/v2"
	"os"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/train"
)

var radii = [2]float64{0.6, 1.6}

const width = 0.06

// generate draws rows of the rings.
func generate(n int, seed uint64) []float64 {
	random := rand.New(rand.NewPCG(seed, 1))
	var rows []float64
	for range n {
		r, angle := radii[random.IntN(2)]+width*random.NormFloat64(), 2*math.Pi*random.Float64()
		rows = append(rows, r*math.Cos(angle), r*math.Sin(angle))
	}
	return rows
}

// exact is the mean log-density of rows.
func exact(rows []float64) (mean float64) {
	for i := 0; i < len(rows); i += 2 {
		r, p := math.Hypot(rows[i], rows[i+1]), 0.0
		for _, ring := range radii {
			d := (r - ring) / width
			p += 0.5 * math.Exp(-d*d/2) / (width * math.Sqrt(2*math.Pi)) / (2 * math.Pi * r)
		}
		mean += math.Log(p) / float64(len(rows)/2)
	}
	return mean
}

// between is the part of draws that lie between the rings.
func between(draws []float64) (part float64) {
	for i := 0; i < len(draws); i += 2 {
		if r := math.Hypot(draws[i], draws[i+1]); r > radii[0]+5*width && r < radii[1]-5*width {
			part += 2 / float64(len(draws))
		}
	}
	return part
}

// options are the sizes of flows and training.
type options struct {
	rows, epochs, layers int
	hidden               []int
	draws                int // of noise for each row, for the bound
}

func defaults() options {
	return options{rows: 8000, epochs: 100, layers: 8, hidden: []int{64, 64}, draws: 256}
}

// model is a flow of the rings.
type model struct {
	name  string
	noise int // columns
	base  string
}

var models = []model{{"plain", 0, ""}, {"mixture base", 0, base.Mixture}, {"augmented by two", 2, ""}}

// result is what a model came to.
type result struct {
	logProb float64 // or the bound of it
	between float64
}

func (m model) fit(o options) (r result, err error) {
	columns, flowOptions := []string{"x", "y"}, flow.Options{Layers: o.layers, Hidden: o.hidden, Base: m.base, Bound: 2, Masks: flow.MasksAlternating}
	config, err := flow.PresetRealNVP.Config(columns, nil, flowOptions)
	if m.noise > 0 {
		config, err = flow.PresetRealNVP.Augmented(columns, nil, m.noise, o.draws, flowOptions)
	}
	if err != nil {
		return r, err
	}
	f, err := flow.New(config, 1)
	if err != nil {
		return r, err
	}
	training := train.Defaults()
	training.Epochs, training.Patience, training.LearningRate = o.epochs, 0, 2e-3
	if _, err := train.Fit(context.Background(), f, train.Data{Rows: generate(o.rows, 1)}, train.Data{Rows: generate(1000, 2)}, training); err != nil {
		return r, err
	}
	test := generate(2000, 3)
	scores := make([]float64, len(test)/2)
	if err := f.LogProb(scores, test, nil); err != nil {
		return r, err
	}
	for _, v := range scores {
		r.logProb += v / float64(len(scores))
	}
	draws, err := f.Sample(10000, 4, nil)
	r.between = between(draws)
	return r, err
}

// compare fits all of them and prints what they come to.
func compare(w io.Writer, o options) (all []result, err error) {
	fmt.Fprintf(w, "exact: log_prob %.3f\n", exact(generate(2000, 3)))
	for _, m := range models {
		r, err := m.fit(o)
		if err != nil {
			return nil, err
		}
		bound := ""
		if m.noise > 0 {
			bound = fmt.Sprintf(" at least, of %d draws of noise", o.draws)
		}
		fmt.Fprintf(w, "%s: log_prob %.3f%s; %.2f %% of the draws between the rings\n", m.name, r.logProb, bound, 100*r.between)
		all = append(all, r)
	}
	return all, nil
}

func main() {
	if _, err := compare(os.Stdout, defaults()); err != nil {
		log.Fatal(err)
	}
}
