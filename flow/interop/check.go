package interop

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/internal/limits"
	"github.com/seed-192fdf7a/nf/internal/table"
	"github.com/seed-192fdf7a/nf/kernels"
)

// Tolerance is how far the flow may be from the library: |difference| at most
// Tolerance·max(1, |the library's value|).
const Tolerance = 1e-4

// Check is what the library itself computes for some rows.
type Check struct {
	// X holds Rows rows, Context their contexts, or is nil; LogProb is log p of
	// each.
	X, Context, LogProb []float64
	Rows                int
	// Z is noise and Samples what the library makes of it, under the same
	// contexts; both are nil where the file has none.
	Z, Samples []float64

	library       string // of the model, whose mistakes an error names
	channelsFirst bool   // its noise is of images, and each part channel by channel
}

// ReadCheck reads a NumPy archive with the arrays x [n, D] and log_prob [n],
// context [n, C] for a model with context, and optionally z and samples, both
// [n, D]. Of images D is C·H·W, the values of an image channel by channel, and z
// has the parts of the noise in the order in which they leave, each likewise.
func ReadCheck(path string, d *Dialect) (*Check, error) {
	values := d.shape().Dim()
	columns := map[string]int{"x": values, "log_prob": 1, "context": d.Context, "z": values, "samples": values}
	arrays, err := table.ReadArrays(path, func(name string, rows, of int) error {
		if rows > limits.CheckValues/of {
			return fmt.Errorf("it is [%d, %d]; a thousand rows are enough, and at most %d values are read", rows, of, limits.CheckValues)
		}
		if want := columns[name]; want > 0 && of != want {
			return fmt.Errorf("it is [%d, %d], want [%d, %d]", rows, of, rows, want)
		}
		return nil
	}, "x", "log_prob", "context", "z", "samples")
	if err != nil {
		return nil, err
	}
	c := &Check{Rows: arrays["x"].Rows, library: d.Library}
	if c.Rows == 0 {
		return nil, fmt.Errorf("check %s: it has no array x, or no rows in it", path)
	}
	for _, a := range []struct {
		name     string
		into     *[]float64
		columns  int
		optional bool
	}{
		{"x", &c.X, values, false},
		{"log_prob", &c.LogProb, 1, false},
		{"context", &c.Context, d.Context, d.Context == 0},
		{"z", &c.Z, values, true},
		{"samples", &c.Samples, values, true},
	} {
		array, there := arrays[a.name]
		switch {
		case !there && !a.optional:
			return nil, fmt.Errorf("check %s: the array %s is missing", path, a.name)
		case !there:
		case a.columns == 0:
			return nil, fmt.Errorf(`check %s: there is an array %s, but the config has no "context"`, path, a.name)
		case array.Rows != c.Rows || array.Columns != a.columns:
			return nil, fmt.Errorf("check %s: the array %s is [%d, %d], want [%d, %d]", path, a.name, array.Rows, array.Columns, c.Rows, a.columns)
		default:
			*a.into = array.Values
		}
	}
	if (c.Z == nil) != (c.Samples == nil) {
		return nil, fmt.Errorf("check %s: z and samples belong together, and one of them is missing", path)
	}
	if d.Image != nil {
		c.channelsFirst = true
		sites := d.shape().Sites()
		c.X, c.Samples = channelsLast(c.X, d.Features, sites), channelsLast(c.Samples, d.Features, sites)
		if c.Z == nil {
			c.Samples = nil
		}
	}
	return c, nil
}

// Report is how far a flow is from the library.
type Report struct {
	// Rows were compared. LogProb is the largest difference of a log-density,
	// Samples that of a sample, 0 where the check has none; both are relative to
	// max(1, |the library's value|).
	Rows             int
	LogProb, Samples float64
	// Rounded is the number of rows that are beyond the tolerance because float32
	// cannot do better: see [Check.Compare].
	Rounded int
	// Warning says why the check proves little, or is empty.
	Warning string
}

// fewRows is how many rows a check should have at least: of fewer, all may lie
// where a wrong constant changes nothing.
const fewRows = 20

