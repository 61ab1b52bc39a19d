// Command sbi infers the parameters of a simulator whose likelihood nobody can
// write down, from simulations alone, by two ways and in all their steps:
//
//   - neural posterior estimation: a conditional flow learns p(theta|x), by a
//     spline flow and by a masked autoregressive one, without and with the prior's
//     bounds; 10,000 draws for an observation, how many of them leak out of the
//     prior, and simulation-based calibration of the whole posterior;
//   - neural likelihood estimation: a flow learns p(x|theta), and a chain of
//     Metropolis and Hastings draws of the posterior that belongs to it.
//
// The posterior of this simulator can be drawn from exactly. Beside it stands how
// well a classifier tells the flow's draws from exact ones (0.5: not at all).
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/seed-192fdf7a/nf/flow"
)

type options struct {
	simulations, draws  int
	posterior, chain    sizes
	calibrations, ranks int // simulations, and draws for each
	classifier          int // epochs
	plot                string
}

func defaults() options {
	z := sizes{layers: 6, hidden: []int{64, 64}, epochs: 60}
	return options{simulations: 10000, draws: 10000, posterior: z, chain: z, calibrations: 500, ranks: 63, classifier: 60}
}

// observation is what was seen.
var observation = []float64{0, 0}

// report is what infer found, for tests.
type report struct {
	leakage map[string]float64
	c2st    map[string]float64
	p       []float64 // of calibration, of each parameter
}

// infer does all of it and prints what it finds.
func infer(w io.Writer, o options) (*report, error) {
	r := &report{leakage: map[string]float64{}, c2st: map[string]float64{}}
	s := simulateMany(o.simulations, 1)
	exact := reference(o.draws, observation, 7)
	judge := func(name string, draws []float64) error {
		accuracy, err := c2st(exact, draws, o.classifier)
		if err != nil {
			return err
		}
		r.leakage[name], r.c2st[name] = leakage(draws), accuracy
		fmt.Fprintf(w, "%s: %d draws, %.1f %% of them outside the prior, c2st %.3f\n", name, len(draws)/2, 100*r.leakage[name], accuracy)
		return nil
	}
	var bounded *flow.Flow
	for _, c := range []struct {
		name    string
		preset  flow.Preset
		bounded bool
	}{{"npe maf", flow.PresetMAF, true}, {"npe nsf, unbounded", flow.PresetNSF, false}, {"npe nsf", flow.PresetNSF, true}} {
		f, err := posterior(s, c.preset, c.bounded, o.posterior)
		if err != nil {
			return nil, err
		}
		draws, err := drawPosterior(f, o.draws, observation, 2)
		if err != nil {
			return nil, err
		}
		if err := judge(c.name, draws); err != nil {
			return nil, err
		}
		bounded = f
	}
	all, err := ranks(bounded, simulateMany(o.calibrations, 9), o.ranks)
	if err != nil {
		return nil, err
	}
	var counts [][]int
	for i, of := range all {
		bins, p := uniformity(of, o.ranks, 8)
		counts, r.p = append(counts, bins), append(r.p, p)
		fmt.Fprintf(w, "calibration of npe nsf: ranks of %s %v, p = %.3f\n", parameters[i], bins, p)
	}
	if o.plot != "" {
		if err := plotRanks(o.plot, counts); err != nil {
			return nil, err
		}
	}
	f, err := likelihood(s, o.chain)
	if err != nil {
		return nil, err
	}
	draws, err := drawByChain(f, o.draws, observation, 3)
	if err != nil {
		return nil, err
	}
	return r, judge("nle nsf", draws)
}

func main() {
	o := defaults()
	flag.IntVar(&o.simulations, "simulations", o.simulations, "simulations to learn from")
	flag.IntVar(&o.posterior.epochs, "epochs", o.posterior.epochs, "epochs of training")
	flag.StringVar(&o.plot, "plot", "", "picture of the ranks to write, .png or .svg")
	flag.Parse()
	o.chain.epochs = o.posterior.epochs
	if _, err := infer(os.Stdout, o); err != nil {
		log.Fatal(err)
	}
}
