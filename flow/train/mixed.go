package train

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// Mixed is (1 − share)·a + share·b, for every event: of [ReverseKL] and
// [ForwardKL], the divergence of a student that draws nothing that its teacher would
// not, and yet all that the teacher does. Both have the same events, sites and
// parameters, and share is from 0, which is a alone, to 1.
func Mixed(a, b Objective, share float64) (Objective, error) {
	switch {
	case !(share >= 0 && share <= 1):
		return nil, fmt.Errorf("train: a share of %v, want 0 to 1", share)
	case a.Events() != b.Events() || a.Sites() != b.Sites():
		return nil, fmt.Errorf("train: objectives of %d events of %d sites and of %d of %d; they must be the same", a.Events(), a.Sites(), b.Events(), b.Sites())
	case share == 0:
		return a, nil
	case share == 1:
		return b, nil
	}
	return &mixed{a: a, b: b, share: share}, nil
}

type mixed struct {
	a, b  Objective
	share float64
}

func (m *mixed) Events() int { return m.a.Events() }
func (m *mixed) Sites() int  { return m.a.Sites() }

func (m *mixed) Constant() float64 {
	return float64((1-m.share)*m.a.Constant()) + float64(m.share*m.b.Constant())
}

func (m *mixed) Loss(p *autograd.Pass, events []int) autograd.Sums {
	if p.Meets() {
		return m.a.Loss(p, events) // first values are taken once
	}
	loss := p.Sums(len(events))
	for _, part := range []struct {
		of    Objective
		share float64
	}{{m.a, 1 - m.share}, {m.b, m.share}} {
		q := *p
		q.LogDet = p.Sums(len(events))
		p.AddScaled(loss, part.of.Loss(&q, events), []float64{part.share})
	}
	return loss
}
