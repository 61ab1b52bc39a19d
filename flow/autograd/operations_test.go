package autograd_test

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/internal/random"
)

// Every operation is tried on six rows: three events of two sites.
const (
	testRows   = 6
	testEvents = 3
)

// An operation is one row of the table: something to differentiate, made of
// inputs and parameters by the methods of a pass that it names.
type operation struct {
	name    string
	methods []string
	// inputs has the columns of each input, of testRows rows.
	inputs []int
	// events tells that the inputs have a row an event.
	events bool
	// build creates the parameters and returns the operation. What it computes
	// may be the zero Value, where all goes to the pass's log-det.
	build func(s autograd.Scope) func(p *autograd.Pass, in []autograd.Value) autograd.Value
	// bound32 is how far values and gradients in float32 may be from those in
	// float64, relative to 1 + |value|.
	bound32 float64
}

// plumbing has the methods of a pass and its graph that compute no values of
// their own. A method that is not here, not among elsewhere and not in the table
// fails TestEveryOperationIsTried.
var plumbing = []string{
	"Backward", "BatchRows", "Bytes", "Drift", "Evaluated", "Evaluations", "Float64", "Floats", "Forced", "ForcedSteps", "Gradients", "Gradients64", "Give", "Input", "Join", "KeptBytes", "Learns", "Leave", "Mark", "Meets", "NewUnits", "Next", "Parts",
	"Pass", "Record", "Recording", "Release", "Reset", "Residual", "Return", "SeedGradient", "SetGradients", "Still", "Sums", "Wrap",
}

// elsewhere has methods with a test of their own, since they have no
// derivative, or another one than their values: TestSampleRows, TestGather,
// TestGatherOnce, TestOnce and TestDetached.
var elsewhere = []string{"SampleRows", "Gather", "GatherOnce", "Once", "Detached"}

func TestEveryOperationIsTried(t *testing.T) {
	tried := slices.Concat(plumbing, elsewhere)
	for _, o := range operations() {
		tried = append(tried, o.methods...)
	}
	pass := reflect.TypeFor[*autograd.Pass]()
	for i := range pass.NumMethod() {
		if name := pass.Method(i).Name; !slices.Contains(tried, name) {
			t.Errorf("no row of operations() tries %s", name)
		}
	}
	for _, name := range tried {
		if _, ok := pass.MethodByName(name); !ok {
			t.Errorf("the tests name %s, which neither Pass nor Graph has", name)
		}
	}
}

// subject is an operation on one binding, and the graph that computes it again
// and again, as a worker's does.
type subject struct {
	operation
	parameters *autograd.Parameters
	run        func(p *autograd.Pass, in []autograd.Value) autograd.Value
	binding    *autograd.Binding
	graph      *autograd.Graph
}

func newSubject(t *testing.T, o operation, double bool) *subject {
	t.Helper()
	s := &subject{operation: o, parameters: autograd.NewParameters(0)}
	s.run = o.build(s.parameters.Root())
	for _, p := range s.parameters.All() {
		random.Uniform(p.Values(), 11, random.Initialization, uint64(p.Offset()), 0.6)
		if p.NonNegative {
			for i, v := range p.Values() {
				p.Values()[i] = 0.5 + max(v, -v)
			}
		}
	}
	if double {
		s.binding = autograd.Bind64(s.parameters)
		s.graph = s.binding.NewGraph()
		return s
	}
	backend, err := blas.Default()
	if err != nil {
		t.Fatal(err)
	}
	s.binding = autograd.Bind32(s.parameters, backend)
	s.graph = s.binding.NewGraph()
	return s
}

// way is how an operation is computed.
type way struct {
	mode autograd.Mode
	// views makes every input some columns of a wider Value.
	views bool
	// times is how often the operation is computed of the same inputs; the
	// results are added up.
	times int
	// constant is the number, from 1, of an input that wants no gradient.
	constant int
}

// outcome is what an operation computes, and the gradients of
// Σ seed·value over its values and its log-dets.
type outcome struct {
	values, logDets    []float64
	inputs, parameters []float64
}

// loss is what the gradients are of.
func (o outcome) loss() (sum float64) {
	for i, v := range o.values {
		sum += seed(i) * v
	}
	for i, v := range o.logDets {
		sum += seed(1000+i) * v
	}
	return sum
}

// seed is the derivative of the loss by value i, exact in float32.
func seed(i int) float64 { return float64((i*7+3)%11)/8 - 0.5625 }

