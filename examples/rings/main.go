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
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
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

// between is the part of draws, of so many columns, that lie between the rings.
func between(draws []float64, columns int) (part float64) {
	for i := 0; i < len(draws); i += columns {
		if r := math.Hypot(draws[i], draws[i+1]); r > radii[0]+5*width && r < radii[1]-5*width {
			part += float64(columns) / float64(len(draws))
		}
	}
	return part
}

// source is a train.Source of rows, beside which stand columns of noise, drawn anew
// in each epoch.
type source struct {
	rows  []float64
	noise int
}

func (s source) Events() int { return len(s.rows) / 2 }

func (s source) Load(values, _ []float32, event int, epoch uint64) {
	values[0], values[1] = float32(s.rows[2*event]), float32(s.rows[2*event+1])
	kernels.NormalRows(values[2:], 1, s.noise, 1, random.Noise, epoch<<40|uint64(event))
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
	elbo, logProb float64 // by one draw of noise, and by many
	between       float64
}

func (m model) fit(o options) (r result, err error) {
	config, err := flow.RealNVP([]string{"x", "y", "u1", "u2"}[:2+m.noise], nil, flow.Options{Layers: o.layers, Hidden: o.hidden, Base: m.base, Bound: 2, Masks: flow.MasksAlternating})
	if err != nil {
		return r, err
	}
	f, err := flow.New(config, 1)
	if err != nil {
		return r, err
	}
	training := train.Defaults()
	training.Epochs, training.Patience, training.LearningRate = o.epochs, 0, 2e-3
	_, err = train.Minimize(context.Background(), f.Model(), train.MaximumLikelihood(f, source{generate(o.rows, 1), m.noise}),
		train.MaximumLikelihood(f, source{generate(1000, 2), m.noise}), training)
	if err != nil {
		return r, err
	}
	test := generate(2000, 3)
	if r.elbo, r.logProb, err = m.bounds(f, test, o.draws); err != nil {
		return r, err
	}
	draws, err := f.Sample(10000, 4, nil)
	r.between = between(draws, 2+m.noise)
	return r, err
}

// bounds returns the mean of log p(x, u) − log q(u), and that of many draws of u for
// each row. Without noise both are the log-density.
func (m model) bounds(f *flow.Flow, rows []float64, draws int) (elbo, logProb float64, err error) {
	n := len(rows) / 2
	if m.noise == 0 {
		draws = 1
	}
	joint, logQ := make([]float64, 0, n*draws*(2+m.noise)), make([]float64, 0, n*draws)
	u := make([]float32, m.noise)
	for i := range n {
		for k := range draws {
			kernels.NormalRows(u, 1, m.noise, 2, random.Noise, uint64(k*n+i))
			joint = append(joint, rows[2*i], rows[2*i+1])
			q := -float64(m.noise) / 2 * math.Log(2*math.Pi)
			for _, v := range u {
				joint = append(joint, float64(v))
				q -= float64(v) * float64(v) / 2
			}
			logQ = append(logQ, q)
		}
	}
	logW := make([]float64, n*draws)
	if err := f.LogProb(logW, joint, nil); err != nil {
		return 0, 0, err
	}
	for i := range n {
		most, sum := math.Inf(-1), 0.0
		of := logW[i*draws : (i+1)*draws]
		for k := range of {
			of[k] -= logQ[i*draws+k]
			most = max(most, of[k])
			elbo += of[k] / float64(n*draws)
		}
		for _, v := range of {
			sum += math.Exp(v - most)
		}
		logProb += (most + math.Log(sum/float64(draws))) / float64(n)
	}
	return elbo, logProb, nil
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
			bound = fmt.Sprintf(" at least, of %d draws of noise; %.3f of one", o.draws, r.elbo)
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
