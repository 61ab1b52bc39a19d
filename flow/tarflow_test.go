package flow_test

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/train"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// tarflow is a small TarFlow of 4 x 6 sites with one feature, in 6 tokens of 4
// values, with random parameters.
func tarflow(t *testing.T, contexts int) *flow.Flow {
	t.Helper()
	c, err := flow.TarFlow([]int{4, 6}, names("x", 1), names("c", contexts), flow.TarFlowOptions{Patch: 2, Blocks: 3, Layers: 2, Width: 8, Heads: 2})
	must(t, err)
	f, err := flow.New(c, 1)
	must(t, err)
	for _, p := range f.Model().Parameters().All() {
		random.Uniform(p.Values(), 7, random.Initialization, uint64(p.Offset()), 0.3)
	}
	return f
}

// TestTarFlowBits holds scores, noise and samples of events alone against those of
// a batch, of several workers and of every kernel tier.
func TestTarFlowBits(t *testing.T) {
	const n, contexts = 70, 3
	f := tarflow(t, contexts)
	d := f.Dim()
	x, context := rows(n*d, 1), rows(n*contexts, 2)
	run := func(b blas.Backend, workers, batch int) (out []float64) {
		s, err := f.NewScorer(flow.ScorerOptions{Workers: workers, BLAS: b})
		must(t, err)
		logProb, z, samples, sampled := make([]float64, n), make([]float64, n*d), make([]float64, n*d), make([]float64, n)
		back, logDet := make([]float64, n*d), make([]float64, n)
		for from := 0; from < n; from += batch {
			to := min(from+batch, n)
			c := context[from*contexts : to*contexts]
			must(t, s.LogProb(logProb[from:to], x[from*d:to*d], c))
			must(t, s.Forward(z[from*d:to*d], nil, x[from*d:to*d], c))
			must(t, s.Inverse(back[from*d:to*d], logDet[from:to], z[from*d:to*d], c))
			must(t, s.Sample(samples[from*d:to*d], sampled[from:to], uint64(from), flow.SampleOptions{Seed: 3}, c))
		}
		for i, v := range back {
			if math.Abs(v-x[i]) > 1e-4*(1+math.Abs(x[i])) {
				t.Fatalf("value %d comes back as %v, was %v", i, v, x[i])
			}
		}
		return slices.Concat(logProb, z, back, logDet, samples, sampled)
	}
	want := run(blas.Builtin(), 1, n)
	for _, tier := range kernels.Tiers() {
		for _, how := range [][2]int{{1, 1}, {2, n}, {3, 33}} {
			for i, v := range run(blas.BuiltinOn(tier), how[0], how[1]) {
				if v != want[i] {
					t.Fatalf("%s, %d workers, batches of %d: value %d is %v, want %v", tier.Name(), how[0], how[1], i, v, want[i])
				}
			}
		}
	}
}

// TestTarFlowIsCausal changes one token of the data of a single block: the noise
// of the tokens before it has the same bits.
func TestTarFlowIsCausal(t *testing.T) {
	for _, changed := range []int{0, 3, 5} {
		c, err := flow.TarFlow([]int{6}, names("x", 2), nil, flow.TarFlowOptions{Patch: 1, Blocks: 1, Layers: 1, Width: 4, Heads: 1})
		must(t, err)
		f, err := flow.New(c, 1)
		must(t, err)
		for _, p := range f.Model().Parameters().All() {
			random.Uniform(p.Values(), 7, random.Initialization, uint64(p.Offset()), 0.5)
		}
		x, before, after := rows(12, 1), make([]float64, 12), make([]float64, 12)
		must(t, f.Forward(before, nil, x, nil))
		x[2*changed] += 1
		must(t, f.Forward(after, nil, x, nil))
		for i := range before {
			if token := i / 2; token < changed && before[i] != after[i] || token > changed && before[i] == after[i] {
				t.Errorf("with token %d changed, value %d of the noise goes from %v to %v", changed, i, before[i], after[i])
			}
		}
	}
}

