package flow_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/train"
)

// embedded builds a flow whose layers see a context of three columns by way of
// two values, with values everywhere.
func embedded(t *testing.T, preset flow.Preset) *flow.Flow {
	t.Helper()
	return randomFlow(t, preset, 2, 3, flow.Options{Layers: 2, Hidden: []int{5}, Embedding: 2})
}

// TestEmbedding holds a flow with an embedding against the same layers given
// what the network makes of the context, computed here.
func TestEmbedding(t *testing.T) {
	for _, preset := range []flow.Preset{flow.PresetRealNVP, flow.PresetMAF, flow.PresetIAF} {
		f := embedded(t, preset)
		config := f.Config()
		config.Embedding, config.Context, config.StandardizeContext = nil, names("e", 2), flow.Standardization{}
		bare, err := flow.New(config, 1)
		must(t, err)
		layers := map[string][]float32{}
		for _, p := range f.Model().Parameters().All() {
			layers[p.Name] = p.Values()
		}
		for _, p := range bare.Model().Parameters().All() {
			copy(p.Values(), layers[p.Name])
		}
		const n = 70
		x, given, inner := rows(2*n, 1), rows(3*n, 2), make([]float64, 0, 2*n)
		for e := range n {
			inner = append(inner, perceptron(layers, f.Config().StandardizeContext, given[3*e:3*e+3])...)
		}
		got, want := make([]float64, n), make([]float64, n)
		must(t, f.LogProb(got, x, given))
		must(t, bare.LogProb(want, x, inner))
		z, back := make([]float64, 2*n), make([]float64, 2*n)
		must(t, f.Forward(z, nil, x, given))
		must(t, f.Inverse(back, nil, z, given))
		for e := range n {
			if math.Abs(got[e]-want[e]) > 1e-4*(1+math.Abs(want[e])) {
				t.Fatalf("%s: log p of row %d is %v, want %v", preset, e, got[e], want[e])
			}
			if math.Abs(back[2*e]-x[2*e]) > 1e-4*(1+math.Abs(x[2*e])) {
				t.Fatalf("%s: row %d comes back as %v, was %v", preset, e, back[2*e], x[2*e])
			}
		}
		drawn, drawnLogProb, err := f.SampleWithLogProb(n, 3, given)
		must(t, err)
		must(t, f.LogProb(got, drawn, given))
		for e := range n {
			if math.Abs(got[e]-drawnLogProb[e]) > 1e-3*(1+math.Abs(got[e])) {
				t.Fatalf("%s: sample %d has log p %v when drawn, %v when scored", preset, e, drawnLogProb[e], got[e])
			}
		}
	}
}

// perceptron is the embedding of a context in float64.
func perceptron(layers map[string][]float32, s flow.Standardization, given []float64) []float64 {
	h := make([]float64, len(given))
	for i := range h {
		h[i] = (given[i] - s.Mean[i]) / s.Std[i]
	}
	for l := range 2 {
		weight, bias := layers[fmt.Sprintf("embedding.layers.%d.weight", l)], layers[fmt.Sprintf("embedding.layers.%d.bias", l)]
		y := make([]float64, len(bias))
		for o := range y {
			y[o] = float64(bias[o])
			for i, v := range h {
				y[o] += v * float64(weight[i*len(bias)+o])
			}
			if l == 0 {
				y[o] = max(0, y[o])
			}
		}
		h = y
	}
	return h
}

// TestEmbeddingGradients holds the gradient by the context against differences.
func TestEmbeddingGradients(t *testing.T) {
	f := embedded(t, flow.PresetRealNVP)
	x, given := rows(2, 1), rows(3, 2)
	logProb, dx, dc := make([]float64, 1), make([]float64, 2), make([]float64, 3)
	must(t, f.LogProbGrad(logProb, dx, dc, x, given))
	for i := range given {
		at := func(step float64) float64 {
			moved, p := slices.Clone(given), make([]float64, 1)
			moved[i] += step
			must(t, f.LogProb(p, x, moved))
			return p[0]
		}
		const step = 0.01
		if want := (at(step) - at(-step)) / (2 * step); math.Abs(dc[i]-want) > 2e-2*(1+math.Abs(want)) {
			t.Errorf("the gradient by context %d is %v, by differences %v", i, dc[i], want)
		}
	}
}

