package train

import (
	"context"
	"fmt"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
)

// BenchmarkMemory is a step of a tall flow in each memory mode: couplings of 64
// columns and hidden 256,256, an ActNorm behind each, batches of 1,024 on one worker.
// Beside the time it tells what the tape took.
func BenchmarkMemory(b *testing.B) {
	const columns, batch = 64, 1024
	for _, layers := range []int{8, 32, 128} {
		for _, m := range []Memory{Stored, Replay, Reversible} {
			b.Run(fmt.Sprintf("layers=%d/%s", layers, m), func(b *testing.B) {
				f := tall(b, columns, layers, flow.Options{Hidden: []int{256, 256}, Bound: 1}, 0.1)
				o := Defaults()
				o.Memory, o.BLAS, o.Workers = m, blas.Builtin(), 1
				if err := o.complete(); err != nil {
					b.Fatal(err)
				}
				objective := MaximumLikelihood(f, newRows(Data{Rows: normals(batch*columns, 4)}, f))
				r, err := newRunner(f.Model(), 1, o)
				if err != nil {
					b.Fatal(err)
				}
				chosen := make([]int, batch)
				for i := range chosen {
					chosen[i] = i
				}
				r.initializeFromData(context.Background(), objective, chosen)
				for b.Loop() {
					r.gradient(context.Background(), objective, chosen)
				}
				b.ReportMetric(r.drift(batch), "drift")
				tape, inputs := r.bytes()
				b.ReportMetric(float64(tape), "tape-B")
				b.ReportMetric(float64(inputs), "kept-B")
			})
		}
	}
}
