package autograd_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// scaling is the matrix p·I of one parameter p.
type scaling struct{ size int }

func (m scaling) Size() int { return m.size }

func (m scaling) Compute(w []float64, v autograd.SquareValues, inverse bool, _ autograd.Share) float64 {
	clear(w)
	for i := range m.size {
		w[i*m.size+i] = v.Parameters[0][0]
		if inverse {
			w[i*m.size+i] = 1 / v.Parameters[0][0]
		}
	}
	return 0
}

func (m scaling) Gradient(autograd.SquareValues) autograd.SquareGradient { return nil }

// TestSquareRefresh changes the parameter under a binding that has used both
// directions: Refresh, as training calls it at every step, must forget both
// matrices.
func TestSquareRefresh(t *testing.T) {
	parameters := autograd.NewParameters(0)
	p := parameters.Root().New("p", 1, 1)
	square := parameters.Root().NewSquare(scaling{3}, p)
	backend, err := blas.Default()
	if err != nil {
		t.Fatal(err)
	}
	binding := autograd.Bind32(parameters, backend)
	g := binding.NewGraph()
	for _, factor := range []float32{2, 4, 0.5} {
		p.Values()[0] = factor
		binding.Refresh(1)
		for _, inverse := range []bool{false, true} {
			g.Reset(autograd.Evaluate)
			x := g.Input(1, 3, false)
			for c := range 3 {
				x.Set(0, c, 1)
			}
			want := float64(factor)
			if inverse {
				want = 1 / want
			}
			if y := g.MultiplySquare(x, square, inverse, g.Sums(1)).At(0, 2); y != want {
				t.Errorf("factor %v, inverse %v: 1 goes to %v, want %v", factor, inverse, y, want)
			}
		}
	}
}

// TestSquareIsShared makes a matrix whose items wait for each other, which is
// done only if it has as many goroutines as the binding was given, while several
// graphs want it at once.
func TestSquareIsShared(t *testing.T) {
	const graphs = 4
	parameters := autograd.NewParameters(0)
	p := parameters.Root().New("p", 1, 1)
	p.Values()[0] = 3
	matrix := &meeting{scaling: scaling{2}}
	matrix.arrive.Add(graphs)
	square := parameters.Root().NewSquare(matrix, p)
	backend, err := blas.Default()
	if err != nil {
		t.Fatal(err)
	}
	binding := autograd.Bind32(parameters, backend)
	binding.Share(graphs)
	var group sync.WaitGroup
	for range graphs {
		group.Go(func() {
			g := binding.NewGraph()
			g.Reset(autograd.Evaluate)
			x := g.Input(1, 2, false)
			x.Set(0, 0, 5)
			if y := g.MultiplySquare(x, square, false, g.Sums(1)).At(0, 0); y != 15 {
				t.Errorf("5 goes to %v, want 15", y)
			}
		})
	}
	group.Wait()
	if n := matrix.made.Load(); n != 1 {
		t.Errorf("the matrix was made %d times", n)
	}
}

// meeting is scaling with one item for each goroutine, which ends when all have
// begun.
type meeting struct {
	scaling
	arrive sync.WaitGroup
	made   atomic.Int64
}

func (m *meeting) Compute(w []float64, v autograd.SquareValues, inverse bool, share autograd.Share) float64 {
	m.made.Add(1)
	share(4, func(int) {
		m.arrive.Done()
		m.arrive.Wait()
	})
	return m.scaling.Compute(w, v, inverse, share)
}