// Some rows cannot be computed in float32: the steepest ones of a spline amplify
// its rounding beyond the tolerance, in the library as in nf. At most one row of
// twenty, and one more, may be such. At each such row and at neighbours of it,
// which differ from it by roundings, the flow is also computed in float64: how
// far that is from float32 at most is the size of rounding there, and the library,
// which rounds differently, may be maxRoundings times that away. A sample is also
// right if in float64 the flow maps it to its noise: where the inverse is steep,
// samples differ and their noise does not.
const (
	rowsOfOneRounded = 20
	maxRoundings     = 30
	neighbours       = 8
)

// Compare computes what the check holds and is an error where the difference
// is above the tolerance and is not float32's rounding.
//
// The noise z is that of a standard normal, which a learned base scales and
// shifts, or it is what the transforms take, as the two are the same in most
// models: whichever fits.
func (c *Check) Compare(f *flow.Flow) (Report, error) {
	report := Report{Rows: c.Rows}
	if c.Rows < fewRows {
		rows := "rows"
		if c.Rows == 1 {
			rows = "row"
		}
		report.Warning = fmt.Sprintf("the check has %d %s, in which a wrong constant may not show: a thousand rows of real data would prove more", c.Rows, rows)
	}
	f, err := bare(f)
	if err != nil {
		return report, err
	}
	c = c.onImages(f)
	if err != nil {
		return report, err
	}
	scorer, err := f.NewScorer(flow.ScorerOptions{})
	if err != nil {
		return report, err
	}
	logProb := make([]float64, c.Rows)
	if err := scorer.LogProb(logProb, c.X, c.Context); err != nil {
		return report, err
	}
	worst := furthest(logProb, c.LogProb, 1)
	report.LogProb = worst.relative
	explained, err := c.rounded(&rounding{f, scorer, logProb, c.LogProb, c.X, false}, worst)
	if err != nil {
		return report, err
	}
	if !explained {
		return report, fmt.Errorf("the flow does not have the density of the model: log_prob of row %d is %.6g, and %.6g in the check file, which is %.3g too far apart "+
			"(%d of %d rows are; at most %g·max(1, |log_prob|) is allowed). %sLikely causes: %s",
			worst.at, logProb[worst.at], c.LogProb[worst.at], math.Abs(logProb[worst.at]-c.LogProb[worst.at]), len(worst.rows), c.Rows, Tolerance,
			c.perhapsRounding(worst), c.causes())
	}
	report.Rounded = len(worst.rows)
	if c.Samples == nil {
		return report, nil
	}
	d := f.Dim()
	samples := make([]float64, len(c.Z))
	noise, closest := c.Z, difference{relative: math.Inf(1)}
	behind, err := c.behindBase(f)
	if err != nil {
		return report, err
	}
	for _, z := range [][]float64{c.Z, behind} {
		if z == nil {
			continue
		}
		made := make([]float64, len(z))
		if err := scorer.Inverse(made, nil, z, c.Context); err != nil {
			return report, err
		}
		if d := furthest(made, c.Samples, d); d.relative < closest.relative || math.IsInf(closest.relative, 1) {
			noise, closest, samples = z, d, made
		}
	}
	report.Samples = closest.relative
	if explained, err = c.rounded(&rounding{f, scorer, samples, c.Samples, noise, true}, closest); err != nil {
		return report, err
	}
	if !explained {
		return report, fmt.Errorf("the flow has the density of the model, but makes other samples of its noise: feature %d of row %d is %.6g, and %.6g in the check file "+
			"(%d of %d rows are more than %g·max(1, |value|) apart). %sLikely causes: z is not the noise of these samples; the order of the noise differs; an inverse that the library computes only roughly",
			closest.at%d, closest.at/d, samples[closest.at], c.Samples[closest.at], len(closest.rows), c.Rows, Tolerance, c.perhapsRounding(closest))
	}
	report.Rounded += len(closest.rows)
	return report, nil
}

// rounding is values that were computed of some input, and those wanted.
type rounding struct {
	flow             *flow.Flow
	scorer           *flow.Scorer
	got, want, input []float64
	inverse          bool // the values are samples of noise, not log-densities of rows
}

