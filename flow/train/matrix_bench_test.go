package train

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/seed-192fdf7a/nf/flow"
)

// BenchmarkPermutation is a step of nsf at many columns, with the learned matrix
// that is its default and with a fixed permutation in its place: four layers,
// hidden 256,256, batches of 512 on two workers. An operation is an epoch of eight
// steps, so that validation and keeping the best values weigh as little as they do
// in training.
func BenchmarkPermutation(b *testing.B) {
	const batch, steps, workers = 512, 8, 2
	for _, columns := range []int{64, 512} {
		for _, permutation := range []string{"random", "lu"} {
			b.Run(fmt.Sprintf("columns=%d/%s", columns, permutation), func(b *testing.B) {
				features := make([]string, columns)
				for i := range features {
					features[i] = fmt.Sprintf("f%d", i)
				}
				config, err := flow.NSF(features, nil, flow.Options{Layers: 4, Hidden: []int{256, 256}, Permutation: flow.Permutation(permutation)})
				if err != nil {
					b.Fatal(err)
				}
				f, err := flow.New(config, 1)
				if err != nil {
					b.Fatal(err)
				}
				draw := rand.New(rand.NewPCG(1, 2))
				data := Data{Rows: make([]float64, steps*batch*columns)}
				for i := range data.Rows {
					data.Rows[i] = draw.NormFloat64()
				}
				o := Defaults()
				o.Batch, o.Workers, o.Epochs, o.Patience = batch, workers, b.N, 0
				b.ResetTimer()
				if _, err := Fit(context.Background(), f, data, Data{Rows: data.Rows[:columns]}, o); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(b.Elapsed().Seconds()*1000/float64(b.N*steps), "ms/step")
			})
		}
	}
}
