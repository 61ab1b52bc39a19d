package train

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/internal/random"
)

// quickly are options that distill an affine flow in a moment.
func quickly() DistillOptions {
	o := DistillDefaults()
	o.Epochs, o.Likelihood, o.Steps, o.Batch, o.LearningRate, o.Validation, o.Measured, o.BLAS = 10, 10, 30, 64, 2e-2, 512, 20000, blas.Builtin()
	return o
}

// shear is the teacher of the tests: z = (a + 1.5·b, b) is standard normal, of
// standardized a and b, so that they have the variances 1 + 1.5² and 1 and the
// covariance −1.5.
func shear(t *testing.T) *flow.Flow {
	f := density(t, &base.StandardNormalSpec{}, 0, &transform.LUSpec{Bound: 4})
	for _, p := range f.Model().Parameters().All() {
		if strings.HasSuffix(p.Name, "upper") {
			p.Values()[0] = 1.5
		}
	}
	return f
}

// TestMeasure compares normals whose divergences are known: with the precision Λ
// of the teacher, ½(tr Λ − log|Λ| − 2), and the same of its inverse.
func TestMeasure(t *testing.T) {
	d, err := Measure(density(t, &base.StandardNormalSpec{}, 0), shear(t), 20000, 1, nil, Options{BLAS: blas.Builtin()})
	if err != nil {
		t.Fatal(err)
	}
	const want = 1.5 * 1.5 / 2
	if math.Abs(d.StudentKL-want) > 5*d.StudentKLError || math.Abs(d.TeacherKL-want) > 5*d.TeacherKLError {
		t.Errorf("the divergences are %+v, want %v", d, want)
	}
	// Of the teacher's draws: minus its entropy, and less.
	entropy := math.Log(2*math.Pi) + 1 + math.Log(0.7*1.5)
	if math.Abs(d.TeacherLogProb+entropy) > 0.05 || math.Abs(d.TeacherLogProb-d.StudentLogProb-d.TeacherKL) > 1e-9 {
		t.Errorf("the log-densities are %+v, want -%v and %v less", d, entropy, want)
	}
}

// TestDistillNormals teaches a correlated normal to one without correlations,
// whose least divergence either way is ½ log(1 + 1.5²), and to one with, which has
// none; by one objective alone or after the other.
func TestDistillNormals(t *testing.T) {
	least := math.Log(1+1.5*1.5) / 2
	// Of variances v = (v₁, v₂) the one divergence is ½Σ(v·Λ_ii − log v) − ½log|Λ| − 1 with
	// Λ = (1, 1 + 1.5²), the other ½Σ(Σ_ii/v + log v) + ½log|Λ| − 1 with Σ = (1 + 1.5², 1), and |Λ| is 1.
	mixture := 0.0
	for _, c := range [][2]float64{{1, 1 + 1.5*1.5}, {1 + 1.5*1.5, 1}} {
		of := func(v float64) float64 { return (0.7*(v*c[0]-math.Log(v)) + 0.3*(c[1]/v+math.Log(v)) - 1) / 2 }
		best := math.Inf(1)
		for v := 0.1; v < 4; v += 1e-3 {
			best = min(best, of(v))
		}
		mixture += best
	}
	for _, c := range []struct {
		name       string
		spec       transform.Spec
		likelihood int
		epochs     int
		coverage   float64
		of         func(Divergence) float64
		want       float64
	}{
		{"diagonal, by its own draws", &transform.ElementwiseSpec{Univariate: &autograd.Affine{Bound: 4}}, 0, 10, 0, func(d Divergence) float64 { return d.StudentKL }, least},
		{"diagonal, by the teacher's draws", &transform.ElementwiseSpec{Univariate: &autograd.Affine{Bound: 4}}, 20, 0, 0, func(d Divergence) float64 { return d.TeacherKL }, least},
		{"diagonal, by both", &transform.ElementwiseSpec{Univariate: &autograd.Affine{Bound: 4}}, 0, 10, 0.3, func(d Divergence) float64 { return 0.7*d.StudentKL + 0.3*d.TeacherKL }, mixture},
		{"full", &transform.LUSpec{Bound: 4}, 5, 10, 0.5, func(d Divergence) float64 { return max(d.StudentKL, d.TeacherKL) }, 0},
	} {
		student, o := density(t, &base.StandardNormalSpec{}, 0, c.spec), quickly()
		o.Likelihood, o.Epochs, o.Coverage = c.likelihood, max(1, c.epochs), c.coverage
		if c.epochs == 0 {
			o.Steps, o.LearningRate = 20, 2e-2
			d, err := forwardAlone(student, shear(t), o)
			if err != nil || math.Abs(c.of(d)-c.want) > 0.02 {
				t.Errorf("%s: %+v, %v, want %v", c.name, d, err, c.want)
			}
			continue
		}
		d, err := Distill(context.Background(), student, shear(t), o)
		if err != nil || math.Abs(c.of(d.Divergence)-c.want) > 0.02 {
			t.Errorf("%s: %+v, %v, want %v", c.name, d.Divergence, err, c.want)
		}
	}
}

