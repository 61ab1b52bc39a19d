// Package parallel spreads numbered pieces of work over goroutines.
package parallel

import (
	"sync"
	"sync/atomic"
)

// For calls do(worker, item) once for each item from 0 to items-1, on at most
// workers goroutines, the caller's own among them; worker is below workers and
// belongs to one goroutine at a time. Which worker takes which item is chance.
func For(items, workers int, do func(worker, item int)) {
	workers = min(workers, items)
	if workers <= 1 {
		for i := range items {
			do(0, i)
		}
		return
	}
	var next atomic.Int64
	var group sync.WaitGroup
	work := func(worker int) {
		for i := int(next.Add(1)) - 1; i < items; i = int(next.Add(1)) - 1 {
			do(worker, i)
		}
	}
	for w := 1; w < workers; w++ {
		group.Go(func() { work(w) })
	}
	work(0)
	group.Wait()
}
