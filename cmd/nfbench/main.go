// Command nfbench measures nf on the machine at hand.
package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/bench"
	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/kernels"
)

// usageError is a wrong command line: exit code 2.
type usageError struct{ error }

func main() {
	root := &cobra.Command{
		Use:   "nfbench",
		Short: "Measure nf's kernels, matmuls and scoring on this machine",
		Long: `nfbench measures nf on the machine at hand. Every figure is a median of timings, 9 where
nothing else is said.

Nothing else should run meanwhile. NF_KERNELS and NF_BLAS choose the backends, as for nf.`,
		SilenceErrors: true, SilenceUsage: true,
	}
	var out printer
	var o bench.Options
	root.PersistentFlags().BoolVar(&out.json, "json", false, "print one JSON object a line")
	root.PersistentFlags().BoolVar(&out.benchfmt, "benchfmt", false, "print Go benchmark lines, for benchstat")
	root.PersistentFlags().DurationVar(&o.Time, "time", 200*time.Millisecond, "time spent on each measurement")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.PersistentPreRunE = func(*cobra.Command, []string) error {
		if out.json && out.benchfmt {
			return usageError{errors.New("choose one of --json and --benchfmt")}
		}
		if err := kernels.Err(); err != nil {
			return err
		}
		_, err := blas.Default()
		return err
	}
	root.AddCommand(infoCommand(&out), kernelsCommand(&out, &o), ratiosCommand(&out, &o), pausesCommand(&out, &o), gemmCommand(&out, &o), convCommand(&out, &o), scoreCommand(&out, &o), sampleCommand(&out, &o), trainCommand(&out), anomalyCommand(&out))
	for _, c := range root.Commands() {
		c.Args = func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("unexpected argument %q", args[0])}
			}
			return nil
		}
	}
	root.Args = func(_ *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usageError{fmt.Errorf("unknown command %q", args[0])}
		}
		return nil
	}
	root.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	if err := root.Execute(); err != nil {
		fmt.Fprintf(os.Stderr, "nfbench: %v\n", err)
		if errors.As(err, new(usageError)) {
			fmt.Fprintln(os.Stderr, "see nfbench --help")
			os.Exit(2)
		}
		os.Exit(1)
	}
}
