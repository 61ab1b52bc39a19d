package interop

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
)

// goldenNames returns the models that testdata/make_golden.py made.
func goldenNames(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.npz")
	if err != nil || len(paths) < 30 {
		t.Fatalf("testdata holds %d golden files, %v", len(paths), err)
	}
	var names []string
	for _, p := range paths {
		names = append(names, strings.TrimSuffix(filepath.Base(p), ".npz"))
	}
	return names
}

// golden is a model of one of the libraries, and what it computes.
type golden struct {
	state   *stateDict
	dialect *Dialect
	check   *Check
}

func readGolden(t *testing.T, name string) golden {
	t.Helper()
	path := filepath.Join("testdata", name)
	d, err := ReadDialect(path + ".json")
	if err != nil {
		t.Fatal(err)
	}
	s, err := readStateDict(path + ".safetensors")
	if err != nil {
		t.Fatal(err)
	}
	c, err := ReadCheck(path+".npz", d)
	if err != nil {
		t.Fatal(err)
	}
	return golden{s, d, c}
}

func (g golden) load() (*flow.Flow, error) { return load(g.state, g.dialect, Names{}) }

// TestGolden holds flows against what the libraries computed. On the built-in
// matmul, whose bits are the same everywhere, the bounds are tighter than the
// tolerance, so that a rule that is almost right is found.
func TestGolden(t *testing.T) {
	backend, err := blas.Default()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range goldenNames(t) {
		t.Run(name, func(t *testing.T) {
			g := readGolden(t, name)
			f, err := g.load()
			if err != nil {
				t.Fatal(err)
			}
			report, err := g.check.Compare(f)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("log_prob %.2g, samples %.2g", report.LogProb, report.Samples)
			if backend.Name() == blas.Builtin().Name() && (report.LogProb > 3e-5 || report.Samples > 6e-5) {
				t.Errorf("log_prob is %.2g apart and samples are %.2g", report.LogProb, report.Samples)
			}
			if g.check.Samples == nil {
				t.Error("the check has no samples")
			}
		})
	}
}

// TestGoldenPixels makes a flow of pixels of a model, which the check, of numbers from
// -1 to 1, holds all the same; the middle of a level is where the library has it.
func TestGoldenPixels(t *testing.T) {
	for noise, black := range map[float64]float64{0: -1 + 1.0/256, 0.1: -1} {
		g := readGolden(t, "tarflow-classes")
		g.dialect.TarFlow.Levels, g.dialect.TarFlow.Noise = 256, noise
		f, err := g.load()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := g.check.Compare(f); err != nil {
			t.Fatal(err)
		}
		c := f.Config()
		if c.Pixels == nil || c.Pixels.Levels != 256 || c.Pixels.Noise != noise || (0.5-c.Standardize.Mean[0])/c.Standardize.Std[0] != black {
			t.Errorf("noise %v: the pixels are %+v, standardized by %+v", noise, c.Pixels, c.Standardize)
		}
	}
}

// TestGoldenSurvivesFile saves an imported flow and reads it again.
func TestGoldenSurvivesFile(t *testing.T) {
	for _, name := range []string{"nflows-maf-norm", "zuko-maf-residual", "normflows-nsf", "normflows-coupling-sigmoid-inv", "nflows-maf-tanh", "nflows-coupling-leaky", "sbi-maf", "sbi-zuko-nsf", "normflows-affine-mixture", "zuko-sospf", "zuko-bpf", "zuko-neural"} {
		g := readGolden(t, name)
		f, err := g.load()
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "model.safetensors")
		if err := f.Save(path); err != nil {
			t.Fatal(err)
		}
		back, err := flow.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		var logProb [2][]float64
		for i, f := range []*flow.Flow{f, back} {
			logProb[i] = make([]float64, g.check.Rows)
			s, err := f.NewScorer(flow.ScorerOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.LogProb(logProb[i], g.check.X, g.check.Context); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(logProb[0], logProb[1]) {
			t.Errorf("%s: the file has another density", name)
		}
	}
}

// TestImportedSize holds that autoregressive layers with context, whose context
// enters behind an activation, have no more parameters here than in the library.
func TestImportedSize(t *testing.T) {
	for _, name := range []string{"sbi-maf", "sbi-maf-structured", "sbi-maf-rqs", "nflows-maf-context", "nflows-maf-elu", "nflows-maf-silu", "nflows-nsf-ar-context"} {
		g := readGolden(t, name)
		f, err := g.load()
		if err != nil {
			t.Fatal(err)
		}
		count := 0
		for tensor, v := range g.state.tensors {
			if strings.HasSuffix(tensor, ".weight") || strings.HasSuffix(tensor, ".bias") {
				count += len(v.Values)
			}
		}
		if got := f.Model().Parameters().Len(); got > count {
			t.Errorf("%s has %d parameters, and %d where it was trained", name, got, count)
		}
	}
}
