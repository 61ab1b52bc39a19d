package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/kernels"
)

// chosenBackend returns the matmul of this run, or what is wrong with
// NF_KERNELS or NF_BLAS.
func chosenBackend() (blas.Backend, error) {
	if err := kernels.Err(); err != nil {
		return nil, err
	}
	return blas.Default()
}

// computing says what this run computes on.
func computing(backend blas.Backend) string {
	name := backend.Name()
	if name == blas.Builtin().Name() {
		name = "built-in"
	}
	return fmt.Sprintf("matmul %s (%s), kernels %s", name, backend.Description(), kernels.Active().Name())
}

func addWorkersFlag(command *cobra.Command, workers *int) {
	command.Flags().IntVar(workers, "workers", 0, "goroutines that compute; 0 is every core; changes no bit of the result")
}

// maxWorkers keeps a mistyped number from taking all memory.
const maxWorkers = 4096

// workerCount checks --workers and fills in its default. OpenBLAS gets at most
// one caller a core.
func workerCount(workers int, backend blas.Backend) (int, error) {
	cores := runtime.GOMAXPROCS(0)
	switch {
	case workers < 0 || workers > maxWorkers:
		return 0, usage("--workers is %d; it must be 0 (every core) to %d", workers, maxWorkers)
	case workers == 0:
		return cores, nil
	case backend.Name() != blas.Builtin().Name():
		return min(workers, cores), nil
	}
	return workers, nil
}

// version is the module's version, or the revision that was built.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return "devel"
}
