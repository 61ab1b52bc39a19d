package flow_test

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/internal/random"
)

// withBase returns a flow of nothing but a base of d columns, with random
// values for what the base learns.
func withBase(t *testing.T, name string, d int) *flow.Flow {
	t.Helper()
	b, err := base.New(name)
	if err != nil {
		t.Fatal(err)
	}
	c := flow.Config{Features: names("x", d), Base: b}
	f, err := flow.New(c, 1)
	if err != nil {
		t.Fatal(err)
	}
	f.Model().Parameters().Edit(func(values []float32) { random.Uniform(values, 3, random.Initialization, 0, 0.9) })
	return f
}

// TestBaseIntegratesToOne sums the density of one column over a fine grid; far
// beyond it a Student t of 5 degrees has less than 1e-7.
func TestBaseIntegratesToOne(t *testing.T) {
	for _, name := range base.Kinds.Names() {
		f := withBase(t, name, 1)
		const n, width = 400_000, 100.0
		x, logProb := make([]float64, n), make([]float64, n)
		for i := range x {
			x[i] = width * ((float64(i)+0.5)/n*2 - 1)
		}
		if err := f.LogProb(logProb, x, nil); err != nil {
			t.Fatal(err)
		}
		var sum float64
		for _, v := range logProb {
			sum += math.Exp(v) * 2 * width / n
		}
		if math.Abs(sum-1) > 1e-4 {
			t.Errorf("%s integrates to %v", name, sum)
		}
	}
}

// TestBaseGradients compares the gradients of a base, in float64, with central
// differences.
func TestBaseGradients(t *testing.T) {
	for _, name := range base.Kinds.Names() {
		for _, d := range []int{1, 2, 7} {
			f := withBase(t, name, d)
			binding := autograd.Bind64(f.Model().Parameters())
			g := binding.NewGraph()
			x := make([]float64, 3*d)
			noise := make([]float32, len(x))
			random.Uniform(noise, 9, random.Noise, 0, 2)
			for i, v := range noise {
				x[i] = float64(v)
			}
			weights := []float64{1, -0.5, 2}
			run := func(mode autograd.Mode) (autograd.Value, autograd.Sums, float64) {
				g.Reset(mode)
				p, z := g.Pass(3), g.Input(3, d, true)
				total := p.LogDet
				for i, v := range x {
					z.Set(i/d, i%d, v)
				}
				f.Model().BaseDensity(p, z)
				var loss float64
				for e, v := range total.Values {
					loss += weights[e] * v
				}
				return z, total, loss
			}
			check := func(what string, at []float64, got []float64) {
				for i := range at {
					const h = 1e-6
					was := at[i]
					at[i] = was + h
					_, _, up := run(autograd.Evaluate)
					at[i] = was - h
					_, _, down := run(autograd.Evaluate)
					at[i] = was
					if want := (up - down) / (2 * h); math.Abs(got[i]-want) > 1e-6*(1+math.Abs(want)) {
						t.Fatalf("%s D=%d: gradient of %s %d is %v, by differences %v", name, d, what, i, got[i], want)
					}
				}
			}
			z, total, _ := run(autograd.Differentiate)
			copy(total.Gradient, weights)
			g.Backward()
			var dz []float64
			for i := range x {
				dz = append(dz, z.Gradient(i/d, i%d))
			}
			dp := slices.Clone(g.Gradients64())
			check("z", x, dz)
			check("parameter", binding.Values64(), dp)
		}
	}
}

// TestBaseSamples holds samples against the density: their log-densities are
// those of LogProb, and in one column the distribution function at the samples
// is uniform, by the largest distance of Kolmogorov and Smirnov.
func TestBaseSamples(t *testing.T) {
	const n = 20_000
	for _, name := range base.Kinds.Names() {
		f := withBase(t, name, 1)
		x, logProb, err := f.SampleWithLogProb(n, 5, nil)
		if err != nil {
			t.Fatal(err)
		}
		again := make([]float64, n)
		if err := f.LogProb(again, x, nil); err != nil {
			t.Fatal(err)
		}
		for i := range again {
			if math.Abs(again[i]-logProb[i]) > 1e-5 {
				t.Fatalf("%s: sample %d at %v has log-density %v, LogProb says %v", name, i, x[i], logProb[i], again[i])
			}
		}
		const cells, width = 200_000, 60.0
		grid, density := make([]float64, cells), make([]float64, cells)
		for i := range grid {
			grid[i] = width * ((float64(i)+0.5)/cells*2 - 1)
		}
		if err := f.LogProb(density, grid, nil); err != nil {
			t.Fatal(err)
		}
		slices.Sort(x)
		var cdf, worst float64
		next := 0
		for i := range grid {
			cdf += math.Exp(density[i]) * 2 * width / cells
			for next < n && x[next] < grid[i]+width/cells {
				next++
			}
			worst = max(worst, math.Abs(float64(next)/n-cdf))
		}
		// The distance is beyond 1.95/√n in one of a thousand draws; this draw is
		// fixed.
		if worst > 1.95/math.Sqrt(n) {
			t.Errorf("%s: the distribution of the samples is %v from that of the density", name, worst)
		}
	}
}

