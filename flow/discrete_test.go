package flow

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/internal/random"
)

func TestNewDiscrete(t *testing.T) {
	times := func(step, origin float64, cells ...int) []float64 {
		var values []float64
		for _, k := range cells {
			values = append(values, origin+step*float64(k))
		}
		return values
	}
	var narrow []float64
	for _, v := range times(0.1, 0, 7, 3, 1, 2, 900) {
		narrow = append(narrow, float64(float32(v)))
	}
	for name, c := range map[string]struct {
		values       []float64
		step         float64
		want, origin float64
		off          int // the row that the error names; -1 for none, -2 for another error
	}{
		"counts":                        {times(1, 0, 3, 0, 4, 4, 17), 0, 1, 0, -1},
		"counts by tens":                {times(10, 0, 3, 5, 4), 0, 10, 0, -1},
		"halves between":                {times(1, 0.5, 3, -5, 4), 0, 1, -4.5, -1},
		"tenths":                        {times(0.1, 0, 3, 1, 7, 6, 1000, 999), 0, 0.1, 0, -1},
		"tenths in float32":             {narrow, 0, 0.1, 0, -1},
		"tenths, of which one is twice": {append(times(0.1, 0, 3, 2, 1), 0.3), 0, 0.1, 0, -1},
		"given":                         {times(2, 0, 3, 1), 1, 1, 0, -1},
		"years":                         {times(1, 1990, 3, 2, 10), 0, 1, 0, -1},
		"given, not a step":             {[]float64{1, 2, 2.5, 3}, 1, 0, 0, 2},
		"measurements":                  {[]float64{0.5, 0.123, 0.777, 3, 2.718}, 0, 0, 0, 0},
		"one value":                     {[]float64{3, 3}, 0, 0, 0, -2},
		"one value, given":              {[]float64{3, 3}, 2, 2, 3, -1},
		"a step below 0":                {[]float64{3, 4}, -1, 0, 0, -2},
		"a step beyond all bounds":      {[]float64{3, 4}, math.Inf(1), 0, 0, -2},
		"far apart":                     {[]float64{0, 1, 1e15}, 1, 0, 0, 2},
	} {
		d, err := NewDiscrete("n", c.step, c.values)
		var off *OffGridError
		switch {
		case c.off == -1:
			if err != nil || math.Abs(d.Step-c.want) > 1e-6*c.want || math.Abs(d.Origin-c.origin) > 1e-9 {
				t.Errorf("%s: %+v and error %v, want step %v, origin %v", name, d, err, c.want, c.origin)
				continue
			}
			for _, v := range c.values {
				if math.Abs(d.Value(v)-v) > 1e-3*d.Step || math.Abs(d.Middle(v)-v-d.Step/2) > 1e-3*d.Step || d.Value(d.Value(v)) != d.Value(v) {
					t.Errorf("%s: the cell of %v is that of %v, whose middle is %v", name, v, d.Value(v), d.Middle(v))
				}
			}
		case err == nil, errors.As(err, &off) != (c.off >= 0), off != nil && off.Row != c.off:
			t.Errorf("%s: %+v and error %v, want one of row %d", name, d, err, c.off)
		}
	}
}