// compute runs the operation on inputs, one matrix after the other.
func (s *subject) compute(inputs []float64, w way) (o outcome) {
	g := s.graph
	g.Reset(w.mode)
	p := g.Pass(testEvents)
	var in, whole []autograd.Value
	at := 0
	for i, columns := range s.inputs {
		rows, margin := testRows, 0
		if s.events {
			rows = testEvents
		}
		if w.views {
			margin = 1 + i
		}
		v := g.Input(rows, columns+2*margin, i+1 != w.constant)
		for r := range rows {
			for c := range v.Cols {
				v.Set(r, c, math.NaN()) // what no view shows reaches nothing
			}
			for c := range columns {
				v.Set(r, margin+c, inputs[at])
				at++
			}
		}
		seen := make([]int, columns)
		for c := range seen {
			seen[c] = margin + c
		}
		whole, in = append(whole, v), append(in, g.Columns(v, seen))
	}
	for range max(1, w.times) {
		y := s.run(p, in)
		if w.times > 1 && !y.IsZero() {
			y = g.Copy(y) // a view of an input is the same each time, with one gradient
		}
		for r := range y.Rows {
			for c := range y.Cols {
				if w.times < 2 {
					o.values = append(o.values, y.At(r, c))
				}
				if w.mode != autograd.Evaluate {
					g.SeedGradient(y, r, c, seed(r*y.Cols+c))
				}
			}
		}
	}
	o.logDets = append(o.logDets, p.LogDet.Values...)
	if w.mode == autograd.Evaluate {
		return o
	}
	for e := range p.LogDet.Gradient {
		p.LogDet.Gradient[e] = seed(1000 + e)
	}
	g.Backward()
	for i, v := range in {
		for r := range v.Rows {
			for c := range v.Cols {
				o.inputs = append(o.inputs, v.Gradient(r, c))
			}
			for c := range whole[i].Cols {
				if margin := (whole[i].Cols - v.Cols) / 2; (c < margin || c >= margin+v.Cols) && whole[i].Gradient(r, c) != 0 {
					o.inputs = append(o.inputs, math.NaN()) // a gradient beside the view
				}
			}
		}
	}
	if w.mode == autograd.Differentiate {
		if g.Float64() {
			o.parameters = append(o.parameters, g.Gradients64()...)
		} else {
			for _, v := range g.Gradients() {
				o.parameters = append(o.parameters, float64(v))
			}
		}
	}
	return o
}

// values returns inputs of the operation, exact in float32.
func (o operation) values() []float64 {
	n := 0
	for _, columns := range o.inputs {
		if o.events {
			n += testEvents * columns
		} else {
			n += testRows * columns
		}
	}
	narrow := make([]float32, n)
	random.Uniform(narrow, 5, random.Noise, uint64(n), 1.5)
	out := make([]float64, n)
	for i, v := range narrow {
		out[i] = float64(v)
	}
	return out
}

// TestOperations holds every operation's gradients, in float64, against
// central differences, and float32 against float64; each also of inputs that
// are views, used twice, or not differentiated.
func TestOperations(t *testing.T) {
	for _, o := range operations() {
		t.Run(o.name, func(t *testing.T) {
			in := o.values()
			wide, narrow := newSubject(t, o, true), newSubject(t, o, false)
			record := way{mode: autograd.Differentiate}
			want := wide.compute(in, record)
			differences(t, wide, in, want)
			got := narrow.compute(in, record)
			near(t, "float32", got, want, o.bound32, o.bound32)

			for _, s := range []*subject{wide, narrow} {
				base, name := want, "float64"
				if s == narrow {
					base, name = got, "float32"
				}
				views := s.compute(in, way{mode: autograd.Differentiate, views: true})
				near(t, name+" of views", views, base, 0, 0)
				inputs := s.compute(in, way{mode: autograd.DifferentiateInputs})
				base.parameters = nil
				near(t, name+", inputs alone", inputs, base, 0, 0)
				for _, view := range []bool{false, true} {
					plain := s.compute(in, way{mode: autograd.Evaluate, views: view})
					near(t, name+" without a tape", plain, outcome{values: base.values, logDets: base.logDets}, 0, 0)
				}
				s.constants(t, name, in, base)
			}
			twice(t, "float64", wide.compute(in, way{mode: autograd.Differentiate, times: 2}), want, 1e-12)
			twice(t, "float32", narrow.compute(in, way{mode: autograd.Differentiate, times: 2}), got, 1e-5)
		})
	}
}

// differences compares the gradients with central differences of the loss.
func differences(t *testing.T, s *subject, in []float64, o outcome) {
	t.Helper()
	const h = 1e-5
	compare := func(what string, at *float64, gradient float64) {
		t.Helper()
		was := *at
		*at = was + h
		up := s.compute(in, way{mode: autograd.Evaluate}).loss()
		*at = was - h
		down := s.compute(in, way{mode: autograd.Evaluate}).loss()
		*at = was
		if want := (up - down) / (2 * h); !(math.Abs(gradient-want) <= 1e-7*(1+math.Abs(want))) {
			t.Errorf("the gradient of %s is %v, by differences %v", what, gradient, want)
		}
	}
	for i := range in {
		compare(fmt.Sprintf("input value %d", i), &in[i], o.inputs[i])
	}
	for _, p := range s.parameters.All() {
		for i := p.Offset(); i < p.Offset()+p.Size(); i++ {
			if p.Frozen {
				if o.parameters[i] != 0 {
					t.Errorf("%s, which is frozen, has the gradient %v", p.Name, o.parameters[i])
				}
				continue
			}
			compare(p.Name, &s.binding.Values64()[i], o.parameters[i])
		}
	}
}