// TestTarFlowFile holds that a new TarFlow is the identity, in the order of patches, and
// that its file reads back.
func TestTarFlowFile(t *testing.T) {
	c, err := flow.TarFlow([]int{8, 8}, names("x", 1), names("c", 2), flow.TarFlowOptions{})
	must(t, err)
	f, err := flow.New(c, 1)
	must(t, err)
	x, z, logDet := rows(64, 1), make([]float64, 64), make([]float64, 1)
	must(t, f.Forward(z, logDet, x, []float64{0.5, 1}))
	// Patches are read line by line.
	if logDet[0] != 0 || z[1] != float64(float32(x[1])) || z[4] != float64(float32(x[8])) || z[16] != float64(float32(x[4])) {
		t.Errorf("a new TarFlow is not the identity: log-det %v, noise %v", logDet[0], z[:20])
	}
	var file bytes.Buffer
	must(t, f.Write(&file))
	if !strings.Contains(file.String()[:4096], `"nf.version":"2"`) {
		t.Error("the file has another version than 2")
	}
	back, err := flow.Read(bytes.NewReader(file.Bytes()), int64(file.Len()))
	must(t, err)
	var again bytes.Buffer
	must(t, back.Write(&again))
	if !bytes.Equal(file.Bytes(), again.Bytes()) {
		t.Error("a file that was read is written otherwise")
	}
}

// TestTarFlowOfLinearNetwork holds a transformer that is linear, for what its layers
// add is 0, against the density that it then has: each token normal around a multiple of
// the one before it.
func TestTarFlowOfLinearNetwork(t *testing.T) {
	const sites, n, a, logSigma = 5, 7, 0.8, -0.4
	for _, reverse := range []bool{false, true} {
		c, err := flow.TarFlow([]int{sites}, names("x", 1), nil, flow.TarFlowOptions{Patch: 1, Blocks: 2, Layers: 1, Width: 4, Heads: 2})
		must(t, err)
		block := 0
		if reverse {
			block = 1
		}
		c.Transforms = c.Transforms[block : block+1]
		f, err := flow.New(c, 1)
		must(t, err)
		for _, p := range f.Model().Parameters().All() {
			v := p.Values()
			switch strings.TrimPrefix(p.Name, "transforms.0.conditioner.") {
			case "positions", "input.bias", "layers.0.attention.output.weight", "layers.0.attention.output.bias", "layers.0.network.output.weight", "layers.0.network.output.bias":
				clear(v)
			case "input.weight": // [1, 4]
				copy(v, []float32{2, 0, 0, 0})
			case "output.weight": // [4, log-scale and shift]
				v[1] = a / 2
			case "output.bias":
				v[0], v[1] = logSigma, 0
			}
		}
		x, logProb := rows(n*sites, 3), make([]float64, n)
		must(t, f.LogProb(logProb, x, nil))
		for e := range n {
			want := 0.0
			for s := range sites {
				at, before := e*sites+s, e*sites+s-1
				if reverse {
					at, before = (e+1)*sites-1-s, (e+1)*sites-s
				}
				mean, sigma := 0.0, 1.0
				if s > 0 {
					mean, sigma = a*x[before], math.Exp(logSigma)
				}
				d := (x[at] - mean) / sigma
				want -= 0.5*d*d + math.Log(sigma) + 0.5*math.Log(2*math.Pi)
			}
			if math.Abs(logProb[e]-want) > 1e-5*(1+math.Abs(want)) {
				t.Errorf("reverse %v: event %d has the log-density %v, want %v", reverse, e, logProb[e], want)
			}
		}
	}
}

// TestTarFlowFarAway scores and inverts events with a value that overflows on the
// way through the tokens.
func TestTarFlowFarAway(t *testing.T) {
	f := tarflow(t, 0)
	d := f.Dim()
	for _, far := range []float64{1e10, 1e25, -1e38, 1e200} {
		for _, at := range []int{0, d - 1} {
			x, logProb, z, logDet := rows(2*d, 1), make([]float64, 2), make([]float64, 2*d), make([]float64, 2)
			must(t, f.LogProb(logProb, x, nil))
			ordinary := logProb[1]
			x[at] = far
			must(t, f.LogProb(logProb, x, nil))
			must(t, f.Forward(z, logDet, x, nil))
			if logProb[1] != ordinary || !(logProb[0] < ordinary) {
				t.Errorf("with %v the log-densities are %v, before the other was %v", far, logProb, ordinary)
			}
			if math.Abs(far) < math.MaxFloat32 {
				must(t, f.Inverse(z, logDet, x, nil))
			}
			if hasNaN(z) || hasNaN(logDet) {
				t.Errorf("with %v there is NaN in %v or %v", far, z, logDet)
			}
		}
	}
}

