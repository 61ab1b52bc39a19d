package autograd

// arena hands out slices that all end together. Blocks are kept, so that a
// graph which has seen its largest tile allocates no more.
type arena[T any] struct {
	size        int // elements of a block; a larger request gets a block of its own
	blocks      [][]T
	block, used int
}

type arenaMark struct{ block, used int }

// take returns n elements with whatever they held before.
func (a *arena[T]) take(n int) []T {
	for ; a.block < len(a.blocks); a.block, a.used = a.block+1, 0 {
		if b := a.blocks[a.block]; a.used+n <= len(b) {
			s := b[a.used : a.used+n : a.used+n]
			a.used += n
			return s
		}
	}
	b := make([]T, max(n, a.size))
	a.blocks = append(a.blocks, b)
	a.block, a.used = len(a.blocks)-1, n
	return b[:n:n]
}

func (a *arena[T]) takeZeroed(n int) []T {
	s := a.take(n)
	clear(s)
	return s
}

// elements returns how many there is room for.
func (a *arena[T]) elements() (n int) {
	for _, b := range a.blocks {
		n += len(b)
	}
	return n
}

func (a *arena[T]) mark() arenaMark     { return arenaMark{a.block, a.used} }
func (a *arena[T]) release(m arenaMark) { a.block, a.used = m.block, m.used }