// near compares two outcomes; bounds are relative to 1 + |value|, and 0 asks
// for the same value.
func near(t *testing.T, what string, got, want outcome, values, gradients float64) {
	t.Helper()
	close := func(name string, got, want []float64, bound float64) {
		t.Helper()
		if len(got) != len(want) {
			t.Fatalf("%s: %d %s, want %d", what, len(got), name, len(want))
		}
		for i := range want {
			if !(math.Abs(got[i]-want[i]) <= bound*(1+math.Abs(want[i]))) {
				t.Errorf("%s: %s %d is %v, want %v", what, name, i, got[i], want[i])
				return
			}
		}
	}
	close("values", got.values, want.values, values)
	close("log-dets", got.logDets, want.logDets, values)
	close("gradients of inputs", got.inputs, want.inputs, gradients)
	close("gradients of parameters", got.parameters, want.parameters, gradients)
}

// twice compares what was computed two times and added up with what was
// computed once.
func twice(t *testing.T, what string, got, once outcome, bound float64) {
	t.Helper()
	double := func(values []float64) []float64 {
		out := make([]float64, len(values))
		for i, v := range values {
			out[i] = 2 * v
		}
		return out
	}
	near(t, what+" used twice", got, outcome{logDets: double(once.logDets), inputs: double(once.inputs), parameters: double(once.parameters)}, bound, bound)
}

// constants lets one input after the other want no gradient.
func (s *subject) constants(t *testing.T, name string, in []float64, want outcome) {
	t.Helper()
	at := 0
	for i, columns := range s.inputs {
		n := testRows * columns
		if s.events {
			n = testEvents * columns
		}
		o := s.compute(in, way{mode: autograd.DifferentiateInputs, constant: i + 1})
		// Whether anything is written for such an input is of no matter.
		copy(o.inputs[at:at+n], want.inputs[at:at+n])
		near(t, fmt.Sprintf("%s, input %d constant", name, i), o, want, 0, 0)
		at += n
	}
}

// TestStrangers hands layers to the graph of another model, of the same
// architecture: their places in its binding are those of its own layers.
func TestStrangers(t *testing.T) {
	for _, o := range operations() {
		for _, double := range []bool{false, true} {
			own, other := newSubject(t, o, double), newSubject(t, o, double)
			if own.parameters.Len() == 0 {
				continue
			}
			for _, mode := range []autograd.Mode{autograd.Evaluate, autograd.Differentiate} {
				func() {
					defer func() {
						if recover() == nil {
							t.Errorf("%s, float64 %v: a layer of another model is computed", o.name, double)
						}
					}()
					own.run = other.run
					own.compute(o.values(), way{mode: mode})
				}()
			}
		}
	}
}

// TestSampleRows draws with what a density has prepared.
func TestSampleRows(t *testing.T) {
	for _, double := range []bool{false, true} {
		var density *autograd.Density
		s := newSubject(t, operation{build: func(scope autograd.Scope) func(*autograd.Pass, []autograd.Value) autograd.Value {
			density = scope.NewDensity(bowl{}, scope.New("p", 1, 1))
			return nil
		}}, double)
		s.parameters.Values()[0] = 0
		s.binding.Refresh(1)
		g := s.binding.NewGraph()
		g.Reset(autograd.Evaluate)
		z := g.Input(2, 3, false)
		for i := range 6 {
			z.Set(i/3, i%3, float64(i))
		}
		g.SampleRows(density, z, func(row, prepared []float64, r int) {
			for c := range row {
				row[c] = 10*row[c] + prepared[0] + float64(r)
			}
		})
		for i := range 6 {
			if got, want := z.At(i/3, i%3), float64(10*i+1+i/3); got != want {
				t.Errorf("float64 %v: value %d is %v, want %v", double, i, got, want)
			}
		}
	}
}

// TestMomentsOfAConstantColumn gives sums whose variance is below zero by
// rounding.
func TestMomentsOfAConstantColumn(t *testing.T) {
	g := autograd.Bind64(autograd.NewParameters(0)).NewGraph()
	g.Reset(autograd.Evaluate)
	const mean, epsilon = 1e9, 0.25
	square := math.Nextafter(mean*mean, 0)
	if m := g.NewMoments([]float64{3 * mean, 3 * square}, 3, epsilon); m.Mean[0] != mean || m.InverseStd[0] != 2 {
		t.Errorf("mean %v and 1/std %v, want %v and 2", m.Mean[0], m.InverseStd[0], mean)
	}
}
