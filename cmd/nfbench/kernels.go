package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/bench"
	"github.com/seed-192fdf7a/nf/kernels"
)

func kernelsCommand(out *printer, o *bench.Options) *cobra.Command {
	sizes, only, count := []int{1 << 10, 1 << 16, 1 << 24}, "", 1
	c := &cobra.Command{
		Use:   "kernels",
		Short: "Measure every kernel on every tier of this processor, one core",
		Long: `Measure every kernel but the matmul on every tier of this processor, one core:

  ns/elem    nanoseconds for an element
  GB/s       read and written
  x-copy     times as long as a plain copy of as many float32
  math/this  times as fast as package math's float64 function in a loop
  sampled    the reference is exact and slow: at larger sizes its time is
             measured on so many elements and scaled`,
		RunE: func(*cobra.Command, []string) error {
			for _, n := range sizes {
				if n < 1<<10 {
					return usageError{fmt.Errorf("--sizes %d: want at least 1024 elements", n)}
				}
			}
			if count < 1 {
				return usageError{fmt.Errorf("--count %d: want at least 1", count)}
			}
			pattern, err := pattern("only", only)
			if err != nil {
				return err
			}
			found := false
			for range count {
				bench.Kernels(*o, sizes, pattern, func(r bench.Result) { found = true; out.result(r) })
			}
			if !found {
				return usageError{fmt.Errorf("--only %s matches no kernel; names are as kernels/Exp/tier=avx2/n=1024", only)}
			}
			return nil
		},
	}
	c.Flags().IntSliceVar(&sizes, "sizes", sizes, "elements; the defaults lie in L1, in L2 and in memory")
	c.Flags().IntVar(&count, "count", count, "measure everything so many times: benchstat wants 6 or more")
	c.Flags().StringVar(&only, "only", only, "measure those whose name matches this regular expression, such as 'Exp/tier=avx'")
	return c
}

func ratiosCommand(out *printer, o *bench.Options) *cobra.Command {
	n := 1 << 12
	c := &cobra.Command{
		Use:   "ratios",
		Short: "Measure kernels against each other and say which reach their goals",
		Long: `Measure the kernels that have a goal of speed against each other, on every SIMD
tier, one core: medians of 41 timings each, alternating in one run. A ratio is
the time of what stands before the / by that of what stands after it.`,
		RunE: func(*cobra.Command, []string) error {
			if out.benchfmt {
				return usageError{errors.New("ratios are no benchmark results: choose --json, or nfbench kernels --benchfmt")}
			}
			if n < 64 {
				return usageError{fmt.Errorf("--elements %d: want at least 64", n)}
			}
			if len(kernels.Tiers()) == 1 && !out.json {
				fmt.Println("This processor or program has the reference tier alone, which has no goals.")
			}
			var err error
			bench.Ratios(*o, n, func(r bench.Ratio) { err = errors.Join(err, out.ratio(r)) })
			return err
		},
	}
	c.Flags().IntVar(&n, "elements", n, "elements of each vector")
	return c
}

func (p *printer) ratio(r bench.Ratio) error {
	if p.json {
		line := map[string]any{"name": r.Name, "tier": r.Tier, "met": r.Met()}
		if r.Absent != "" {
			line["absent"] = r.Absent
		} else {
			line["value"] = r.Value
		}
		if r.Goal != 0 && r.AtMost {
			line["at_most"] = r.Goal
		} else if r.Goal != 0 {
			line["at_least"] = r.Goal
		}
		return p.jsonLine(line)
	}
	value, goal, verdict := fmt.Sprintf("%.2f", r.Value), "", ""
	if r.Goal != 0 {
		goal, verdict = fmt.Sprintf("at least %g", r.Goal), "met"
		if r.AtMost {
			goal = fmt.Sprintf("at most %g", r.Goal)
		}
		if !r.Met() {
			verdict = "SHORT"
		}
	}
	if r.Absent != "" {
		value, verdict = "-", "there is no "+r.Absent
	}
	fmt.Printf("%-10s %-28s %8s  %-14s %s\n", r.Tier, r.Name, value, goal, verdict)
	return nil
}

func pausesCommand(out *printer, o *bench.Options) *cobra.Command {
	n, only := 1<<24, ""
	c := &cobra.Command{
		Use:   "pauses",
		Short: "Measure how long a long call of each kernel holds up the garbage collector",
		Long: `Run each kernel on one goroutine while another collects garbage, and print how
long the collector waited until every goroutine had stopped. Assembly cannot be
interrupted, so kernels cut long vectors; a plain copy, which nothing cuts, is
measured first, for comparison.

  median  of all collections
  calm    the worst of the calmest of 5 rounds: what a kernel causes recurs in
          every round, what the machine causes by running something else does not
  worst   of all collections`,
		RunE: func(*cobra.Command, []string) error {
			if out.benchfmt {
				return usageError{errors.New("pauses are no benchmark results: choose --json")}
			}
			if n < 64 {
				return usageError{fmt.Errorf("--elements %d: want at least 64", n)}
			}
			pattern, err := pattern("only", only)
			if err != nil {
				return err
			}
			bench.Pauses(*o, n, pattern, func(p bench.Pause) { err = errors.Join(err, out.pause(p)) })
			return err
		},
	}
	c.Flags().IntVar(&n, "elements", n, "elements of a call")
	c.Flags().StringVar(&only, "only", only, "measure those whose name matches this regular expression")
	return c
}

func (p *printer) pause(r bench.Pause) error {
	if p.json {
		return p.jsonLine(map[string]any{"name": r.Name, "collections": r.Collections, "median_ns": r.Median.Nanoseconds(), "calm_ns": r.Calm.Nanoseconds(), "worst_ns": r.Worst.Nanoseconds()})
	}
	fmt.Printf("%-44s %6d collections  median %7.3f  calm %7.3f  worst %7.3f ms\n", r.Name, r.Collections,
		r.Median.Seconds()*1e3, r.Calm.Seconds()*1e3, r.Worst.Seconds()*1e3)
	return nil
}

func (p *printer) jsonLine(fields map[string]any) error {
	line, err := json.Marshal(fields)
	if err == nil {
		fmt.Println(string(line))
	}
	return err
}

// pattern compiles the regular expression of a flag; of an empty one it is nil.
func pattern(flag, expression string) (*regexp.Regexp, error) {
	if expression == "" {
		return nil, nil
	}
	compiled, err := regexp.Compile(expression)
	if err != nil {
		return nil, usageError{fmt.Errorf("--%s: %w", flag, err)}
	}
	return compiled, nil
}
