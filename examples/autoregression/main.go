// Command autoregression infers the coefficients of an autoregressive model of a
// series, AR(K), with an inverse autoregressive flow, and prints the result
// beside that of quadrature. Without -data the series is one of its own.
//
//	alpha ~ N(0, 10)    beta_k ~ N(0, 10)    sigma ~ Cauchy(0, 2.5), sigma > 0
//	y_t ~ N(alpha + Σ beta_k·y_(t−k), sigma)
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"math"
	"math/rand/v2"
	"os"

	"gonum.org/v1/gonum/mat"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/train"
)

const priorStd, sigmaScale = 10.0, 2.5

// model is what the likelihood needs of a series: with the rows (1, y_(t−1), …,
// y_(t−K)) as X, the sums XᵀX, Xᵀy and yᵀy.
type model struct {
	columns  []string
	n        float64
	products *mat.SymDense
	pull     *mat.VecDense
	square   float64
}

func newModel(series []float64, order int) *model {
	m := &model{columns: []string{"alpha"}, products: mat.NewSymDense(order+1, nil), pull: mat.NewVecDense(order+1, nil)}
	for k := range order {
		m.columns = append(m.columns, fmt.Sprint("beta_", k+1))
	}
	m.columns = append(m.columns, "sigma")
	for t := order; t < len(series); t++ {
		row := mat.NewVecDense(order+1, nil)
		row.SetVec(0, 1)
		for k := range order {
			row.SetVec(k+1, series[t-1-k])
		}
		m.products.SymRankOne(m.products, 1, row)
		m.pull.AddScaledVec(m.pull, series[t], row)
		m.square += series[t] * series[t]
		m.n++
	}
	return m
}

// cauchy returns the log-density of Cauchy(0, sigmaScale) and its derivative.
func cauchy(x float64) (logProb, dx float64) {
	z := x / sigmaScale
	return -math.Log(math.Pi * sigmaScale * (1 + z*z)), -2 * z / (1 + z*z) / sigmaScale
}

// posterior is the log of the joint density of the parameters and the series, and
// its gradient.
func (m *model) posterior(logProb, grad, x []float64) {
	d := len(m.columns)
	b := d - 1 // alpha and the betas
	for i := range logProb {
		row := x[i*d : (i+1)*d]
		sigma, slopes := row[b], make([]float64, d)
		squares := m.square
		for j, v := range row[:b] {
			at := -m.pull.AtVec(j) // half the derivative of the sum of squares
			for k, w := range row[:b] {
				at += m.products.At(j, k) * w
			}
			squares += v * (at - m.pull.AtVec(j))
			slopes[j] = -at/sigma/sigma - v/priorStd/priorStd
		}
		l, dl := cauchy(sigma)
		l -= m.n*math.Log(sigma) + (m.n+float64(b))*math.Log(2*math.Pi)/2 + squares/(2*sigma*sigma) + float64(b)*math.Log(priorStd)
		for _, v := range row[:b] {
			l -= v * v / (2 * priorStd * priorStd)
		}
		logProb[i] = l
		slopes[b] = dl - m.n/sigma + squares/(sigma*sigma*sigma)
		if grad != nil {
			copy(grad[i*d:], slopes)
		}
	}
}

