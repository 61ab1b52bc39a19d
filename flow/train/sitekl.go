package train

import (
	"errors"
	"sync"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// SiteKL is the objective KL(student‖teacher), in nats, of two densities of sequences
// that know the density of a site given those before it, as van den Oord et al.
// (2018) distill a WaveNet and Ping, Peng and Chen (2019, ClariNet) one with normal
// densities: the cross-entropy of the student and the teacher less the
// student's entropy. Given the noise before it, each feature of a site of the student is
// normal with a mean μ and a deviation σ, and none depends on another of its site, so that
// its entropy is log σ + ½ log 2πe; and the teacher, of whose sites the same is true and
// which is asked once for all sites of a draw, gives the cross-entropy of
// each as the mean of −log p(x′|sites before it) over x′ = μ + σε. Where the
// teacher's densities are normal too, ε = ±1 is the exact mean, the closed form of
// ClariNet; else there are o.Draws values of ε, normal draws and their negatives, or 16
// where o.Draws is 0. That has less noise than [ReverseKL], which compares the
// draws alone.
//
// Both flows have the standard normal base. The student is maps
// [transform.InvertSpec] of [transform.SequentialSpec] with affine univariates, all
// in the order of the teacher, which is one SequentialSpec. Of o, Events, Draws and
// Context count.
func SiteKL(student, teacher *flow.Flow, o KL, backend blas.Backend) (Objective, error) {
	draws := o.Draws
	o = KL{Events: o.Events, Context: o.Context}
	if err := o.checkEvents(student); err != nil {
		return nil, err
	}
	if err := alike(student, teacher); err != nil {
		return nil, err
	}
	if err := SiteBySite(student, teacher); err != nil {
		return nil, err
	}
	k := &siteKL{KL: o, student: student, teacher: teacher, pairs: max(1, draws/2)}
	if draws == 0 {
		k.pairs = usualPairs
	}
	for _, t := range student.Model().Chain().Transforms() {
		k.maps = append(k.maps, transform.Inverted(t).(transform.Conditional))
	}
	k.asked = teacher.Model().Chain().Transforms()[0].(transform.Conditional)
	c := teacher.Config()
	if isNormal(c.Transforms[0].(*transform.SequentialSpec).Univariate) {
		k.pairs, k.exact = 1, true
	}
	binding, err := teacher.Model().Bind(backend)
	if err != nil {
		return nil, err
	}
	k.graphs.New = func() any { return binding.NewGraph() }
	return k, nil
}

// usualPairs is half of KL.Draws where that is 0.
const usualPairs = 8

// SiteBySite tells why [SiteKL] cannot compare two flows.
func SiteBySite(student, teacher *flow.Flow) error {
	s, t := student.Config(), teacher.Config()
	_, normal := s.Base.(*base.StandardNormalSpec)
	_, also := t.Base.(*base.StandardNormalSpec)
	if !normal || !also {
		return errors.New("train: the divergence site by site is for flows whose base is the standard normal one")
	}
	if len(t.Transforms) != 1 {
		return errors.New("train: the divergence site by site needs a teacher of one sequential layer")
	}
	asked, ok := t.Transforms[0].(*transform.SequentialSpec)
	if !ok {
		return errors.New("train: the divergence site by site needs a teacher of one sequential layer")
	}
	for _, spec := range s.Transforms {
		inverted, ok := spec.(*transform.InvertSpec)
		if !ok {
			return errors.New("train: the divergence site by site needs a student of inverted sequential layers")
		}
		own, ok := inverted.Transform.(*transform.SequentialSpec)
		if !ok || !isNormal(own.Univariate) || own.Reverse != asked.Reverse {
			return errors.New("train: the divergence site by site needs a student of inverted sequential layers that are affine and in the order of the teacher's")
		}
	}
	return nil
}

// isNormal tells whether a univariate makes normal values of normal ones.
func isNormal(u autograd.Univariate) bool {
	switch u := u.(type) {
	case *autograd.Affine, *autograd.Additive:
		return true
	case *autograd.Inverse:
		return isNormal(u.Of)
	}
	return false
}

type siteKL struct {
	KL
	student, teacher *flow.Flow
	maps             []transform.Conditional // of the student, from data to noise
	asked            transform.Conditional   // the teacher's
	pairs            int                     // of ε and −ε
	exact            bool                    // ε is 1
	graphs           sync.Pool               // of the teacher
}

func (o *siteKL) Events() int       { return o.KL.Events }
func (o *siteKL) Sites() int        { return o.student.Model().Sites() }
func (o *siteKL) Constant() float64 { return 0 }

func (o *siteKL) Loss(p *autograd.Pass, events []int) autograd.Sums {
	loss, _ := o.lossOf(p, events)
	return loss
}

// lossOf returns the losses and the draws.
func (o *siteKL) lossOf(p *autograd.Pass, events []int) (loss autograd.Sums, x autograd.Value) {
	numbers := make([]uint64, len(events))
	for i, event := range events {
		numbers[i] = p.Epoch<<40 | uint64(event)
	}
	o.loadContext(p, o.student, events, 1)
	z := o.student.Model().DrawNoise(p, p.Seed, numbers, p.Sums(len(events)))
	x = p.Copy(z)
	logSigma := make([]autograd.Sums, z.Cols) // of each feature, a value for each site
	for c := range logSigma {
		logSigma[c] = p.Sums(z.Rows)
	}
	for i := len(o.maps) - 1; i >= 0; i-- {
		u, parameters := o.maps[i].Conditionals(p, x)
		for c, total := range logSigma {
			x = applyFeature(p, u, x, parameters, c, total)
		}
	}
	entropy, crossed := p.Sums(len(events)), p.Sums(len(events))
	sites := z.Rows / len(events)
	asked := x
	for _, of := range logSigma {
		for r, v := range of.Values {
			entropy.Values[r/sites] += v
		}
		asked = p.Concat(asked, p.Column(of))
	}
	p.External(p.Concat(asked, z), func(logProb, grad, values []float64) {
		o.cross(logProb, grad, values, p.Seed, numbers, events)
	}, crossed)
	loss = p.Sums(len(events))
	for e := range loss.Values {
		loss.Values[e] = -crossed.Values[e] - entropy.Values[e] - float64(float64(sites*z.Cols)*halfLog2PiE)
	}
	if p.Recording() {
		p.Record(func() {
			for e, d := range loss.Gradient {
				crossed.Gradient[e] -= d
			}
			for _, of := range logSigma {
				for r := range of.Gradient {
					of.Gradient[r] -= loss.Gradient[r/sites]
				}
			}
		})
	}
	return loss, x
}

// applyFeature maps feature c of each site by an affine u, of whose parameters there is a
// block of all features for each that an element has.
func applyFeature(p *autograd.Pass, u autograd.Univariate, x, parameters autograd.Value, c int, total autograd.Sums) autograd.Value {
	if x.Cols == 1 {
		return p.Apply(u, false, x, parameters, autograd.Part{}, total)
	}
	var own []int
	for at := c; at < parameters.Cols; at += x.Cols {
		own = append(own, at)
	}
	return p.Apply(u, false, x, p.Columns(parameters, own), autograd.Part{Columns: []int{c}}, total)
}

// halfLog2PiE is the entropy of a standard normal.
const halfLog2PiE = 1.4189385332046727

// cross sets the means of log p of the values that sites may have, and grad to the
// derivatives. Of each site, values has the draws x of all features, then log σ, then
// the noise z.
func (o *siteKL) cross(logProb, grad, values []float64, seed uint64, numbers []uint64, events []int) {
	g := o.graphs.Get().(*autograd.Graph)
	defer o.graphs.Put(g)
	mode := autograd.Evaluate
	if grad != nil {
		mode = autograd.DifferentiateInputs
	}
	g.Reset(mode)
	t := g.Pass(len(events))
	o.loadContext(t, o.teacher, events, 1)
	features := len(o.teacher.Config().Features)
	rows := len(values) / (3 * features)
	x := g.Input(rows, features, true)
	for r := range rows {
		for c := range features {
			x.Set(r, c, values[3*features*r+c])
		}
	}
	u, parameters := o.asked.Conditionals(t, x)
	epsilon := o.draws(rows, features, seed, numbers)
	weight := 1 / float64(2*o.pairs)
	drawn, total := make([]autograd.Value, 2*o.pairs), g.Sums(len(events))
	// of returns σ of a feature, and ε − z of it and a draw.
	of := func(m, r, c int) (sigma, distance float64) {
		e := float64(epsilon[(m/2*rows+r)*features+c])
		if m%2 == 1 {
			e = -e
		}
		own := values[3*features*r:]
		return kernels.Exp64(own[features+c]), e - own[2*features+c]
	}
	for m := range drawn {
		drawn[m] = g.Input(rows, features, true)
		for r := range rows {
			for c := range features {
				sigma, distance := of(m, r, c)
				drawn[m].Set(r, c, values[3*features*r+c]+float64(sigma*distance))
			}
		}
		t.StandardNormal(t.Apply(u, false, t.Copy(drawn[m]), parameters, autograd.Part{}, total), total)
	}
	for e, v := range total.Values {
		logProb[e] = float64(v * weight)
	}
	if grad == nil {
		return
	}
	total.Seed(weight)
	g.Backward()
	for r := range rows {
		for c := range features {
			d, own := x.Gradient(r, c), grad[3*features*r:]
			for m, v := range drawn {
				sigma, distance := of(m, r, c)
				dx := v.Gradient(r, c)
				d += dx
				own[features+c] += float64(float64(dx*sigma) * distance)
			}
			own[c] = d
		}
	}
}

// draws returns ε of each pair, site and feature.
func (o *siteKL) draws(rows, features int, seed uint64, numbers []uint64) []float32 {
	epsilon, values := make([]float32, o.pairs*rows*features), rows/len(numbers)*features
	if o.exact {
		for i := range epsilon {
			epsilon[i] = 1
		}
		return epsilon
	}
	for e, number := range numbers {
		for k := range o.pairs {
			kernels.NormalRows(epsilon[k*rows*features+e*values:][:values], 1, values, seed, random.Noise, number*uint64(o.pairs)+uint64(k))
		}
	}
	return epsilon
}
