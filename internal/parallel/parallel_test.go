package parallel

import (
	"sync/atomic"
	"testing"
)

func TestForDoesEachItemOnce(t *testing.T) {
	for _, items := range []int{0, 1, 2, 100} {
		for _, workers := range []int{-1, 0, 1, 3, 200} {
			done := make([]atomic.Int32, items)
			busy := make([]atomic.Int32, max(workers, 1))
			For(items, workers, func(worker, item int) {
				if busy[worker].Add(1) != 1 {
					t.Errorf("worker %d runs two items at once", worker)
				}
				done[item].Add(1)
				busy[worker].Add(-1)
			})
			for i := range done {
				if n := done[i].Load(); n != 1 {
					t.Errorf("items=%d workers=%d: item %d was done %d times", items, workers, i, n)
				}
			}
		}
	}
}
