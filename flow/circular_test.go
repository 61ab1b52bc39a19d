package flow

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/internal/random"
)

// circled is a neural spline flow of some values, whose column hour is a circle,
// and the column angle too where it is there.
func circled(t *testing.T, columns []string, permutation Permutation) *Flow {
	t.Helper()
	c, err := NSF(columns, nil, Options{Layers: 3, Hidden: []int{8}, Bins: 5, Permutation: permutation})
	if err != nil {
		t.Fatal(err)
	}
	circles := []Circular{{"hour", -0.5, 23.5}}
	if len(columns) > 2 {
		circles = append(circles, Circular{"angle", -math.Pi, math.Pi})
	}
	if err := c.SetCircular(circles...); err != nil {
		t.Fatal(err)
	}
	f, err := New(c, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range f.Model().Parameters().All() {
		random.Uniform(p.Values(), 3, random.Initialization, uint64(p.Offset()), 0.9)
	}
	return f
}

func logProbs(t *testing.T, f *Flow, x []float64) []float64 {
	t.Helper()
	got := make([]float64, len(x)/f.Dim())
	if err := f.LogProb(got, x, nil); err != nil {
		t.Fatal(err)
	}
	return got
}

// TestCircularDensity integrates densities over the circle, alone and times a
// line.
func TestCircularDensity(t *testing.T) {
	const steps = 600
	var hours []float64
	for i := range steps {
		hours = append(hours, -0.5+24*(float64(i)+0.5)/steps)
	}
	sum := 0.0
	for _, v := range logProbs(t, circled(t, []string{"hour"}, PermutationRandom), hours) {
		sum += math.Exp(v) * 24 / steps
	}
	if math.Abs(sum-1) > 1e-3 {
		t.Errorf("the density of a circle adds up to %v", sum)
	}
	for _, permutation := range []Permutation{PermutationNone, PermutationReverse, PermutationRandom} {
		f := circled(t, []string{"x", "hour"}, permutation)
		const across, along, wide = 120, 160, 8.0
		var grid []float64
		for i := range across {
			for j := range along {
				grid = append(grid, wide*(2*(float64(j)+0.5)/along-1), -0.5+24*(float64(i)+0.5)/across)
			}
		}
		sum = 0
		for _, v := range logProbs(t, f, grid) {
			sum += math.Exp(v) * (24. / across) * (2 * wide / along)
		}
		if math.Abs(sum-1) > 5e-3 {
			t.Errorf("%s: the density of a cylinder adds up to %v", permutation, sum)
		}
	}
}

// TestCircularSeam finds the density the same on both sides of where a circle's
// ends meet, in the circle's own column and in what others make of it, and whole
// turns away.
func TestCircularSeam(t *testing.T) {
	f := circled(t, []string{"x", "hour", "angle"}, PermutationRandom)
	const near = 1e-5
	var left, right, away, other []float64
	for i := range 20 {
		x, angle := float64(i)/5-2, float64(i)*0.3-3
		left = append(left, x, 23.5-near, angle)
		right = append(right, x, -0.5+near, angle)
		away = append(away, x, -0.5+near+24*float64(i-10), angle+2*math.Pi*float64(i))
		other = append(other, x, 5.5, angle)
	}
	l, r, a, o := logProbs(t, f, left), logProbs(t, f, right), logProbs(t, f, away), logProbs(t, f, other)
	differs := false
	for i := range l {
		if math.Abs(l[i]-r[i]) > 1e-3 {
			t.Errorf("row %d: %v before the seam, %v behind it", i, l[i], r[i])
		}
		if math.Abs(a[i]-r[i]) > 1e-3 {
			t.Errorf("row %d: %v, and %v whole turns away", i, r[i], a[i])
		}
		differs = differs || math.Abs(o[i]-r[i]) > 0.1
	}
	if !differs {
		t.Error("the density does not depend on the hour")
	}
	// The map itself has one slope at both ends.
	z, left1, right1 := make([]float64, 1), make([]float64, 1), make([]float64, 1)
	g := circled(t, []string{"hour"}, PermutationRandom)
	if err := g.Forward(z, left1, []float64{23.5 - near}, nil); err != nil {
		t.Fatal(err)
	}
	if err := g.Forward(z, right1, []float64{-0.5 + near}, nil); err != nil {
		t.Fatal(err)
	}
	if math.Abs(left1[0]-right1[0]) > 1e-3 {
		t.Errorf("the log-slope is %v before the seam and %v behind it", left1[0], right1[0])
	}
}

// TestCircularSamples holds samples to their circles and to their log-densities.
func TestCircularSamples(t *testing.T) {
	f := circled(t, []string{"x", "hour", "angle"}, PermutationReverse)
	x, logProb, err := f.SampleWithLogProb(3000, 4, nil)
	if err != nil {
		t.Fatal(err)
	}
	again := logProbs(t, f, x)
	for i := range logProb {
		row := x[3*i : 3*i+3]
		if !(row[1] >= -0.5 && row[1] < 23.5 && row[2] >= -math.Pi && row[2] < math.Pi) {
			t.Fatalf("sample %d is %v", i, row)
		}
		if math.Abs(again[i]-logProb[i]) > 2e-2 {
			t.Errorf("sample %d at %v has the log-density %v, and scores %v", i, row, logProb[i], again[i])
		}
	}
	z, back := make([]float64, len(x)), make([]float64, len(x))
	if err := f.Forward(z, nil, x, nil); err != nil {
		t.Fatal(err)
	}
	if err := f.Inverse(back, nil, z, nil); err != nil {
		t.Fatal(err)
	}
	for i := range x {
		away := math.Abs(back[i] - x[i])
		if turn := []float64{math.Inf(1), 24, 2 * math.Pi}[i%3]; math.Min(away, math.Abs(turn-away)) > 2e-4 {
			t.Fatalf("value %d, %v, comes back as %v", i, x[i], back[i])
		}
	}
	far := logProbs(t, f, []float64{0, 1e300, 0, 0, math.Inf(1), 0, 0, math.NaN(), 0})
	if math.IsNaN(far[0]) || math.IsInf(far[0], 0) || !math.IsInf(far[1], -1) || far[2] == far[2] {
		t.Errorf("rows with 1e300, Inf and NaN in a circle score %v", far)
	}
}

// TestCircularFiles writes and reads a flow with circles, and refuses one whose
// parts do not fit together, in a file and when it is made.
func TestCircularFiles(t *testing.T) {
	f := circled(t, []string{"x", "hour", "angle"}, PermutationRandom)
	var file bytes.Buffer
	if err := f.Write(&file); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(file.String(), `"nf.version":"2"`) {
		t.Error("the file has not version 2")
	}
	g, err := Read(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		t.Fatal(err)
	}
	row := []float64{0.3, 23, 1}
	if a, b := logProbs(t, f, row)[0], logProbs(t, g, row)[0]; a != b {
		t.Errorf("scores %v, and %v once read", a, b)
	}
	for change, want := range map[[2]string]string{
		{`\"lower\":-0.5`, `\"lower\":-1.5`}:            "not that which maps",
		{`{\"column\":\"hour\"`, `{\"column\":\"uhr\"`}: "is no column",
		{`\"columns\":[1,2]`, `\"columns\":[0,2]`}:      "not uniform",
		{`\"circular\":true`, `\"circular\":null`}:      "something else than a circular spline",
		{`\"angles\":{`, `\"angles\":{\"bound\":2,`}:    "",
	} {
		text := strings.Replace(file.String(), change[0], change[1], 1)
		if text == file.String() {
			t.Fatalf("the file has no %s", change[0])
		}
		// The header's length is in the first eight bytes.
		longer := byte(len(change[1]) - len(change[0]))
		text = string([]byte{text[0] + longer}) + text[1:]
		if _, err := Read(strings.NewReader(text), int64(len(text))); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("with %s: error %v, want one with %q", change[1], err, want)
		}
	}
	columns := []string{"x", "hour"}
	for name, c := range map[string]struct {
		preset  Preset
		options Options
		circles []Circular
		want    string
	}{
		"a learned matrix":     {PresetNSF, Options{}, []Circular{{"hour", 0, 24}}, "circular columns need couplings of splines"},
		"autoregressive":       {PresetNSFAutoregressive, Options{Permutation: PermutationRandom}, []Circular{{"hour", 0, 24}}, "circular columns need couplings of splines"},
		"affine couplings":     {PresetRealNVP, Options{}, []Circular{{"hour", 0, 24}}, "circular columns need couplings of splines"},
		"another base":         {PresetNSF, Options{Permutation: PermutationRandom, Base: "student-t"}, []Circular{{"hour", 0, 24}}, "standard normal base"},
		"no such column":       {PresetNSF, Options{Permutation: PermutationRandom}, []Circular{{"day", 0, 24}}, `"day" is no column`},
		"twice":                {PresetNSF, Options{Permutation: PermutationRandom}, []Circular{{"hour", 0, 24}, {"hour", 0, 24}}, "there twice"},
		"ends the wrong way":   {PresetNSF, Options{Permutation: PermutationRandom}, []Circular{{"hour", 24, 0}}, "a larger upper"},
		"an end that is none":  {PresetNSF, Options{Permutation: PermutationRandom}, []Circular{{"hour", 0, math.Inf(1)}}, "a larger upper"},
		"batch normalizations": {PresetNSF, Options{Permutation: PermutationRandom, BatchNorm: true}, []Circular{{"hour", 0, 24}}, "batch normalization"},
	} {
		config, err := c.preset.Config(columns, nil, c.options)
		if err != nil {
			t.Fatal(err)
		}
		if err := config.SetCircular(c.circles...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
}

func TestWrap(t *testing.T) {
	c := Circular{"hour", -0.5, 23.5}
	for x, want := range map[float64]float64{-0.5: -0.5, 23.5: -0.5, 23.4: 23.4, 24: 0, -1: 23, 240: 0, -25: 23, math.Inf(1): math.Inf(1)} {
		if got := c.Wrap(x); got != want {
			t.Errorf("%v wraps to %v, want %v", x, got, want)
		}
	}
	for _, x := range []float64{1e300, -1e300, math.Nextafter(-0.5, -1), math.MaxFloat64} {
		if got := c.Wrap(x); !(got >= -0.5 && got < 23.5) {
			t.Errorf("%v wraps to %v", x, got)
		}
	}
}
