package main

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/train"
)

// classifier is a network whose one output is the log odds of a row's being of the
// second kind: a model and an objective of package train.
type classifier struct {
	parameters *autograd.Parameters
	network    nn.Conditioner
}

func newClassifier(columns int) *classifier {
	c := &classifier{parameters: autograd.NewParameters(0)}
	spec := nn.MLPSpec{Hidden: []int{10 * columns, 10 * columns}, Activation: autograd.Activation{}}
	c.network = spec.Build(autograd.Shape{Features: columns}, 0, 1, c.parameters.Root())
	c.network.Initialize(1)
	return c
}

func (c *classifier) Parameters() *autograd.Parameters { return c.parameters }

func (c *classifier) Bind(b blas.Backend) (*autograd.Binding, error) {
	if b == nil {
		var err error
		if b, err = blas.Default(); err != nil {
			return nil, err
		}
	}
	return autograd.Bind32(c.parameters, b), nil
}

// labelled are rows of two columns and whether each is of the second kind; the loss
// is the cross entropy.
type labelled struct {
	*classifier
	rows   []float64
	second []bool
}

func (l labelled) Events() int       { return len(l.second) }
func (l labelled) Sites() int        { return 1 }
func (l labelled) Constant() float64 { return 0 }

// odds returns the output for some rows.
func (l labelled) odds(p *autograd.Pass, events []int) autograd.Value {
	x := p.Input(len(events), 2, false)
	for i, e := range events {
		x.Set(i, 0, l.rows[2*e])
		x.Set(i, 1, l.rows[2*e+1])
	}
	return l.network.Compute(p, x, len(events))
}

func (l labelled) Loss(p *autograd.Pass, events []int) autograd.Sums {
	logProb := p.Sums(len(events))
	p.External(l.odds(p, events), func(logProb, grad, odds []float64) {
		for i, e := range events {
			sign := -1.0
			if l.second[e] {
				sign = 1
			}
			u := sign * odds[i]
			logProb[i] = min(u, 0) - math.Log1p(math.Exp(-math.Abs(u)))
			if grad != nil {
				grad[i] += sign / (1 + math.Exp(u))
			}
		}
	}, logProb)
	return p.Scale(logProb, -1)
}

// c2st trains a classifier on a part of two sets of draws and returns its accuracy
// on the rest: 0.5 where it cannot tell them apart, 1 where they are apart
// (classifier two-sample test: Lopez-Paz and Oquab, 2017).
func c2st(a, b []float64, epochs int) (float64, error) {
	var all labelled
	order := rand.New(rand.NewPCG(5, 5)).Perm((len(a) + len(b)) / 2)
	mean, std := moments(a)
	for _, i := range order {
		row := append(a[:len(a):len(a)], b...)[2*i : 2*i+2]
		all.rows = append(all.rows, (row[0]-mean[0])/std[0], (row[1]-mean[1])/std[1])
		all.second = append(all.second, i >= len(a)/2)
	}
	all.classifier = newClassifier(2)
	part := func(from, to int) labelled {
		n := len(order)
		return labelled{all.classifier, all.rows[2*(from*n/5) : 2*(to*n/5)], all.second[from*n/5 : to*n/5]}
	}
	o := train.Defaults()
	o.Epochs, o.Patience = epochs, 0
	var none *train.NoBetterEpochError
	if _, err := train.Minimize(context.Background(), all, part(0, 3), part(3, 4), o); errors.As(err, &none) {
		return 0.5, nil // guessing is as good
	} else if err != nil {
		return 0, err
	}
	return part(4, 5).accuracy()
}

// accuracy returns the part of the rows whose kind is the likelier one.
func (l labelled) accuracy() (float64, error) {
	binding, err := l.Bind(nil)
	if err != nil {
		return 0, err
	}
	g := binding.NewGraph()
	g.Reset(autograd.Evaluate)
	events := make([]int, l.Events())
	for i := range events {
		events[i] = i
	}
	odds, right := l.odds(g.Pass(len(events)), events), 0.0
	for i, second := range l.second {
		if odds.At(i, 0) > 0 == second {
			right++
		}
	}
	return right / float64(len(events)), nil
}

// moments returns the mean and the standard deviation of two columns.
func moments(rows []float64) (mean, std [2]float64) {
	n := float64(len(rows) / 2)
	for i, v := range rows {
		mean[i%2] += v / n
	}
	for i, v := range rows {
		std[i%2] += (v - mean[i%2]) * (v - mean[i%2]) / n
	}
	return mean, [2]float64{math.Sqrt(std[0]), math.Sqrt(std[1])}
}
