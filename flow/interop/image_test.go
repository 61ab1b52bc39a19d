package interop

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/flow"
)

// set sets all values of a tensor.
func (g golden) set(t *testing.T, name string, to float32) {
	g.change(t, name, func(v []float32, _ int) {
		for i := range v {
			v[i] = to
		}
	})
}

// TestImageTraps wants models of images with a wrong rule refused.
func TestImageTraps(t *testing.T) {
	layer := func(g golden, name string, l Layer) { g.dialect.Layers[name] = l }
	for _, c := range []struct {
		model, trap string
		change      func(g golden)
		words       []string
	}{
		{"nflows-image-nsf", "no scales", func(g golden) { delete(g.dialect.Layers, "") }, []string{"_transform._transforms.1"}},
		{"nflows-image-nsf", "no squeeze", func(g golden) { delete(g.dialect.Layers, "0.0") }, []string{`"layers": {"0.0"`}},
		{"nflows-image-nsf", "another tail", func(g golden) { bound := 3.0; g.dialect.TailBound = &bound }, []string{wrongDensity}},
		{"nflows-image-nsf", "an identity", func(g golden) { layer(g, "0.0", Layer{Kind: "identity"}) }, []string{"has shape"}},
		{"nflows-image-nsf", "a factor", func(g golden) { three := 3; layer(g, "0.0", Layer{Kind: "squeeze", Options: Options{Factor: &three}}) }, []string{"do not fill"}},
		{"nflows-image-affine", "another scale map", func(g golden) { g.dialect.ScaleMap = "general" }, []string{"general is not supported"}},
		{"nflows-image-affine", "no image", func(g golden) { g.dialect.Image = nil }, []string{`"image": [H, W]`}},
		{"nflows-image-affine", "a context", func(g golden) { g.dialect.Context = 2 }, []string{"context"}},
		{"nflows-image-normed", "another mean", func(g golden) {
			g.set(t, "_transform._transforms.0._transforms.1._transforms.2.transform_net.blocks.0.batch_norm_layers.0.running_mean", 1)
		}, []string{wrongDensity}},
		{"nflows-image-normed", "a block without batch norms", drop("_transform._transforms.0._transforms.1._transforms.2.transform_net.blocks.1.batch_norm_layers."), []string{"some have none"}},
		{"nflows-image-normed", "classes", func(g golden) { g.dialect.Context = 2 }, nil},
		{"nflows-image-classes", "no classes", func(g golden) { g.dialect.Context = 0 }, []string{`"context"`}},
		{"nflows-image-classes", "a block without a gate", drop("_transform._transforms.0._transforms.1._transforms.2.transform_net.blocks.1.context_layer."), []string{"context_layer.weight is missing"}},
		{"nflows-image-classes", "another gate", func(g golden) {
			g.set(t, "_transform._transforms.0._transforms.1._transforms.2.transform_net.blocks.0.context_layer.bias", 2)
		}, []string{wrongDensity}},
		{"nflows-image-unconditional", "another pixel", func(g golden) {
			g.set(t, "_transform._transforms.0._transforms.1._transforms.2.unconditional_transform.unnormalized_derivatives", 3)
		}, []string{wrongDensity}},
		{"nflows-image-unconditional", "no slopes", drop("_transform._transforms.0._transforms.1._transforms.2.unconditional_transform.unnormalized_derivatives"), []string{"is missing"}},
		{"nflows-image-unconditional", "turned images", func(g golden) { slices.Reverse(g.dialect.Image) }, []string{"img_shape"}},
		{"normflows-glow", "turned images", func(g golden) { g.dialect.Image = []int{8, 2} }, []string{"want [1 2 4 1]"}},
		{"normflows-glow", "no image", func(g golden) { g.dialect.Image = nil }, []string{"MultiscaleFlow", `"image": [H, W]`}},
		{"normflows-glow", "another scale map", func(g golden) { g.dialect.ScaleMap = "sigmoid_inv" }, []string{wrongDensity}},
		{"normflows-glow", "the other half", func(g golden) { g.dialect.SplitMode = "channel_inv" }, []string{wrongDensity}},
		{"normflows-glow", "a checkerboard", func(g golden) { g.dialect.SplitMode = "checkerboard" }, []string{"has shape"}},
		{"normflows-glow", "an unknown mode", func(g golden) { g.dialect.SplitMode = "colors" }, []string{"checkerboard", "channel_inv"}},
		{"normflows-glow-checkerboard", "the other color", func(g golden) { g.dialect.SplitMode = "checkerboard_inv" }, []string{wrongDensity}},
		{"normflows-glow-checkerboard", "lines in no pairs", func(g golden) { g.dialect.Image = []int{2, 16} }, []string{`"split_mode" checkerboard`, "do not fill"}},
		{"normflows-glow", "an ActNorm before data", func(g golden) { g.set(t, "flows.0.0.flows.2.data_dep_init_done", 0) }, []string{"first rows"}},
		{"normflows-glow-classes", "no classes", func(g golden) { g.dialect.Context = 0 }, []string{"number of classes"}},
		{"normflows-glow-classes", "another slope", func(g golden) { g.dialect.NegativeSlope = nil }, []string{wrongDensity}},
		{"normflows-glow-base", "other classes", func(g golden) { g.dialect.Context = 3 }, []string{"has 2 classes"}},
		{"rosinality-glow", "turned images", func(g golden) { slices.Reverse(g.dialect.Image) }, []string{wrongDensity}},
		{"rosinality-glow", "an ActNorm before data", func(g golden) { g.set(t, "blocks.0.flows.1.actnorm.initialized", 0) }, []string{"first images"}},
		{"rosinality-glow", "a scale of zero", func(g golden) { g.set(t, "blocks.0.flows.1.actnorm.scale", 0) }, []string{"no inverse"}},
		{"rosinality-glow", "no image", func(g golden) { g.dialect.Image = nil }, []string{`"image" is missing`}},
		{"rosinality-glow", "no prior", drop("blocks.1.prior."), []string{"blocks.1.prior.conv.weight is missing"}},
		{"rosinality-glow", "an odd side", func(g golden) { g.dialect.Image = []int{3, 8} }, []string{"do not fill"}},
		{"y0ast-glow", "a prior of other than zeros", func(g golden) { g.set(t, "prior_h", 1) }, []string{"prior_h"}},
		{"y0ast-glow", "a permutation without tensors", drop("layers.1.invconv."), []string{"shuffle"}},
		{"y0ast-glow", "another layer", func(g golden) {
			g.rename(func(n string) string { return strings.Replace(n, "layers.1.actnorm", "layers.1.norm", 1) })
		}, []string{"no kind that is supported"}},
		{"y0ast-glow-classes", "no classes", func(g golden) { g.dialect.Context = 0 }, []string{`"context"`}},
		{"y0ast-glow", "classes", func(g golden) { g.dialect.Context = 4 }, []string{"not conditioned"}},
	} {
		t.Run(c.model+": "+c.trap, func(t *testing.T) { refuse(t, c.model, c.change, c.words...) })
	}
}

