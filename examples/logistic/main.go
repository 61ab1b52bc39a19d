// Command logistic infers the coefficients of a logistic regression of a table,
// generated or from a file, with an inverse autoregressive flow, and prints the
// posterior beside that of a long run of Hamiltonian Monte Carlo (Neal, 2011).
//
//	beta_k ~ N(0, 2.5)    y_i ~ Bernoulli(1/(1 + exp(−x_i·beta)))
//
//	go run ./examples/logistic
//	go run ./examples/logistic -data table.csv -label ill -draws 20000
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"math"
	"math/rand/v2"
	"os"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/train"
)

const priorStd = 2.5

// table is rows of columns, the first of which is 1, and a label for each.
type table struct {
	columns []string // of the coefficients
	x       [][]float64
	y       []bool
}

// generate returns a small table whose third and fourth columns are correlated,
// so that their coefficients are too, and whose labels are nearly separable, so
// that the posterior is skew.
func generate(rows int) *table {
	random := rand.New(rand.NewPCG(3, 1))
	t := &table{columns: []string{"intercept", "age", "dose", "response"}}
	for range rows {
		age, dose := random.NormFloat64(), random.NormFloat64()
		response := 0.9*dose + 0.45*random.NormFloat64()
		logit := -1.5 + 1.2*age + 2*dose + 1.5*response
		t.x = append(t.x, []float64{1, age, dose, response})
		t.y = append(t.y, random.Float64() < 1/(1+math.Exp(-logit)))
	}
	return t
}

// posterior is the log of the joint density of coefficients and labels, and its
// gradient.
func (t *table) posterior(logProb, grad, beta []float64) {
	d := len(t.columns)
	for i := range logProb {
		b := beta[i*d : (i+1)*d]
		slopes := make([]float64, d)
		l := -float64(d) * math.Log(priorStd*math.Sqrt(2*math.Pi))
		for k, v := range b {
			l -= v * v / (2 * priorStd * priorStd)
			slopes[k] = -v / (priorStd * priorStd)
		}
		for r, x := range t.x {
			var u float64
			for k, v := range x {
				u += v * b[k]
			}
			if !t.y[r] {
				u = -u
			}
			// log 1/(1 + e^−u), and its derivative 1/(1 + e^u).
			l += min(u, 0) - math.Log1p(math.Exp(-math.Abs(u)))
			slope := 1 / (1 + math.Exp(u))
			if !t.y[r] {
				slope = -slope
			}
			for k, v := range x {
				slopes[k] += slope * v
			}
		}
		logProb[i] = l
		if grad != nil {
			copy(grad[i*d:], slopes)
		}
	}
}

// hmc returns the mean and the standard deviation of each coefficient by so many
// steps of Hamiltonian Monte Carlo after a tenth of them to warm up, in which the
// size of the steps comes to be that of which four in five are accepted.
func (t *table) hmc(draws int) (mean, std []float64) {
	const leaps, accepted = 16, 0.8
	step := 0.12
	d := len(t.columns)
	random := rand.New(rand.NewPCG(7, 7))
	at, grad, logProb := make([]float64, d), make([]float64, d), make([]float64, 1)
	t.posterior(logProb, grad, at)
	mean, std = make([]float64, d), make([]float64, d)
	kept := 0.0
	for n := -draws / 10; n < draws; n++ {
		to, slope, value, momentum := append([]float64(nil), at...), append([]float64(nil), grad...), []float64{logProb[0]}, make([]float64, d)
		energy := -logProb[0]
		for k := range momentum {
			momentum[k] = random.NormFloat64()
			energy += momentum[k] * momentum[k] / 2
		}
		for range leaps {
			for k := range to {
				momentum[k] += step / 2 * slope[k]
				to[k] += step * momentum[k]
			}
			t.posterior(value, slope, to)
			for k := range momentum {
				momentum[k] += step / 2 * slope[k]
			}
		}
		end := -value[0]
		for _, m := range momentum {
			end += m * m / 2
		}
		accept := math.Min(1, math.Exp(energy-end))
		if random.Float64() < accept {
			at, grad, logProb = to, slope, value
		}
		if n < 0 {
			if accept != accept {
				accept = 0
			}
			step *= math.Exp((accept - accepted) * 0.1)
			continue
		}
		kept++
		for k, v := range at {
			mean[k] += v
			std[k] += v * v
		}
	}
	for k := range mean {
		mean[k] /= kept
		std[k] = math.Sqrt(std[k]/kept - mean[k]*mean[k])
	}
	return mean, std
}

// fit infers the posterior and prints it.
func (t *table) fit(w io.Writer, options train.DensityOptions) (train.DensityResult, error) {
	config, err := flow.IAF(t.columns, nil, flow.Options{Layers: 3, Hidden: []int{32, 32}})
	if err != nil {
		return train.DensityResult{}, err
	}
	if err := config.SetFullRank(); err != nil {
		return train.DensityResult{}, err
	}
	f, err := flow.New(config, 1)
	if err != nil {
		return train.DensityResult{}, err
	}
	result, err := train.FitDensity(context.Background(), f, train.LogDensity(t.posterior), options)
	if err != nil {
		return result, err
	}
	fmt.Fprint(w, result)
	return result, nil
}

func main() {
	data := flag.String("data", "", "CSV file with a header, in place of a generated table")
	label := flag.String("label", "", "column of -data that is 0 or 1; the others are numbers")
	draws := flag.Int("draws", 200000, "steps of Hamiltonian Monte Carlo")
	flag.Parse()
	t := generate(80)
	if *data != "" {
		var err error
		if t, err = read(*data, *label); err != nil {
			log.Fatal(err)
		}
	}
	if _, err := t.fit(os.Stdout, train.DensityDefaults()); err != nil {
		log.Fatal(err)
	}
	mean, std := t.hmc(*draws)
	fmt.Print("by Hamiltonian Monte Carlo:")
	for k, name := range t.columns {
		fmt.Printf(" %s %.3f ± %.3f", name, mean[k], std[k])
	}
	fmt.Println()
}
