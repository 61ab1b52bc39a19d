// Command nf trains normalizing flows on tables and uses them: it scores rows
// by their exact log-density, draws new rows, and maps rows to noise and back.
//
// Exit codes: 0 done, 1 failed, 2 wrong usage.
package main

import (
	"context"
	"io"
	"os"

	"github.com/spf13/cobra"
)

func main() {
	ctx := untilInterrupted(context.Background())
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run executes a command line and returns the exit code.
func run(ctx context.Context, arguments []string, in io.Reader, out, errors io.Writer) int {
	started := false
	root := rootCommand(&started)
	root.SetArgs(arguments)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errors)
	command, err := root.ExecuteContextC(ctx)
	if err != nil && !started {
		// The command-line parser is all that runs before a command does.
		err = asUsage(err)
	}
	return report(errors, command, err)
}

func rootCommand(started *bool) *cobra.Command {
	root := &cobra.Command{
		Use:   "nf",
		Short: "Normalizing flows on tables: train, score, sample",
		Long: `nf trains normalizing flows on tables of numbers and uses them.

Tables are .csv, .tsv or .txt, also with .gz behind, .npy or .npz; - is CSV on standard input (gzip or not) or output.
Columns go by header name, or f0, f1, … where there is none. Fields of a structured .npy are columns. Of a .npz the
rows are the array X, or x, or its only one; an array context beside X or x is the context, c0, c1, ….

NF_KERNELS=reference|avx2|avx512|neon and NF_BLAS=builtin|openblas choose what computes.
Exit codes: 0 done, 1 failed, 2 wrong usage.`,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		PersistentPreRunE: func(command *cobra.Command, _ []string) error {
			*started = true
			if err := noEmptyValues(command); err != nil {
				return err
			}
			_, err := chosenBackend()
			return err
		},
	}
	root.RunE = func(_ *cobra.Command, arguments []string) error {
		if len(arguments) == 0 {
			return usage("no command is given")
		}
		return unknownCommand(root, arguments[0])
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return flagError(err) })
	root.AddCommand(trainCommand(), distillCommand(), scoreCommand(), sampleCommand(), latentCommand(), inspectCommand(), demoCommand())
	root.AddCommand(interpolateCommand(), augmentCommand(), importCommand(), plotCommand())
	root.SetHelpCommand(helpCommand(root))
	return root
}

func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "Help about a command",
		RunE: func(_ *cobra.Command, arguments []string) error {
			about, rest, err := root.Find(arguments)
			if err != nil || len(rest) > 0 {
				return unknownCommand(root, arguments[0])
			}
			return about.Help()
		},
	}
}