// discretized is a flow with values of some size, of which the columns a and c
// are discrete, and the same without that.
func discretized(t *testing.T) (discrete, continuous *Flow) {
	t.Helper()
	var flows []*Flow
	for _, grids := range [][]Discrete{{{"a", 2, 1}, {"c", 0.1, 0}}, nil} {
		c, err := RealNVP([]string{"a", "b", "c"}, nil, Options{Layers: 3, Hidden: []int{8}})
		if err != nil {
			t.Fatal(err)
		}
		c.Standardize = Standardization{[]float64{5, 1, 0.4}, []float64{4, 2, 0.3}}
		c.Discrete = grids
		f, err := New(c, 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range f.Model().Parameters().All() {
			random.Uniform(p.Values(), 3, random.Initialization, uint64(p.Offset()), 0.5)
		}
		flows = append(flows, f)
	}
	return flows[0], flows[1]
}

// TestDiscreteColumns holds what a flow of discrete columns computes against that
// of the continuous flow at the middles of cells.
func TestDiscreteColumns(t *testing.T) {
	f, continuous := discretized(t)
	x := []float64{3, 0.5, 0.30000000000000004, 5, 1, 0.3, 6.9, 1, 0.39, -1, 2, 0}
	middle := []float64{4, 0.5, 0.35, 6, 1, 0.35, 6, 1, 0.35, 0, 2, 0.05}
	values := []float64{3, 0.5, 0.3, 5, 1, 0.3, 5, 1, 0.3, -1, 2, 0}
	got, want := make([]float64, 4), make([]float64, 4)
	gotGradient, wantGradient := make([]float64, 12), make([]float64, 12)
	if err := errors.Join(f.LogProbGrad(got, gotGradient, nil, x, nil), continuous.LogProbGrad(want, wantGradient, nil, middle, nil)); err != nil {
		t.Fatal(err)
	}
	near := func(what string, got, want []float64, bound float64) {
		t.Helper()
		for i := range got {
			if !(math.Abs(got[i]-want[i]) <= bound) {
				t.Errorf("%s is %v, want %v", what, got, want)
				return
			}
		}
	}
	near("the density", got, want, 1e-6)
	near("the gradient", gotGradient, wantGradient, 1e-5)
	gotZ, wantZ, back := make([]float64, 12), make([]float64, 12), make([]float64, 12)
	if err := errors.Join(f.Forward(gotZ, got, x, nil), continuous.Forward(wantZ, want, middle, nil), f.Inverse(back, nil, gotZ, nil)); err != nil {
		t.Fatal(err)
	}
	near("the noise", gotZ, wantZ, 1e-6)
	near("the log-det", got, want, 1e-6)
	near("what comes back", back, values, 1e-6)

	sample, logProb, err := f.SampleWithLogProb(500, 7, nil)
	if err != nil {
		t.Fatal(err)
	}
	scored := make([]float64, 500)
	if err := f.LogProb(scored, sample, nil); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(scored, logProb) {
		t.Error("samples score other than they were said to")
	}
	for i := 0; i < len(sample); i += 3 {
		for place, column := range map[int]int{0: 0, 2: 1} {
			if d := f.Config().Discrete[column]; d.Value(sample[i+place]) != sample[i+place] {
				t.Fatalf("sample %d is %v, which is off the grid %+v", i/3, sample[i:i+3], d)
			}
		}
	}

	far := []float64{math.NaN(), 1, 1, 1e300, 1, 1, math.Inf(1), 1, 1}
	if err := f.LogProb(got[:3], far, nil); err != nil {
		t.Fatal(err)
	}
	if got[0] == got[0] || !math.IsInf(got[1], -1) || !math.IsInf(got[2], -1) {
		t.Errorf("rows with NaN, 1e300 and Inf score %v", got[:3])
	}
}

// TestDiscreteFiles writes and reads the grids, in files of version 2, and refuses
// those that are none.
func TestDiscreteFiles(t *testing.T) {
	f, continuous := discretized(t)
	for version, g := range map[string]*Flow{"2": f, "1": continuous} {
		var file bytes.Buffer
		if err := g.Write(&file); err != nil {
			t.Fatal(err)
		}
		if want := `"nf.version":"` + version + `"`; !strings.Contains(file.String(), want) {
			t.Errorf("the file has not %s", want)
		}
		back, err := Read(bytes.NewReader(file.Bytes()), int64(file.Len()))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(back.Config().Discrete, g.Config().Discrete) {
			t.Errorf("the grids %v come back as %v", g.Config().Discrete, back.Config().Discrete)
		}
	}
	for word, grids := range map[string][]Discrete{
		`"d" is no column`:         {{"d", 1, 0}},
		`"a" is there twice`:       {{"a", 1, 0}, {"a", 1, 0}},
		`step of the discrete`:     {{"a", 0, 0}},
		`origin of the discrete`:   {{"a", 1, math.NaN()}},
		`"b" has a support and is`: {{"b", 1, 0}},
	} {
		c, err := RealNVP([]string{"a", "b"}, nil, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.SetSupport(Interval{Column: "b", Lower: 0, Upper: math.Inf(1)}); err != nil {
			t.Fatal(err)
		}
		c.Discrete = grids
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%v: error %v, want one with %q", grids, err, word)
		}
	}
}
