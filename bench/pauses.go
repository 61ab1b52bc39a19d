package bench

import (
	"math"
	"regexp"
	"runtime"
	"runtime/metrics"
	"sync/atomic"
	"time"

	"github.com/seed-192fdf7a/nf/kernels"
)

// Pause is how long the garbage collector waited for all goroutines to stop
// while one of them ran a kernel.
type Pause struct {
	Name        string
	Collections int
	// Upper edges of the runtime's buckets. Calm is the worst of the round
	// whose worst was least: what recurs in every round is the kernel's, what
	// does not is the machine's, which took a processor away meanwhile.
	Median, Calm, Worst time.Duration
}

// pauseRounds is the number of rounds that the time of a kernel is cut into.
const pauseRounds = 5

// Pauses runs each kernel whose name matches only (nil: all) on n elements, on
// the active tier, over and over for o.Time on one goroutine, while another
// asks for garbage collections, and reports how long the collector waited until
// the world had stopped (/sched/pauses/stopping/gc). The first two lines are
// what to compare with: nothing running, and a plain copy, which is one call of
// the runtime's assembly that nothing cuts.
func Pauses(o Options, n int, only *regexp.Regexp, report func(Pause)) {
	report(pause(o, "nothing running", func() { time.Sleep(time.Millisecond) }))
	dst, src := make([]float32, n), fill(n, 1, 1)
	report(pause(o, "plain copy, uncut", func() { copy(dst, src) }))
	dst, src = nil, nil
	tier := kernels.Active()
	for _, w := range workloads() {
		if only != nil && !only.MatchString(w.name) {
			continue
		}
		run, _ := w.prepare(n)
		report(pause(o, w.name+"/tier="+tier.Name(), func() { run(tier) }))
	}
}

const stopping = "/sched/pauses/stopping/gc:seconds"

func pause(o Options, name string, run func()) Pause {
	run()
	var stop atomic.Bool
	done := make(chan struct{})
	go func() {
		defer close(done)
		for !stop.Load() {
			run()
		}
	}()
	first := readPauses()
	calm, before, after := time.Duration(math.MaxInt64), first, first
	for range pauseRounds {
		for start := time.Now(); time.Since(start) < o.Time/pauseRounds; {
			runtime.GC()
		}
		after = readPauses()
		calm = min(calm, summarize(name, before, after).Worst)
		before = after
	}
	stop.Store(true)
	<-done
	p := summarize(name, first, after)
	p.Calm = calm
	return p
}

func readPauses() *metrics.Float64Histogram {
	sample := []metrics.Sample{{Name: stopping}}
	metrics.Read(sample)
	return sample[0].Value.Float64Histogram()
}

// summarize is the median and the largest of what the second histogram has
// beyond the first.
func summarize(name string, before, after *metrics.Float64Histogram) Pause {
	p := Pause{Name: name}
	for i := range after.Counts {
		p.Collections += int(after.Counts[i] - before.Counts[i])
	}
	seen := 0
	for i := range after.Counts {
		count := int(after.Counts[i] - before.Counts[i])
		if count == 0 {
			continue
		}
		edge := after.Buckets[i+1]
		if math.IsInf(edge, 1) {
			edge = after.Buckets[i]
		}
		p.Worst = time.Duration(edge * 1e9)
		if seen += count; p.Median == 0 && 2*seen >= p.Collections {
			p.Median = p.Worst
		}
	}
	return p
}
