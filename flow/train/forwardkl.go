package train

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// ForwardKL is the objective KL(teacher‖student), in nats: the mean of log p − log
// q of rows that the teacher p draws, whose gradient is that of maximum likelihood
// on as many rows as one likes. Every epoch draws anew; epoch 0 always the same.
// The student's standardization must be the teacher's ([flow.Config.Follow]). Of
// o, Events and Context count. Where [ReverseKL] makes the student draw nothing that
// the teacher does not, this makes it draw all that the teacher does.
func ForwardKL(student, teacher *flow.Flow, o KL, backend blas.Backend) (Objective, error) {
	o = KL{Events: o.Events, Context: o.Context}
	if err := o.checkEvents(student); err != nil {
		return nil, err
	}
	if err := alike(student, teacher); err != nil {
		return nil, err
	}
	binding, err := teacher.Model().Bind(backend)
	if err != nil {
		return nil, err
	}
	k := &forwardKL{KL: o, student: student, teacher: teacher}
	k.graphs.New = func() any { return binding.NewGraph() }
	return k, nil
}

// alike tells how the events of two flows differ.
func alike(student, teacher *flow.Flow) error {
	s, t := student.Config(), teacher.Config()
	switch {
	case student.Augmented() || teacher.Augmented():
		return errors.New("train: the student or the teacher is a flow beside columns of noise, which has a bound in the place of its log-density")
	case !slices.Equal(s.Features, t.Features) || !slices.Equal(s.Context, t.Context) || !slices.Equal(s.Grid, t.Grid):
		return fmt.Errorf("train: the student is of the columns %q given %q, the teacher of %q given %q; they must be the same", s.Features, s.Context, t.Features, t.Context)
	case !same(s.Standardize, t.Standardize) || !same(s.StandardizeContext, t.StandardizeContext):
		return errors.New("train: the student's standardization is not the teacher's; Config.Follow takes it over")
	}
	return nil
}

func same(a, b flow.Standardization) bool {
	return slices.Equal(a.Mean, b.Mean) && slices.Equal(a.Std, b.Std)
}

type forwardKL struct {
	KL
	student, teacher *flow.Flow
	graphs           sync.Pool // of the teacher
}

func (o *forwardKL) Events() int       { return o.KL.Events }
func (o *forwardKL) Sites() int        { return o.student.Model().Sites() }
func (o *forwardKL) Constant() float64 { return 0 }

func (o *forwardKL) Loss(p *autograd.Pass, events []int) autograd.Sums {
	numbers := make([]uint64, len(events))
	for i, event := range events {
		numbers[i] = p.Epoch<<40 | uint64(event)
	}
	o.loadContext(p, o.student, events, 1)
	g := o.graphs.Get().(*autograd.Graph)
	defer o.graphs.Put(g)
	g.Reset(autograd.Evaluate)
	t, noise := g.Pass(len(events)), g.Sums(len(events))
	o.loadContext(t, o.teacher, events, 1)
	drawn := o.teacher.Model().Draw(t, p.Seed, numbers, noise)
	x := p.Input(drawn.Rows, drawn.Cols, false)
	for r := range x.Rows {
		for c := range x.Cols {
			x.Set(r, c, drawn.At(r, c))
		}
	}
	o.student.Model().LogDensity(p, x)
	loss := p.Scale(p.LogDet, -1)
	for e := range loss.Values {
		loss.Values[e] += noise.Values[e] - t.LogDet.Values[e]
	}
	return loss
}