// TestImageRoundings explains rows beyond the tolerance as those of tables are:
// float64 maps each image to its noise, and back.
func TestImageRoundings(t *testing.T) {
	for _, name := range []string{"normflows-glow-classes", "nflows-image-affine", "y0ast-glow"} {
		g := readGolden(t, name)
		f, err := g.load()
		if err != nil {
			t.Fatal(err)
		}
		c := g.check.onImages(f)
		e, d := newExact(f), f.Dim()
		for row := range 3 {
			if !near(e.noise(c, row), c.Z[row*d:][:d]) || !near(e.sample(c, c.Z[row*d:][:d], row), c.Samples[row*d:][:d]) {
				t.Errorf("%s: row %d: noise and samples are apart in float64", name, row)
			}
			if got, want := e.logProb(c, c.X[row*d:][:d], row)[0], c.LogProb[row]; !(math.Abs(got-want) < 1e-4*math.Abs(want)) {
				t.Errorf("%s: row %d: log_prob is %v in float64, want %v", name, row, got, want)
			}
		}
	}
}

// TestImagePixels gives a model the pixels that its values were made of: the check
// still holds, and the middle of a pixel maps to the noise of the library's value.
func TestImagePixels(t *testing.T) {
	g := readGolden(t, "y0ast-glow-classes")
	plain, err := g.load()
	if err != nil {
		t.Fatal(err)
	}
	g = readGolden(t, "y0ast-glow-classes")
	d, err := ParseDialect([]byte(`{"library": "y0ast", "version": "master", "image": [4, 4], "features": 2, "context": 3, "pixels": {"levels": 256, "step": 8, "low": -0.5, "high": 0.5}}`))
	if err != nil {
		t.Fatal(err)
	}
	g.dialect = d
	f, err := g.load()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.check.Compare(f); err != nil {
		t.Fatal(err)
	}
	if c := f.Config(); c.Pixels == nil || c.Pixels.Step != 8 || c.Context[1] != "class=1" || len(c.Categories) != 1 || c.Features[0] != "channel0" {
		t.Errorf("the flow is %+v", c)
	}
	n := f.Dim()
	x, v, context := make([]float64, n), make([]float64, n), []float64{0, 1, 0}
	for i := range x {
		x[i] = float64(i * 7 % 256)
		v[i] = (math.Floor(x[i]/8)+0.5)/32 - 0.5
	}
	var noise [2][]float64
	for i, m := range []struct {
		flow *flow.Flow
		x    []float64
	}{{f, x}, {plain, v}} {
		s, err := m.flow.NewScorer(flow.ScorerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		noise[i] = make([]float64, n)
		if err := s.Forward(noise[i], nil, m.x, context); err != nil {
			t.Fatal(err)
		}
	}
	if !near(noise[0], noise[1]) {
		t.Errorf("pixels map to %v, and the library's values to %v", noise[0], noise[1])
	}
}
