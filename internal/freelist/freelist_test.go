package freelist_test

import (
	"runtime"
	"sync"
	"testing"

	"github.com/seed-192fdf7a/nf/internal/freelist"
)

func TestNothingIsAllocatedOnceWarm(t *testing.T) {
	var l freelist.Slices[float32]
	use := func() {
		a, b := l.Borrow(100), l.Borrow(10)
		if len(*a) < 100 || len(*b) < 10 || &(*a)[0] == &(*b)[0] {
			t.Fatal("borrowed slices are short or shared")
		}
		l.Return(a)
		l.Return(b)
	}
	use()
	use() // the order of the two has turned around: both are long now
	runtime.GC()
	runtime.GC()
	if n := testing.AllocsPerRun(100, use); n != 0 {
		t.Errorf("%v allocations a call", n)
	}
}

func TestConcurrentBorrowersShareNothing(t *testing.T) {
	var l freelist.List[int]
	var wait sync.WaitGroup
	for id := range 4 {
		wait.Go(func() {
			for range 1000 {
				v := l.Borrow()
				*v = id
				runtime.Gosched()
				if *v != id {
					t.Error("two borrowers hold one value")
				}
				l.Return(v)
			}
		})
	}
	wait.Wait()
}