// TestEmbeddingTrains fits a mean that depends on the context, writes the flow as
// version 2 and reads it again; and replay, with any number of workers, learns the
// same values, those of the embedding among them.
func TestEmbeddingTrains(t *testing.T) {
	const n = 192
	given := rows(3*n, 2)
	x := rows(2*n, 1)
	for e := range n {
		x[2*e] = 0.2*x[2*e] + given[3*e] - given[3*e+2]
	}
	var first []float32
	for _, memory := range train.Memories[:2] {
		for workers := 1; workers <= 2; workers++ {
			config, err := flow.RealNVP(names("x", 2), names("c", 3), flow.Options{Layers: 2, Hidden: []int{8}, Embedding: 2})
			must(t, err)
			f, err := flow.New(config, 1)
			must(t, err)
			before := slices.Clone(f.Model().Parameters().Values())
			o := train.Defaults()
			o.Epochs, o.Batch, o.LearningRate, o.Memory, o.Workers, o.BLAS = 6, 64, 0.02, memory, workers, blas.Builtin()
			result, err := train.Fit(context.Background(), f, train.Data{Rows: x, Context: given}, train.Data{Rows: x[:100], Context: given[:150]}, o)
			must(t, err)
			if !(result.BestValidNLL < result.StartValidNLL-0.1) {
				t.Errorf("the nll went from %v to %v", result.StartValidNLL, result.BestValidNLL)
			}
			after := f.Model().Parameters().Values()
			if first == nil {
				first = slices.Clone(after)
				for _, p := range f.Model().Parameters().All() {
					if strings.HasPrefix(p.Name, "embedding.") && slices.Equal(p.Values(), before[p.Offset():p.Offset()+p.Size()]) {
						t.Errorf("%s has learned nothing", p.Name)
					}
				}
				var file bytes.Buffer
				must(t, f.Write(&file))
				if !strings.Contains(file.String(), `"nf.version":"2"`) || !strings.Contains(file.String(), `\"embedding\":{\"hidden\":[8],\"features\":2}`) {
					t.Errorf("the file does not say version 2 and its embedding: %.400s", file.String())
				}
				g, err := flow.Read(bytes.NewReader(file.Bytes()), int64(file.Len()))
				must(t, err)
				want, got := make([]float64, n), make([]float64, n)
				must(t, f.LogProb(want, x, given))
				must(t, g.LogProb(got, x, given))
				if !slices.Equal(got, want) {
					t.Error("read again, it has other scores")
				}
			} else if !slices.Equal(after, first) {
				t.Errorf("memory %s, %d workers: other values are learned", memory, workers)
			}
		}
	}
}

// TestEmbeddingChecks lists what an embedding may not be.
func TestEmbeddingChecks(t *testing.T) {
	for _, c := range []struct {
		contexts  int
		embedding nn.EmbeddingSpec
		want      string
	}{
		{0, nn.EmbeddingSpec{Features: 2}, "no context"},
		{3, nn.EmbeddingSpec{}, "0 features"},
		{3, nn.EmbeddingSpec{Features: nn.MaxWidth + 1}, "want 1 to"},
		{3, nn.EmbeddingSpec{Features: 2, Hidden: []int{0}}, "width 0"},
		{3, nn.EmbeddingSpec{Features: 2, Activation: autograd.Activation{Name: "no"}}, "no"},
	} {
		config, err := flow.RealNVP(names("x", 2), names("c", c.contexts), flow.Options{Layers: 2, Hidden: []int{3}})
		must(t, err)
		config.Embedding = &c.embedding
		if _, err := flow.New(config, 1); err == nil || !strings.Contains(err.Error(), "embedding: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.embedding, err, c.want)
		}
	}
}