// rounded tells whether float32's rounding explains all rows that are beyond
// the tolerance.
func (c *Check) rounded(v *rounding, d difference) (bool, error) {
	if len(d.rows) == 0 {
		return true, nil
	}
	if len(d.rows) > 1+c.Rows/rowsOfOneRounded {
		return false, nil
	}
	e := newExact(v.flow)
	width, in := len(v.want)/c.Rows, v.flow.Dim()
	contexts := v.flow.ContextFeatures()
	for _, row := range d.rows {
		input := v.input[row*in:][:in]
		if v.inverse && near(e.noise(c, row), input) {
			continue
		}
		near := neighbourhood(input)
		context := slices.Repeat(c.Context[row*contexts:][:contexts], neighbours)
		made := make([]float64, neighbours*width)
		var err error
		if v.inverse {
			err = v.scorer.Inverse(made, nil, near, context)
		} else {
			err = v.scorer.LogProb(made, near, context)
		}
		if err != nil {
			return false, err
		}
		exactly := func(input []float64) []float64 {
			if v.inverse {
				return e.sample(c, input, row)
			}
			return e.logProb(c, input, row)
		}
		size := 0.0
		for k := range neighbours {
			for i, x := range exactly(near[k*in:][:in]) {
				size = max(size, math.Abs(x-made[k*width+i]))
			}
		}
		for i, x := range exactly(input) {
			g, w := v.got[row*width+i], v.want[row*width+i]
			size := max(size, math.Abs(x-g))
			if apart := min(math.Abs(x-w), math.Abs(g-w)); !(apart <= float64(Tolerance*max(1, math.Abs(w)))+float64(maxRoundings*size)) {
				return false, nil
			}
		}
	}
	return true, nil
}

// neighbourhood returns rows that differ from the given one by some roundings of
// float32 in each value.
func neighbourhood(row []float64) []float64 {
	var out []float64
	for k := range neighbours {
		for i, v := range row {
			step := float64((k+i)%neighbours - neighbours/2)
			out = append(out, v+float64(float64(v*step)*0x1p-23))
		}
	}
	return out
}

// slightly is how far apart, relative to max(1, |value|), values may be that
// differ by rounding perhaps.
const slightly = 1e-2

// perhapsRounding tells that few rows differ, and by little.
func (c *Check) perhapsRounding(d difference) string {
	if len(d.rows) > 1+c.Rows/rowsOfOneRounded || !(d.relative < slightly) {
		return ""
	}
	return "Few rows differ, and by little: this may be float32's rounding in the library. Compute the check in float64 (model.double(), and x, context and z as float64), and import again. "
}

// causes returns what makes a flow have another density than the model.
func (c *Check) causes() string {
	var own string
	switch c.library {
	case nflows:
		own = "the config's activation, scale_map, tail_bound or min_…"
	case rosinality, y0ast:
		own = "x that is not what the network sees (y0ast adds noise to it in forward; see docs/import.md)"
	case zuko:
		own = "the config's activation, slope, tail_bound or version; a circular flow (NCSF), whose tensors are those of an NSF"
	case tarflow:
		return "the config's patch or head_width; an x that is not [n, height·width·channels], x.permute(0, 2, 3, 1).flatten(1); a log_prob that is a mean over pixels instead of a sum; " +
			"attention in half precision (autocast); weights of another training step than the check"
	default:
		own = "the config's activation, negative_slope, scale_map, split_mode or tail_bound"
	}
	return own + "; the order of x's columns; a model that was not in evaluation mode (model.eval()), so that dropout or batch statistics were in use; " +
		"weights of another training step than the check; a layer without tensors that the config leaves out (a permutation, Logit, Sigmoid, Softclip); " +
		"a base that is not normal and has no tensors (Uniform)"
}

// behindBase returns the noise that the flow's transforms take where z is what
// the library's transforms take, or z is what the base takes and the flow's
// transforms take what it scales and shifts: nil where they are the same.
func (c *Check) behindBase(f *flow.Flow) ([]float64, error) {
	if scaled := throughBase(f, c.Z); scaled != nil {
		return scaled, nil
	}
	last, err := conditionalBase(f)
	if last == nil || err != nil {
		return nil, err
	}
	scorer, err := last.NewScorer(flow.ScorerOptions{})
	if err != nil {
		return nil, err
	}
	// Its features are data columns.
	columns, d := f.Model().NoiseColumns(), f.Dim()
	byColumn, noise := make([]float64, len(c.Z)), make([]float64, len(c.Z))
	for i, v := range c.Z {
		byColumn[i/d*d+columns[i%d]] = v
	}
	if err := scorer.Forward(byColumn, nil, byColumn, c.Context); err != nil {
		return nil, err
	}
	for i := range noise {
		noise[i] = byColumn[i/d*d+columns[i%d]]
	}
	return noise, nil
}

