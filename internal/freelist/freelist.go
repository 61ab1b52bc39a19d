// Package freelist recycles scratch memory that calls borrow and give back.
//
// Unlike [sync.Pool] it keeps what it was given until the program ends: the
// garbage collector does not empty it and the race detector does not drop from
// it, so that code which promises to allocate nothing once warm keeps the
// promise. It holds as many values as were ever borrowed at the same time.
package freelist

import "sync"

// List is a list of values that nobody uses. Its zero value is empty. It is safe
// for concurrent use.
type List[T any] struct {
	lock sync.Mutex
	free []*T
}

// Borrow returns a value that nobody else uses, with the contents its last user
// left, or a new zero value.
func (l *List[T]) Borrow() *T {
	l.lock.Lock()
	defer l.lock.Unlock()
	last := len(l.free) - 1
	if last < 0 {
		return new(T)
	}
	v := l.free[last]
	l.free = l.free[:last]
	return v
}

// Return gives back a borrowed value, which the caller uses no more.
func (l *List[T]) Return(v *T) {
	l.lock.Lock()
	defer l.lock.Unlock()
	l.free = append(l.free, v)
}

// Slices is a list of slices of any length.
type Slices[E any] struct{ list List[[]E] }

// Borrow returns a slice of at least n elements, of any contents, for [Slices.Return].
func (l *Slices[E]) Borrow(n int) *[]E {
	s := l.list.Borrow()
	if len(*s) < n {
		*s = make([]E, n)
	}
	return s
}

// Return gives back a borrowed slice, which the caller uses no more.
func (l *Slices[E]) Return(s *[]E) { l.list.Return(s) }