func TestTarFlowOptions(t *testing.T) {
	for want, o := range map[string]flow.TarFlowOptions{
		"patches of 5":     {Patch: 5},
		"-1 blocks":        {Blocks: -1},
		"3 heads":          {Heads: 3},
		"width of 1000000": {Width: 1000000},
		"bound":            {Bound: -1},
	} {
		if _, err := flow.TarFlow([]int{8, 8}, names("x", 1), nil, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want an error with %q", o, err, want)
		}
	}
	if _, err := flow.TarFlow(nil, names("x", 1), nil, flow.TarFlowOptions{}); err == nil {
		t.Error("a table row has tokens")
	}
}

// TestTarFlowTrains learns tokens each of which is the one before it, with a sign
// by the context, and noise: the best density is known.
func TestTarFlowTrains(t *testing.T) {
	if testing.Short() {
		t.Skip("training to the entropy takes minutes on an emulated processor: left out by -short")
	}
	const sites, n, sigma = 5, 600, 0.3
	c, err := flow.TarFlow([]int{sites}, names("x", 1), names("c", 1), flow.TarFlowOptions{Patch: 1, Blocks: 2, Layers: 1, Width: 16, Heads: 2, Bound: 3})
	must(t, err)
	f, err := flow.New(c, 1)
	must(t, err)
	noise := make([]float32, n*sites)
	kernels.NormalRows(noise, n, sites, 5, random.Noise, 1)
	data := train.Data{Rows: make([]float64, n*sites), Context: make([]float64, n)}
	for e := range n {
		data.Context[e] = float64(2*(e%2) - 1)
		for s := range sites {
			at := e*sites + s
			data.Rows[at] = float64(noise[at])
			if s > 0 {
				data.Rows[at] = data.Context[e]*data.Rows[at-1] + sigma*float64(noise[at])
			}
		}
	}
	o := train.Defaults()
	o.Epochs, o.Batch, o.LearningRate = 25, 60, 5e-3
	const split = n - 100
	result, err := train.Fit(t.Context(), f, train.Data{Rows: data.Rows[:split*sites], Context: data.Context[:split]},
		train.Data{Rows: data.Rows[split*sites:], Context: data.Context[split:]}, o)
	must(t, err)
	// The entropy is 2.5·log(2πe) + 4·log σ.
	best := float64(sites)/2*math.Log(2*math.Pi*math.E) + (sites-1)*math.Log(sigma)
	t.Logf("nll %.3f, the entropy is %.3f, at the start %.3f", result.BestValidNLL, best, result.StartValidNLL)
	if !(result.BestValidNLL < best+0.35) {
		t.Errorf("nll %v after training, the entropy is %v", result.BestValidNLL, best)
	}
}

// TestWarmTarFlowAllocatesNothing holds for scoring and for sampling site by site.
func TestWarmTarFlowAllocatesNothing(t *testing.T) {
	const n, contexts = 3, 2
	f := tarflow(t, contexts)
	d := f.Dim()
	s, err := f.NewScorer(flow.ScorerOptions{Workers: 1})
	must(t, err)
	x, context, dst, z := rows(n*d, 1), rows(n*contexts, 2), make([]float64, n), make([]float64, n*d)
	for name, call := range map[string]func() error{
		"LogProb": func() error { return s.LogProb(dst, x, context) },
		"Inverse": func() error { return s.Inverse(z, dst, x, context) },
		"Sample":  func() error { return s.Sample(z, dst, 0, flow.SampleOptions{Seed: 1}, context) },
	} {
		must(t, call())
		if n := testing.AllocsPerRun(5, func() { _ = call() }); n != 0 {
			t.Errorf("%s allocates %v times a call", name, n)
		}
	}
}