// conditionalBase returns the flow of the last transform alone, if that maps
// each feature by what a network computes of the context alone: a base of the
// library that depends on the context. It is nil otherwise.
func conditionalBase(f *flow.Flow) (*flow.Flow, error) {
	config := f.Config()
	n := len(config.Transforms) - 1
	if n < 0 || len(config.Context) == 0 || config.Grid != nil {
		return nil, nil
	}
	spec := config.Transforms[n]
	if inverted, ok := spec.(*transform.InvertSpec); ok {
		spec = inverted.Transform
	}
	coupling, ok := spec.(*transform.CouplingSpec)
	if !ok || slices.Contains(coupling.Mask, false) {
		return nil, nil
	}
	last, err := flow.New(flow.Config{Features: config.Features, Context: config.Context, StandardizeContext: config.StandardizeContext,
		Embedding: config.Embedding, Transforms: config.Transforms[n:], Base: &base.StandardNormalSpec{}}, 0)
	if err != nil {
		return nil, err
	}
	all := f.Model().Parameters().All()
	for _, p := range last.Model().Parameters().All() {
		name := p.Name
		if own, ok := strings.CutPrefix(name, "transforms.0."); ok {
			name = fmt.Sprintf("transforms.%d.%s", n, own)
		}
		at := slices.IndexFunc(all, func(q *autograd.Parameter) bool { return q.Name == name })
		copy(p.Values(), all[at].Values())
	}
	return last, nil
}

// bare returns a flow of pixels without its first stage: as the library takes
// images, numbers that are dequantized and scaled. Other flows are what they are.
func bare(f *flow.Flow) (*flow.Flow, error) {
	config := f.Config()
	if config.Pixels == nil {
		return f, nil
	}
	config.Pixels, config.Standardize = nil, flow.Standardization{}
	inner, err := flow.New(config, 0)
	if err != nil {
		return nil, err
	}
	copy(inner.Model().Parameters().Values(), f.Model().Parameters().Values())
	return inner, nil
}

// throughBase returns the noise as a learned normal base scales and shifts it,
// or nil for another base.
func throughBase(f *flow.Flow, z []float64) []float64 {
	normal, ok := f.Config().Base.(*base.DiagonalNormalSpec)
	if !ok {
		return nil
	}
	var constants []float32 // [u | mean], over data columns
	for _, p := range f.Model().Parameters().All() {
		if p.Name == baseConstants {
			constants = p.Values()
		}
	}
	columns, bound := f.Model().NoiseColumns(), normal.Bound
	d := len(columns)
	scaled := make([]float64, len(z))
	for i, v := range z {
		c := columns[i%d]
		own := constants[i/d*2*d%len(constants):] // of the site
		s := float64(bound * kernels.Tanh64(float64(own[c])/bound))
		scaled[i] = float64(v*kernels.Exp64(s)) + float64(own[d+c])
	}
	return scaled
}

// near tells whether all values are within the tolerance of those wanted.
func near(values, want []float64) bool {
	for i, v := range values {
		if !(math.Abs(v-want[i]) <= Tolerance*max(1, math.Abs(want[i]))) {
			return false
		}
	}
	return true
}

// difference is where two lists differ most.
type difference struct {
	at       int
	relative float64
	rows     []int // beyond the tolerance
}

// furthest compares the lists, of rows of so many values. A value that is not a
// number is infinitely far.
func furthest(got, want []float64, width int) difference {
	d := difference{relative: -1}
	for i, w := range want {
		relative := math.Abs(got[i]-w) / max(1, math.Abs(w))
		if math.IsNaN(relative) {
			relative = math.Inf(1)
		}
		if relative > d.relative {
			d.at, d.relative = i, relative
		}
		if row := i / width; relative > Tolerance && (len(d.rows) == 0 || d.rows[len(d.rows)-1] != row) {
			d.rows = append(d.rows, row)
		}
	}
	return d
}
