package autograd_test

import (
	"slices"
	"testing"

	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// meet runs do for so many tiles of one event each.
func meet(tiles, workers int, do func(tile int, p *autograd.Pass)) bool {
	binding := autograd.Bind64(autograd.NewParameters(0))
	m := autograd.NewMeeting(tiles, tiles, workers)
	return m.Run(func(tile int) {
		g := binding.NewGraph()
		g.Reset(autograd.Differentiate)
		p := g.Pass(1)
		p.Join(m, tile)
		do(tile, p)
	})
}

// TestFold adds up values whose sum depends on the order, and their gradients,
// with any number of workers.
func TestFold(t *testing.T) {
	parts := []float64{1e16, 1, -1e16, 1, 3e15, 1, -3e15}
	var want float64
	for _, v := range parts {
		want += v
	}
	for _, workers := range []int{1, 2, 7, 20} {
		sums, gradients := make([]float64, len(parts)), make([]float64, len(parts))
		complete := meet(len(parts), workers, func(tile int, p *autograd.Pass) {
			own := p.Sums(1)
			own.Values[0] = parts[tile]
			twice := p.Fold(p.Fold(own))
			sums[tile] = twice.Values[0]
			twice.Gradient[0] = parts[tile]
			p.Backward()
			gradients[tile] = own.Gradient[0]
		})
		var again float64
		for range parts {
			again += want
		}
		for tile := range parts {
			if !complete || sums[tile] != again || gradients[tile] != again {
				t.Fatalf("%d workers: tile %d has the sum %v and the gradient %v, want %v", workers, tile, sums[tile], gradients[tile], again)
			}
		}
	}
}

// TestFoldTwice folds the same sums twice: they get the gradients of both.
func TestFoldTwice(t *testing.T) {
	meet(3, 2, func(tile int, p *autograd.Pass) {
		own := p.Sums(1)
		for i := range 2 {
			p.Fold(own).Gradient[0] = float64(1 + i)
		}
		p.Backward()
		if got := own.Gradient[0]; got != 9 {
			t.Errorf("tile %d has the gradient %v, want 3·1 + 3·2", tile, got)
		}
	})
}

// TestGather brings the rows of all tiles to each, in tile order.
func TestGather(t *testing.T) {
	for _, workers := range []int{1, 3} {
		meet(5, workers, func(tile int, p *autograd.Pass) {
			x := p.Input(2, 3, false) // two sites
			for i := range 6 {
				x.Set(i/3, i%3, float64(6*tile+i))
			}
			all := p.Gather(p.Columns(x, []int{1, 2}))
			if all.Rows != 10 || all.Cols != 2 {
				t.Errorf("%d x %d gathered, want 10 x 2", all.Rows, all.Cols)
				return
			}
			for r := range all.Rows {
				for c := range all.Cols {
					if got, want := all.At(r, c), float64(3*r+c+1); got != want {
						t.Errorf("row %d column %d is %v, want %v", r, c, got, want)
					}
				}
			}
		})
	}
}

// TestGatherOnce brings the rows of all tiles to one of them, in tile order, before
// any goes on.
func TestGatherOnce(t *testing.T) {
	for _, workers := range []int{1, 3} {
		var got []float64
		var after [5]int
		meet(5, workers, func(tile int, p *autograd.Pass) {
			x := p.Input(1, 2, false)
			x.Set(0, 0, float64(2*tile))
			x.Set(0, 1, float64(2*tile+1))
			p.GatherOnce(x, func(rows autograd.Value) {
				for r := range rows.Rows {
					got = append(got, rows.At(r, 0), rows.At(r, 1))
				}
			})
			after[tile] = len(got)
		})
		if want := []float64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}; !slices.Equal(got, want) || after != [5]int{10, 10, 10, 10, 10} {
			t.Errorf("%d workers: gathered %v, and the tiles then see %v values", workers, got, after)
		}
	}
}

// TestOnce runs what changes a shared value between what reads it before and
// after.
func TestOnce(t *testing.T) {
	shared := 0
	var before, after [6]int
	meet(6, 2, func(tile int, p *autograd.Pass) {
		before[tile] = shared
		p.Once(func() { shared++ })
		after[tile] = shared
	})
	if before != [6]int{} || after != [6]int{1, 1, 1, 1, 1, 1} {
		t.Errorf("the tiles read %v before and %v after, want 0 and 1", before, after)
	}
}

// TestMeetingEnds takes every tile out when one panics, or when it is ended.
func TestMeetingEnds(t *testing.T) {
	failed := func() (reason any) {
		defer func() { reason = recover() }()
		meet(4, 2, func(tile int, p *autograd.Pass) {
			if tile == 2 {
				panic("tile 2")
			}
			p.Fold(p.Sums(1))
		})
		return nil
	}()
	if failed != "tile 2" {
		t.Errorf("the caller's panic is %v, want that of tile 2", failed)
	}
	var passed [4]bool
	binding := autograd.Bind64(autograd.NewParameters(0))
	m := autograd.NewMeeting(4, 4, 2)
	complete := m.Run(func(tile int) {
		p := binding.NewGraph().Pass(1)
		p.Join(m, tile)
		if tile == 0 {
			m.End()
			return
		}
		p.Fold(p.Sums(1))
		passed[tile] = true
	})
	if complete || slices.Contains(passed[:], true) {
		t.Errorf("after the end complete is %v, and the tiles that went on are %v", complete, passed)
	}
}

// TestAlone is the identity.
func TestAlone(t *testing.T) {
	g := autograd.Bind64(autograd.NewParameters(0)).NewGraph()
	g.Reset(autograd.Evaluate)
	p := g.Pass(2)
	own, x, ran := p.Sums(1), p.Input(2, 1, false), false
	own.Values[0] = 3
	p.Once(func() { ran = true })
	if p.Fold(own).Values[0] != 3 || p.Gather(x) != x || p.BatchRows(x) != 2 || p.Meets() || ran {
		t.Error("a tile alone does not keep what it has")
	}
}