// TestBaseSamplesOfSeveralColumns compares the mean log-density of samples in
// several columns with the entropy by another seed, and checks that sample i
// does not depend on how many are drawn.
func TestBaseSamplesOfSeveralColumns(t *testing.T) {
	for _, name := range base.Kinds.Names() {
		f := withBase(t, name, 3)
		mean := func(seed uint64) float64 {
			_, logProb, err := f.SampleWithLogProb(20_000, seed, nil)
			if err != nil {
				t.Fatal(err)
			}
			var sum float64
			for _, v := range logProb {
				sum += v / 20_000
			}
			return sum
		}
		if a, b := mean(1), mean(2); math.Abs(a-b) > 0.06 {
			t.Errorf("%s: mean log-density of samples is %v and %v", name, a, b)
		}
		many, err := f.Sample(300, 8, nil)
		if err != nil {
			t.Fatal(err)
		}
		few, err := f.Sample(7, 8, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(few, many[:len(few)]) {
			t.Errorf("%s: the first samples of 300 are not those of 7", name)
		}
	}
}

func TestBaseSaveAndLoad(t *testing.T) {
	for _, name := range base.Kinds.Names() {
		f := withBase(t, name, 3)
		var file bytes.Buffer
		if err := f.Write(&file); err != nil {
			t.Fatal(err)
		}
		back, err := flow.Read(bytes.NewReader(file.Bytes()), int64(file.Len()))
		if err != nil {
			t.Fatal(err)
		}
		want, _ := f.Sample(10, 1, nil)
		if got, err := back.Sample(10, 1, nil); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: read back it draws %v (%v), was %v", name, got, err, want)
		}
	}
}

func TestBaseErrors(t *testing.T) {
	for _, c := range []struct {
		noise base.Spec
		want  string
	}{
		{nil, "no base is given"},
		{&base.DiagonalNormalSpec{}, "bound"},
		{&base.StudentTSpec{}, "degrees of freedom"},
		{&base.StudentTSpec{DegreesOfFreedom: math.NaN()}, "degrees of freedom"},
		{&base.MixtureSpec{Bound: 1}, "components"},
		{&base.MixtureSpec{Bound: 1, Components: 1 << 30}, "components"},
		{&base.UniformSpec{Bound: -1}, "bound"},
	} {
		if _, err := flow.New(flow.Config{Features: []string{"a", "b"}, Base: c.noise}, 1); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, want one with %q", c.noise, err, c.want)
		}
	}
	f := withBase(t, base.Uniform, 2)
	s, err := f.NewScorer(flow.ScorerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Sample(make([]float64, 2), nil, 0, flow.SampleOptions{Temperature: 0.5}, nil); err == nil {
		t.Error("a uniform base takes a temperature")
	}
}

