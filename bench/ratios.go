package bench

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seed-192fdf7a/nf/kernels"
)

// Ratio is a speed of one kernel in terms of others, and what is aimed at.
type Ratio struct {
	Name, Tier string
	// Value is the ratio of the medians; 0 if a kernel of it is Absent.
	Value  float64
	Absent string
	// Goal is the least value, or the most where AtMost; 0 if there is none.
	Goal   float64
	AtMost bool
}

// Met tells whether the value reaches the goal.
func (r Ratio) Met() bool {
	return r.Absent == "" && (r.Goal == 0 || r.AtMost && r.Value <= r.Goal || !r.AtMost && r.Value >= r.Goal)
}

// ratio is a line of the summary: the time of over, a kernel or "math." and a
// function of package math, by the summed times of the kernels under.
type ratio struct {
	over  string
	under []string
	goal  map[string]float64 // by tier; "" is for all SIMD tiers
	least bool               // the goal is the least value, not the most
}

var ratios = []ratio{
	{"math.Exp", []string{"Exp"}, map[string]float64{"avx2": 20, "avx512": 30}, true},
	{"Log", []string{"Exp"}, map[string]float64{"": 2}, false},
	{"Tanh", []string{"Exp"}, map[string]float64{"": 3}, false},
	{"Sigmoid", []string{"Exp"}, map[string]float64{"": 3}, false},
	{"Softplus", []string{"Exp"}, map[string]float64{"": 4}, false},
	{"AffineForward", []string{"Tanh", "Exp"}, map[string]float64{"": 1.3}, false},
	{"SplineForward", []string{"Exp"}, map[string]float64{"": 40}, false},
}

// ratioRounds is the number of timings of each kernel, of which the median
// counts. They alternate, so that what disturbs the machine meets all alike.
const ratioRounds = 41

// Ratios measures the kernels that the package holds to goals against each
// other, on n elements, one core, every SIMD tier.
func Ratios(o Options, n int, report func(Ratio)) {
	table := workloads()
	find := func(name string) int {
		return slices.IndexFunc(table, func(w workload) bool { return w.name == strings.TrimPrefix(name, "math.") })
	}
	for _, tier := range kernels.Tiers()[1:] {
		runs := map[string]func(){}
		elements := map[string]int{}
		var names []string
		for _, r := range ratios {
			for _, name := range append([]string{r.over}, r.under...) {
				i := find(name)
				if i < 0 || runs[name] != nil {
					continue
				}
				names = append(names, name)
				if strings.HasPrefix(name, "math.") {
					src, dst := table[i].arguments(n), make([]float32, n)
					function := table[i].math
					elements[name] = n
					runs[name] = func() {
						for j, x := range src {
							dst[j] = float32(function(float64(x)))
						}
					}
					continue
				}
				run, count := table[i].prepare(n)
				elements[name], runs[name] = count, func() { run(tier) }
			}
		}
		times := alternate(o, names, runs)
		for _, r := range ratios {
			result := Ratio{Name: r.over + "/" + strings.Join(r.under, "+"), Tier: tier.Name(), Goal: r.goal[""], AtMost: !r.least}
			if len(r.under) > 1 {
				result.Name = fmt.Sprintf("%s/(%s)", r.over, strings.Join(r.under, "+"))
			}
			if goal, ok := r.goal[tier.Name()]; ok {
				result.Goal = goal
			}
			below := 0.0
			for _, name := range r.under {
				below += times[name] / float64(elements[name])
			}
			for _, name := range append([]string{r.over}, r.under...) {
				if runs[name] == nil {
					result.Absent = name
				}
			}
			if result.Absent == "" {
				result.Value = times[r.over] / float64(elements[r.over]) / below
			}
			report(result)
		}
	}
}

// alternate returns the median time of one call of each run.
func alternate(o Options, names []string, runs map[string]func()) map[string]float64 {
	calls := map[string]int{}
	each := max(o.Time/ratioRounds, 200*time.Microsecond)
	for _, name := range names {
		runs[name]()
		for n := 1; ; n *= 2 {
			start := time.Now()
			for range n {
				runs[name]()
			}
			if t := time.Since(start); t >= each/2 {
				calls[name] = max(1, int(float64(n)*float64(each)/float64(t)))
				break
			}
		}
	}
	times := map[string][]float64{}
	for range ratioRounds {
		for _, name := range names {
			start := time.Now()
			for range calls[name] {
				runs[name]()
			}
			times[name] = append(times[name], float64(time.Since(start).Nanoseconds())/float64(calls[name]))
		}
	}
	medians := map[string]float64{}
	for name, t := range times {
		slices.Sort(t)
		medians[name] = t[len(t)/2]
	}
	return medians
}