// quadrature returns the log of the posterior's integral and each parameter's mean
// and standard deviation: given sigma the others are normal.
func (m *model) quadrature() (logEvidence float64, mean, std []float64) {
	const steps = 4000
	b := len(m.columns) - 1
	means, squares := make([]float64, b+1), make([]float64, b+1)
	type point struct {
		logWeight   float64
		mean, extra []float64
	}
	var points []point
	most := math.Inf(-1)
	for i := range steps {
		// log sigma from −6 to 6.
		u := -6 + 12*(float64(i)+0.5)/steps
		sigma := math.Exp(u)
		precision := mat.NewSymDense(b, nil)
		precision.ScaleSym(1/(sigma*sigma), m.products)
		for j := range b {
			precision.SetSym(j, j, precision.At(j, j)+1/(priorStd*priorStd))
		}
		var chol mat.Cholesky
		if !chol.Factorize(precision) {
			continue
		}
		at, inverse := mat.NewVecDense(b, nil), mat.NewSymDense(b, nil)
		pull := mat.NewVecDense(b, nil)
		pull.ScaleVec(1/(sigma*sigma), m.pull)
		if chol.SolveVecTo(at, pull) != nil || chol.InverseTo(inverse) != nil {
			continue
		}
		prior, _ := cauchy(sigma)
		p := point{logWeight: prior + u - m.n*math.Log(sigma) - m.n*math.Log(2*math.Pi)/2 - m.square/(2*sigma*sigma) +
			mat.Dot(at, pull)/2 - chol.LogDet()/2 - float64(b)*math.Log(priorStd)}
		for j := range b {
			p.mean, p.extra = append(p.mean, at.AtVec(j)), append(p.extra, inverse.At(j, j))
		}
		p.mean, p.extra = append(p.mean, sigma), append(p.extra, 0)
		points, most = append(points, p), max(most, p.logWeight)
	}
	var sum float64
	for _, p := range points {
		w := math.Exp(p.logWeight - most)
		sum += w
		for j, v := range p.mean {
			means[j] += w * v
			squares[j] += w * (v*v + p.extra[j])
		}
	}
	for j := range means {
		means[j] /= sum
		std = append(std, math.Sqrt(squares[j]/sum-means[j]*means[j]))
	}
	return most + math.Log(sum*12/steps), means, std
}

// fit infers the posterior and prints it.
func (m *model) fit(w io.Writer, options train.DensityOptions) (train.DensityResult, error) {
	config, err := flow.IAF(m.columns, nil, flow.Options{Layers: 3, Hidden: []int{32, 32}})
	if err != nil {
		return train.DensityResult{}, err
	}
	if err := config.SetFullRank(); err != nil {
		return train.DensityResult{}, err
	}
	if err := config.SetSupport(flow.Interval{Column: "sigma", Lower: 0, Upper: math.Inf(1)}); err != nil {
		return train.DensityResult{}, err
	}
	f, err := flow.New(config, 1)
	if err != nil {
		return train.DensityResult{}, err
	}
	result, err := train.FitDensity(context.Background(), f, train.LogDensity(m.posterior), options)
	if err != nil {
		return result, err
	}
	fmt.Fprint(w, result)
	logEvidence, mean, std := m.quadrature()
	fmt.Fprintf(w, "by quadrature: log_evidence %.4f", logEvidence)
	for i, name := range m.columns {
		fmt.Fprintf(w, ", %s %.4g ± %.4g", name, mean[i], std[i])
	}
	fmt.Fprintln(w)
	return result, nil
}

// simulate returns a series of an AR(2) model.
func simulate(n int) []float64 {
	random, series := rand.New(rand.NewPCG(1, 2)), make([]float64, n)
	for t := 2; t < n; t++ {
		series[t] = 0.1 + 0.9*series[t-1] - 0.3*series[t-2] + 0.5*random.NormFloat64()
	}
	return series
}

// read reads a series, numbers between white space.
func read(path string) (series []float64, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	words := bufio.NewScanner(file)
	words.Split(bufio.ScanWords)
	for words.Scan() {
		var v float64
		if _, err := fmt.Sscan(words.Text(), &v); err != nil {
			return nil, fmt.Errorf("%s: %q is no number", path, words.Text())
		}
		series = append(series, v)
	}
	return series, words.Err()
}

func main() {
	path := flag.String("data", "", "a file of numbers, the series")
	order := flag.Int("order", 2, "how many earlier values a value depends on")
	flag.Parse()
	series := simulate(200)
	if *path != "" {
		var err error
		if series, err = read(*path); err != nil {
			log.Fatal(err)
		}
	}
	if *order < 1 || len(series) < *order+2 {
		log.Fatalf("order %d and %d values: want an order of at least 1, and two values more than it", *order, len(series))
	}
	if _, err := newModel(series, *order).fit(os.Stdout, train.DensityDefaults()); err != nil {
		log.Fatal(err)
	}
}