// TestBaseJSON reads what a file may say of a base, and must not.
func TestBaseJSON(t *testing.T) {
	for text, want := range map[string]string{
		`{"type":"cauchy"}`:                                                          `"cauchy" is not known to this version, which knows standard-normal, diagonal-normal`,
		`{"type":"standard-normal","bound":1}`:                                       `"bound" is not known`,
		`{"type":"uniform","bound":1,"degrees_of_freedom":3}`:                        `"degrees_of_freedom" is not known`,
		`{"type":"standard-normal","bound":0,"degrees_of_freedom":0,"components":0}`: "",
		`{"bound":1}`: `without "type"`,
	} {
		switch _, err := base.Kinds.Unmarshal([]byte(text)); {
		case want == "" && err != nil:
			t.Errorf("%s: %v", text, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: the error is %v, want one with %s", text, err, want)
		}
	}
}

// TestDiagonalNormalOfSites holds a base with constants of each site against that
// of rows that have all sites side by side.
func TestDiagonalNormalOfSites(t *testing.T) {
	const sites, d, n = 3, 2, 4
	grid, err := flow.New(flow.Config{Features: names("x", d), Grid: []int{sites}, Base: &base.DiagonalNormalSpec{Bound: 2, Sites: sites}}, 1)
	must(t, err)
	row, err := flow.New(flow.Config{Features: names("x", sites*d), Base: &base.DiagonalNormalSpec{Bound: 2}}, 1)
	must(t, err)
	constants := grid.Model().Parameters().Values()
	random.Uniform(constants, 3, random.Initialization, 0, 1)
	for site := range sites {
		for c := range 2 * d {
			row.Model().Parameters().Values()[c/d*sites*d+site*d+c%d] = constants[site*2*d+c]
		}
	}
	var results [2][]float64
	for i, f := range []*flow.Flow{grid, row} {
		x, logProb, err := f.SampleWithLogProb(n, 7, nil)
		must(t, err)
		scores, gradient := make([]float64, n), make([]float64, len(x))
		must(t, f.LogProbGrad(scores, gradient, nil, x, nil))
		results[i] = slices.Concat(x, logProb, scores, gradient)
	}
	for i, v := range results[0] {
		if want := results[1][i]; math.Abs(v-want) > 1e-5*(1+math.Abs(want)) {
			t.Errorf("value %d is %v, want %v", i, v, want)
		}
	}
	for _, wrong := range []int{2, -1} {
		_, err := flow.New(flow.Config{Features: names("x", d), Grid: []int{sites}, Base: &base.DiagonalNormalSpec{Bound: 2, Sites: wrong}}, 1)
		if err == nil || !strings.Contains(err.Error(), "and there are 3") {
			t.Errorf("a base of %d sites: %v", wrong, err)
		}
	}
}

// TestFullNormalSample holds samples against the noise that they are made of,
// which is that of a standard normal: A·(z − mean) = ε, so the density falls
// from the mean to the sample by ½|ε|².
func TestFullNormalSample(t *testing.T) {
	const n, d = 50, 4
	f := withBase(t, base.FullNormal, d)
	z, logProb, err := f.SampleWithLogProb(n, 7, nil)
	must(t, err)
	noise, err := withBase(t, base.StandardNormal, d).Sample(n, 7, nil)
	must(t, err)
	mean, atMean := make([]float64, d), make([]float64, 1)
	for c := range mean {
		mean[c] = float64(f.Model().Parameters().Values()[c])
	}
	must(t, f.LogProb(atMean, mean, nil))
	for i := range n {
		var squares float64
		for _, e := range noise[i*d : (i+1)*d] {
			squares += e * e
		}
		if got, want := logProb[i]-atMean[0], -0.5*squares; math.Abs(got-want) > 1e-5*(1+squares) {
			t.Fatalf("sample %d, %v, has a density of %v from the mean's, want %v", i, z[i*d:(i+1)*d], got, want)
		}
	}
}

// TestStudentNormalizer holds the density at its mode against the standard
// library's log Γ.
func TestStudentNormalizer(t *testing.T) {
	for _, nu := range []float64{0.01, 0.5, 1, 2, 5, 30, 41, 1000, 1e6} {
		f, err := flow.New(flow.Config{Features: names("x", 1), Base: &base.StudentTSpec{DegreesOfFreedom: nu}}, 1)
		must(t, err)
		got := make([]float64, 1)
		must(t, f.LogProb(got, []float64{0}, nil))
		above, _ := math.Lgamma(0.5 * (nu + 1))
		below, _ := math.Lgamma(0.5 * nu)
		// Lgamma's own rounding grows with its value.
		if want := above - below - 0.5*math.Log(nu*math.Pi); math.Abs(got[0]-want) > 1e-12+1e-15*math.Abs(above) {
			t.Errorf("%v degrees of freedom: the log-density at 0 is %v, want %v", nu, got[0], want)
		}
	}
}

// TestUniformAtItsEnds: the box of the uniform base has its ends.
func TestUniformAtItsEnds(t *testing.T) {
	f, err := flow.New(flow.Config{Features: []string{"a", "b"}, Base: &base.UniformSpec{Bound: 3}}, 1)
	must(t, err)
	for x, want := range map[float64]float64{0: -2 * math.Log(6), 3: -2 * math.Log(6), -3: -2 * math.Log(6), 3.0000003: math.Inf(-1), -3.0000003: math.Inf(-1)} {
		got := make([]float64, 1)
		must(t, f.LogProb(got, []float64{1, x}, nil))
		if got[0] != want && math.Abs(got[0]-want) > 1e-12 {
			t.Errorf("the log-density at %v is %v, want %v", x, got[0], want)
		}
	}
}
