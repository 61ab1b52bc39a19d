package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/seed-192fdf7a/nf/bench"
)

// printer writes results in the chosen form.
type printer struct {
	json, benchfmt bool
	started        bool
}

func (p *printer) result(r bench.Result) {
	switch {
	case p.json:
		figures := map[string]float64{"ns": r.Ns}
		for _, f := range r.Figures {
			figures[f.Unit] = f.Value
		}
		line, err := json.Marshal(map[string]any{"name": r.Name, "runs": r.Runs, "figures": figures})
		if err == nil {
			fmt.Println(string(line))
		}
	case p.benchfmt:
		if !p.started {
			fmt.Printf("goos: %s\ngoarch: %s\npkg: github.com/seed-192fdf7a/nf/bench\n", runtime.GOOS, runtime.GOARCH)
		}
		first, rest, _ := strings.Cut(r.Name, "/")
		fmt.Printf("Benchmark%s%s/%s %d %.4g ns/op", strings.ToUpper(first[:1]), first[1:], rest, r.Runs, r.Ns)
		for _, f := range r.Figures {
			fmt.Printf(" %.6g %s", f.Value, f.Unit)
		}
		fmt.Println()
	default:
		fmt.Printf("%-48s", r.Name)
		for _, f := range r.Figures {
			fmt.Printf(" %12.4g %-10s", f.Value, f.Unit)
		}
		fmt.Println()
	}
	p.started = true
	_ = os.Stdout.Sync()
}