// TestMixedIsForTheSame refuses objectives that differ, and shares that are none.
func TestMixedIsForTheSame(t *testing.T) {
	teacher, student := shear(t), density(t, &base.StandardNormalSpec{}, 0)
	var of [2]Objective
	for i, events := range []int{8, 9} {
		var err error
		if of[i], err = ForwardKL(student, teacher, KL{Events: events}, blas.Builtin()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Mixed(of[0], of[1], 0.5); err == nil || !strings.Contains(err.Error(), "8 events") {
		t.Errorf("objectives of other events: %v", err)
	}
	for _, share := range []float64{-0.1, 1.1, math.NaN()} {
		if _, err := Mixed(of[0], of[0], share); err == nil {
			t.Errorf("a share of %v is taken", share)
		}
	}
	same, err := ForwardKL(student, teacher, KL{Events: 8}, blas.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	for share, want := range []Objective{of[0], same} {
		if got, err := Mixed(of[0], same, float64(share)); err != nil || got != want {
			t.Errorf("a share of %d is not one of the two alone (%v)", share, err)
		}
	}
}

// forwardAlone trains by ForwardKL alone.
func forwardAlone(student, teacher *flow.Flow, o DistillOptions) (Divergence, error) {
	objective, err := ForwardKL(student, teacher, KL{Events: o.Steps * o.Batch}, blas.Builtin())
	if err != nil {
		return Divergence{}, err
	}
	o.Epochs = o.Likelihood
	if _, err := Minimize(context.Background(), student.Model(), objective, objective, o.Options); err != nil {
		return Divergence{}, err
	}
	return Measure(student, teacher, o.Measured, 1, nil, o.Options)
}

// TestDistillFlows teaches a MAF with a support and contexts to an IAF, with the
// same values whatever the workers.
func TestDistillFlows(t *testing.T) {
	columns, contexts := []string{"a", "b", "c"}, []string{"k"}
	c, err := flow.MAF(columns, contexts, flow.Options{Layers: 1, Hidden: []int{12}})
	if err == nil {
		c.StandardizeContext = flow.Standardization{Mean: []float64{3}, Std: []float64{2}}
		err = c.SetSupport(flow.Interval{Column: "b", Lower: 1, Upper: math.Inf(1)})
	}
	if err != nil {
		t.Fatal(err)
	}
	teacher, err := flow.New(c, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range teacher.Model().Parameters().All() {
		if !p.Frozen {
			random.Uniform(p.Values(), 3, random.Initialization, uint64(p.Offset()), 0.4)
		}
	}
	var first []float32
	for _, workers := range []int{1, 3} {
		s, err := flow.IAF(columns, contexts, flow.Options{Layers: 2, Hidden: []int{16}})
		if err == nil {
			err = s.Follow(&c)
		}
		if err != nil {
			t.Fatal(err)
		}
		student, err := flow.New(s, 1)
		if err != nil {
			t.Fatal(err)
		}
		o := quickly()
		o.Workers, o.Context, o.LearningRate, o.Measured = workers, []float64{1, 2, 4, 5}, 1e-2, 4000
		before, err := Measure(student, teacher, o.Measured, 1, o.Context, o.Options)
		if err != nil {
			t.Fatal(err)
		}
		d, err := Distill(context.Background(), student, teacher, o)
		if err != nil {
			t.Fatal(err)
		}
		if d.StudentKL > 0.05 || d.TeacherKL > 0.05 || before.StudentKL < 0.15 {
			t.Errorf("the divergences were %+v and are %+v, want about 0", before, d.Divergence)
		}
		if values := slices.Clone(student.Model().Parameters().Values()); first == nil {
			first = values
		} else if !slices.Equal(first, values) {
			t.Error("the number of workers changes the values")
		}
	}
}

// TestDistillTroubles names what is wrong.
func TestDistillTroubles(t *testing.T) {
	teacher, plain := shear(t), density(t, &base.StandardNormalSpec{}, 0, &transform.LUSpec{Bound: 4})
	c := plain.Config()
	c.Standardize = flow.Standardization{}
	unlike, err := flow.New(c, 1)
	if err != nil {
		t.Fatal(err)
	}
	c.Features = []string{"a", "z"}
	other, err := flow.New(c, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []struct {
		student *flow.Flow
		change  func(*DistillOptions)
		want    string
	}{
		{unlike, func(*DistillOptions) {}, "Follow"},
		{other, func(*DistillOptions) {}, "columns"},
		{plain, func(o *DistillOptions) { o.Noise = 1 }, "noise"},
		{plain, func(o *DistillOptions) { o.Steps = 0 }, "steps"},
		{plain, func(o *DistillOptions) { o.Likelihood = -1 }, "likelihood"},
		{plain, func(o *DistillOptions) { o.Coverage = math.NaN() }, "coverage of NaN"},
		{plain, func(o *DistillOptions) { o.Measured = 1 }, "measure"},
		{plain, func(o *DistillOptions) { o.Context = []float64{1} }, "none"},
	} {
		o := quickly()
		k.change(&o)
		if _, err := Distill(context.Background(), k.student, teacher, o); err == nil || !strings.Contains(err.Error(), k.want) {
			t.Errorf("error %v, want one with %q", err, k.want)
		}
	}
	if err := c.Follow(&flow.Config{Features: []string{"q"}}); err == nil {
		t.Error("a flow follows one of other columns")
	}
}
