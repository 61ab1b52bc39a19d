// Command eightschools infers the effects of coaching in eight schools (Rubin,
// 1981; Gelman et al., Bayesian Data Analysis, §5.5) with an inverse
// autoregressive flow, and prints the result beside that of quadrature.
//
// The model, not centred so that tau's narrow end is no funnel:
//
//	mu ~ N(0, 5)    tau ~ Cauchy(0, 5), tau > 0    eta_j ~ N(0, 1)
//	y_j ~ N(mu + tau·eta_j, sigma_j)
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"math"
	"os"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/train"
)

var (
	effects    = []float64{28, 8, -3, 7, -1, 1, 18, 12}
	deviations = []float64{15, 10, 16, 11, 9, 11, 10, 18}
)

// The columns of a row: mu, tau, and eta of each school.
const mu, tau, eta = 0, 1, 2

var columns = []string{"mu", "tau", "eta_1", "eta_2", "eta_3", "eta_4", "eta_5", "eta_6", "eta_7", "eta_8"}

// normal returns the log-density of N(mean, std) and its derivative by x.
func normal(x, mean, std float64) (logProb, dx float64) {
	z := (x - mean) / std
	return -z*z/2 - math.Log(std) - math.Log(2*math.Pi)/2, -z / std
}

// cauchy returns the log-density of Cauchy(0, scale) and its derivative.
func cauchy(x, scale float64) (logProb, dx float64) {
	z := x / scale
	return -math.Log(math.Pi * scale * (1 + z*z)), -2 * z / (1 + z*z) / scale
}

// posterior is the log of the joint density of the parameters and the data,
// which is that of the posterior up to a constant, and its gradient.
func posterior(logProb, grad, x []float64) {
	d := len(columns)
	for i := range logProb {
		row := x[i*d : (i+1)*d]
		g := make([]float64, d)
		logProb[i], g[mu] = normal(row[mu], 0, 5)
		l, dl := cauchy(row[tau], 5)
		logProb[i] += l
		g[tau] += dl
		for j, y := range effects {
			l, dl = normal(row[eta+j], 0, 1)
			logProb[i] += l
			g[eta+j] += dl
			l, dl = normal(y, row[mu]+row[tau]*row[eta+j], deviations[j])
			logProb[i] += l
			// By y the derivative is dl, by the mean −dl.
			g[mu] -= dl
			g[tau] -= dl * row[eta+j]
			g[eta+j] -= dl * row[tau]
		}
		if grad != nil {
			copy(grad[i*d:], g)
		}
	}
}

// quadrature returns the log of the posterior's integral, and the means and
// standard deviations of mu and tau: given tau, y and mu are normal together.
func quadrature() (logEvidence float64, mean, std [2]float64) {
	const steps, end = 20000, 2000.0
	var sum, muSum, muSquare, tauSum, tauSquare float64
	for i := range steps {
		// tau = end·u³ puts the points where the density is.
		u := (float64(i) + 0.5) / steps
		t := end * u * u * u
		weight := 3 * end * u * u / steps
		precision, pull, logProb := 1.0/25, 0.0, 0.0
		for j, y := range effects {
			v := deviations[j]*deviations[j] + t*t
			precision += 1 / v
			pull += y / v
			logProb -= math.Log(2*math.Pi*v)/2 + y*y/v/2
		}
		logProb += pull*pull/precision/2 - math.Log(precision*25)/2
		prior, _ := cauchy(t, 5)
		w := weight * math.Exp(logProb+prior)
		m := pull / precision
		sum += w
		muSum += w * m
		muSquare += w * (m*m + 1/precision)
		tauSum += w * t
		tauSquare += w * t * t
	}
	mean = [2]float64{muSum / sum, tauSum / sum}
	std = [2]float64{math.Sqrt(muSquare/sum - mean[0]*mean[0]), math.Sqrt(tauSquare/sum - mean[1]*mean[1])}
	return math.Log(sum), mean, std
}

// fit infers the posterior and prints it.
func fit(w io.Writer, options train.DensityOptions) (train.DensityResult, error) {
	config, err := flow.IAF(columns, nil, flow.Options{Layers: 4, Hidden: []int{32, 32}})
	if err != nil {
		return train.DensityResult{}, err
	}
	if err := config.SetFullRank(); err != nil {
		return train.DensityResult{}, err
	}
	if err := config.SetSupport(flow.Interval{Column: "tau", Lower: 0, Upper: math.Inf(1)}); err != nil {
		return train.DensityResult{}, err
	}
	f, err := flow.New(config, 1)
	if err != nil {
		return train.DensityResult{}, err
	}
	result, err := train.FitDensity(context.Background(), f, train.LogDensity(posterior), options)
	if err != nil {
		return result, err
	}
	fmt.Fprint(w, result)
	logEvidence, mean, std := quadrature()
	fmt.Fprintf(w, "by quadrature: log_evidence %.4f", logEvidence)
	for i, name := range columns[:eta] {
		fmt.Fprintf(w, ", %s %.4g ± %.4g", name, mean[i], std[i])
	}
	fmt.Fprintln(w)
	return result, nil
}

func main() {
	o := train.DensityDefaults()
	flag.IntVar(&o.Epochs, "epochs", o.Epochs, "epochs of 100 steps")
	flag.IntVar(&o.Normal, "normal", o.Normal, "epochs before them, in which the flow learns a normal")
	flag.BoolVar(&o.Plain, "plain", false, "take the whole derivative of the bound")
	flag.IntVar(&o.Workers, "workers", 0, "goroutines that compute; 0 is every core")
	flag.Parse()
	if _, err := fit(os.Stdout, o); err != nil {
		log.Fatal(err)
	}
}
