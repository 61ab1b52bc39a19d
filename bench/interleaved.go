package bench

import (
	"slices"
	"time"
)

// Timing is the time of one call of one contender.
type Timing struct {
	Name     string
	Ns       float64 // of one call; the median over the rounds, or the least
	Calls    int     // that were timed
	Fraction float64 // of the whole work that one call did: 1, or less for the slow
}

// contender is one of several ways to do the same work.
type contender struct {
	name     string
	do       func()
	fraction float64 // of the work that do does
}

// interleaved times contenders in rounds, A B C A B C …, so that a change of
// the machine's speed meets all of them alike. Each is timed for o.Time in all,
// at least, and each of its timings for a share of that.
func (o Options) interleaved(contenders []contender) []Timing {
	rounds := samples
	if o.Fastest {
		rounds = 4 * samples // a least value needs many short tries
	}
	each := max(o.Time/time.Duration(rounds), 20*time.Microsecond)
	counts := make([]int, len(contenders))
	for i, c := range contenders {
		c.do() // warm: caches, pools, lazily made memory
		counts[i] = callsWithin(each, c.do)
	}
	times := make([][]float64, len(contenders))
	for range rounds {
		for i, c := range contenders {
			if counts[i] > 1 {
				c.do() // brings its own data back into the caches
			}
			start := time.Now()
			for range counts[i] {
				c.do()
			}
			times[i] = append(times[i], float64(time.Since(start).Nanoseconds())/float64(counts[i]))
		}
	}
	result := make([]Timing, len(contenders))
	for i, c := range contenders {
		slices.Sort(times[i])
		ns := times[i][rounds/2]
		if o.Fastest {
			ns = times[i][0]
		}
		result[i] = Timing{c.name, ns / c.fraction, counts[i] * rounds, c.fraction}
	}
	return result
}

// callsWithin returns how many calls of do take about the given time, at least
// one.
func callsWithin(each time.Duration, do func()) int {
	n := 1
	for {
		start := time.Now()
		for range n {
			do()
		}
		if t := time.Since(start); t >= each/2 {
			return max(1, int(float64(n)*float64(each)/float64(t)))
		}
		n *= 2
	}
}
