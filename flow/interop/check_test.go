package interop

import (
	"archive/zip"
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/flow"
)

// TestCompare makes sure that a single wrong row is found, and named.
func TestCompare(t *testing.T) {
	for _, test := range []struct {
		change func(c *Check)
		words  []string
	}{
		{func(c *Check) { c.LogProb[3] += 1 }, []string{"log_prob of row 3", " 1 too far apart", "1 of 40 rows"}},
		{func(c *Check) { c.Samples[5*7+2] += 0.01 }, []string{"feature 2 of row 7", "1 of 40 rows"}},
		{func(c *Check) { c.Z[5*7] += 0.01 }, []string{"of row 7"}},
		{func(c *Check) { c.Context[2*9] += 0.1 }, []string{"log_prob of row 9"}},
	} {
		g := readGolden(t, "nflows-maf-context")
		f, err := g.load()
		if err != nil {
			t.Fatal(err)
		}
		test.change(g.check)
		_, err = g.check.Compare(f)
		if err == nil {
			t.Errorf("no error, want one of %q", test.words)
			continue
		}
		for _, w := range test.words {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%q does not hold %q", err, w)
			}
		}
	}
	// Differences relative to large values.
	g := readGolden(t, "nflows-realnvp-untrained")
	f, err := g.load()
	if err != nil {
		t.Fatal(err)
	}
	for i := range g.check.LogProb {
		g.check.LogProb[i] *= 1 + 0.5*Tolerance
	}
	if r, err := g.check.Compare(f); err != nil || r.Rows != 40 || r.LogProb < 0.3*Tolerance {
		t.Errorf("%v, %v", r, err)
	}
}

// TestExact holds the float64 rows, which judge rounding, against the library.
func TestExact(t *testing.T) {
	for _, name := range []string{"nflows-nsf-ar-context", "zuko-nsf", "normflows-nsf-ar"} {
		g := readGolden(t, name)
		f, err := g.load()
		if err != nil {
			t.Fatal(err)
		}
		e := newExact(f)
		for row := range g.check.Rows {
			if got := e.logProb(g.check, g.check.X[row*f.Dim():][:f.Dim()], row); !near(got, g.check.LogProb[row:]) {
				t.Errorf("%s, row %d: log_prob is %v, want %v", name, row, got, g.check.LogProb[row])
			}
			z := g.check.Z
			if scaled := throughBase(f, z); scaled != nil {
				z = scaled
			}
			d := f.Dim()
			if got := e.sample(g.check, z[row*d:][:d], row); !near(got, g.check.Samples[row*d:]) {
				t.Errorf("%s, row %d: the sample is %v, want %v", name, row, got, g.check.Samples[row*d:][:d])
			}
			for i, got := range e.noise(g.check, row) {
				// The samples are float32, and the map to noise can be steep.
				if want := z[row*d+i]; !(math.Abs(got-want) < 1e-3) {
					t.Errorf("%s, row %d: noise %d is %v, want %v", name, row, i, got, want)
				}
			}
		}
	}
}

// TestNoiseOfEitherKind takes noise before a learned base as well as behind it.
func TestNoiseOfEitherKind(t *testing.T) {
	g := readGolden(t, "normflows-coupling")
	f, err := g.load()
	if err != nil {
		t.Fatal(err)
	}
	before, err := g.check.Compare(f)
	if err != nil {
		t.Fatal(err)
	}
	g.check.Z = throughBase(f, g.check.Z)
	if g.check.Z == nil {
		t.Fatal("the base is not learned")
	}
	behind, err := g.check.Compare(f)
	if err != nil || behind.Samples > 10*before.Samples || behind.Rounded != 0 {
		t.Errorf("%+v with noise before the base; behind it %+v, %v", before, behind, err)
	}
}

// TestFewRows warns of a check that proves little.
func TestFewRows(t *testing.T) {
	g := readGolden(t, "nflows-maf")
	f, err := g.load()
	if err != nil {
		t.Fatal(err)
	}
	if r, err := g.check.Compare(f); err != nil || r.Warning != "" {
		t.Errorf("%d rows: %q, %v", g.check.Rows, r.Warning, err)
	}
	c := *g.check
	c.Rows, c.X, c.LogProb, c.Z, c.Samples = 1, c.X[:5], c.LogProb[:1], nil, nil
	if r, err := c.Compare(f); err != nil || !strings.Contains(r.Warning, "1 row") {
		t.Errorf("1 row: %q, %v", r.Warning, err)
	}
}

// TestRounding judges a row whose own rounding happens to be small by that of
// its neighbours, and says what to do about a difference that may be rounding.
func TestRounding(t *testing.T) {
	g := readGolden(t, "zuko-nsf")
	f, err := g.load()
	if err != nil {
		t.Fatal(err)
	}
	c, e, d := g.check, newExact(f), f.Dim()
	scorer, err := f.NewScorer(flow.ScorerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	row, own, most, value := -1, 0.0, 0.0, 0.0
	for r := range c.Rows {
		x := c.X[r*d:][:d]
		near := append(neighbourhood(x), x...)
		got := make([]float64, neighbours+1)
		if err := scorer.LogProb(got, near, nil); err != nil {
			t.Fatal(err)
		}
		sizes := make([]float64, neighbours+1)
		for k := range got {
			sizes[k] = math.Abs(got[k] - e.logProb(c, near[k*d:][:d], r)[0])
		}
		largest := 0.0
		for _, s := range sizes[:neighbours] {
			largest = max(largest, s)
		}
		if largest-sizes[neighbours] > most-own {
			row, own, most, value = r, sizes[neighbours], largest, got[neighbours]
		}
	}
	if row < 0 || most < 2*own {
		t.Fatalf("no row has a neighbour that is rounded more: %v, %v", own, most)
	}
	for _, test := range []struct {
		roundings float64
		right     bool
	}{{(own + most) / 2, true}, {2*most + own, false}} {
		c.LogProb[row] = value + Tolerance*max(1, math.Abs(value))*1.001 + maxRoundings*test.roundings + own
		_, err := c.Compare(f)
		if (err == nil) != test.right || err != nil && !strings.Contains(err.Error(), "model.double()") {
			t.Errorf("%v roundings of %v: %v", test.roundings, most, err)
		}
	}
	c.LogProb[row] += 1
	if _, err := c.Compare(f); err == nil || strings.Contains(err.Error(), "model.double()") {
		t.Errorf("a row that is 1 too large: %v", err)
	}
}

// TestCheckBounded refuses arrays of wrong shapes before it reads them.
func TestCheckBounded(t *testing.T) {
	for _, test := range []struct {
		shape string
		words []string
	}{
		{"(5000000, 4)", []string{"array x", "[5000000, 4]", "at most"}},
		{"(3, 7)", []string{"array x", "[3, 7]", "[3, 4]"}},
		{"(12,)", []string{"array x", "[12, 1]"}},
	} {
		path := filepath.Join(t.TempDir(), "check.npz")
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		entry, err := w.Create("x.npy")
		if err != nil {
			t.Fatal(err)
		}
		header := fmt.Sprintf("{'descr': '<f8', 'fortran_order': True, 'shape': %s, }\n", test.shape)
		fmt.Fprintf(entry, "\x93NUMPY\x01\x00%c%c%s", len(header), 0, header) // and no values
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
		_, err = ReadCheck(path, &Dialect{Library: nflows, Features: 4})
		for _, w := range test.words {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %v, want %q in it", test.shape, err, w)
			}
		}
	}
}
