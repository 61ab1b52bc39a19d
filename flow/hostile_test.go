package flow_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/kernels"
)

// TestHostileMatrices describes matrices of gigabytes by few values: a
// reflection for each of many rotations, and units that see no others. They are
// refused when the flow is built, and modest ones are not.
func TestHostileMatrices(t *testing.T) {
	affine := &autograd.Affine{Bound: 1}
	units := func(width int) transform.Spec {
		return &transform.AutoregressiveSpec{Order: []int{0, 1}, Univariate: affine, Conditioner: nn.MADESpec{Units: [][]int{{0, width}, {width, 0}}}}
	}
	for _, c := range []struct {
		name     string
		features int
		layers   int
		spec     transform.Spec
		refused  bool
	}{
		{"rotations", 2048, 100, &transform.HouseholderSpec{Reflections: 1}, true},
		{"a rotation", 256, 20, &transform.HouseholderSpec{Reflections: 1}, false},
		{"LU layers", 256, 20, &transform.LUSpec{Bound: 1}, false},
		{"separate units", 2, 1, units(30000), true},
		{"few separate units", 2, 1, units(300), false},
	} {
		config := flow.Config{Features: names("x", c.features), Base: &base.StandardNormalSpec{}}
		for range c.layers {
			config.Transforms = append(config.Transforms, c.spec)
		}
		_, err := flow.New(config, 1)
		if refused := err != nil && strings.Contains(err.Error(), "memory"); refused != c.refused {
			t.Errorf("%s: the error is %v", c.name, err)
		}
	}
}

// TestReadRefusesValuesThatAreNotFinite damages one value of each tensor.
func TestReadRefusesValuesThatAreNotFinite(t *testing.T) {
	f := randomFlow(t, "nsf-ar", 3, 1, flow.Options{Layers: 2, Hidden: []int{3}, Base: base.Mixture, BatchNorm: true})
	for _, p := range f.Model().Parameters().All() {
		if p.Size() == 0 {
			continue
		}
		at := &p.Values()[p.Size()-1]
		whole := *at
		for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			*at = float32(bad)
			var file bytes.Buffer
			must(t, f.Write(&file))
			if _, err := flow.Read(&file, int64(file.Len())); err == nil || !strings.Contains(err.Error(), p.Name) {
				t.Errorf("%s with the value %v: the error is %v", p.Name, bad, err)
			}
		}
		*at = whole
	}
}

// TestReadRefusesConstants edits the constants of a model's description, each
// to one that float32 cannot hold, and to extreme ones that it can.
func TestReadRefusesConstants(t *testing.T) {
	zero, one := 0.5, 0.75
	mask := []bool{true, false}
	univariate := func(u autograd.Univariate) transform.Spec {
		return &transform.ElementwiseSpec{Univariate: u}
	}
	clipped := kernels.Spline{Bins: 4, Bound: 2.75, Softclip: 6.5}
	smallest := kernels.Spline{Bins: 4, Bound: 2.25, MinWidth: 0.125, MinHeight: 0.0625, MinSlope: 0.03125, SlopeBeta: 1.25}
	config := func(noise base.Spec) flow.Config {
		return flow.Config{
			Features: names("x", 2), Context: names("c", 1),
			Standardize:        flow.Standardization{Mean: []float64{1.5, 2.5}, Std: []float64{3.5, 4.5}},
			StandardizeContext: flow.Standardization{Mean: []float64{5.5}, Std: []float64{6.25}},
			Transforms: []transform.Spec{
				&transform.SupportSpec{Columns: []transform.SupportColumn{{Feature: 0, Map: "logit", Lower: &zero, Upper: &one, Margin: 0.015625}}},
				&transform.BatchNormSpec{Epsilon: 0.375, Momentum: 0.875},
				&transform.ActNormSpec{Bound: 7.5}, &transform.LUSpec{Bound: 8.5},
				univariate(&autograd.Spline{Rule: clipped}), univariate(&autograd.Spline{Rule: smallest}),
				univariate(&autograd.Affine{Scale: autograd.Softplus, Epsilon: 0.1875}), univariate(&autograd.Affine{Bound: 9.5}),
				&transform.CouplingSpec{Mask: mask, Univariate: &autograd.Additive{},
					Conditioner: &nn.MLPSpec{Hidden: []int{2}, Activation: autograd.Activation{Name: autograd.LeakyReLUActivation, Slope: 0.4375}}},
			},
			Base: noise,
		}
	}
	type constant struct {
		name, value string // the last word of what is named, and its text in the file
		refused     []string
		held        []string
	}
	common := []constant{
		{"mean", "1.5", []string{"1e308", "-1e308"}, []string{"1e47", "1e-300"}},
		{"mean", "5.5", []string{"1e308"}, []string{"-1e47"}},
		{"std", "3.5", []string{"1e-45", "1e-300", "1e308", "0", "-1"}, []string{"9.1e-31", "1e46"}},
		{"std", "6.25", []string{"1e-45", "1e-300"}, []string{"9.1e-31", "1e46"}},
		{"end", "0.5", []string{"1e-45", "-1e308"}, nil},
		{"margin", "0.015625", []string{"1e-45", "1e-300", "0.5"}, []string{"1e-30"}},
		{"epsilon", "0.375", []string{"1e-45", "1e-300", "0"}, []string{"1e-12"}},
		{"momentum", "0.875", []string{"1e-45", "1e-300"}, []string{"1e-3"}},
		{"bound", "7.5", []string{"1e-45", "1e-300", "1e308"}, []string{"1e-6"}},
		{"bound", "8.5", []string{"1e-45", "1e-300", "1e308"}, []string{"1e-6"}},
		{"softclip", "6.5", []string{"1e-45", "1e-300", "1e39"}, []string{"1e-6"}},
		{"min_width", "0.125", []string{"1e-45", "1e-300"}, []string{"1e-20"}},
		{"min_height", "0.0625", []string{"1e-45", "1e-300"}, []string{"1e-20"}},
		{"min_slope", "0.03125", []string{"1e-45", "1e-300"}, []string{"1e-20"}},
		{"slope_beta", "1.25", []string{"1e-45", "1e-300"}, []string{"1e-20"}},
		{"epsilon", "0.1875", []string{"1e-45", "1e-300"}, []string{"1e-12", "0"}},
		{"bound", "9.5", []string{"1e-45", "1e-300", "1e308"}, []string{"1e-6"}},
		{"slope", "0.4375", []string{"1e-45", "1e-300"}, []string{"1e-20"}},
	}
	for noise, constants := range map[base.Spec][]constant{
		&base.StandardNormalSpec{}:                    common,
		&base.UniformSpec{Bound: 10.5}:                {{"bound", "10.5", []string{"1e-45", "1e-300", "1e308"}, []string{"1e-6"}}},
		&base.DiagonalNormalSpec{Bound: 10.5}:         {{"bound", "10.5", []string{"1e-45", "1e-300"}, []string{"1e-6"}}},
		&base.FullNormalSpec{Bound: 10.5}:             {{"bound", "10.5", []string{"1e-45", "1e-300"}, []string{"1e-6"}}},
		&base.MixtureSpec{Bound: 10.5, Components: 2}: {{"bound", "10.5", []string{"1e-45", "1e-300"}, []string{"1e-6"}}},
		&base.StudentTSpec{DegreesOfFreedom: 10.5}:    {{"degrees of freedom", "10.5", []string{"1e-45", "1e-300", "1e308"}, []string{"0.01"}}},
	} {
		f, err := flow.New(config(noise), 1)
		must(t, err)
		var file bytes.Buffer
		must(t, f.Write(&file))
		for _, c := range constants {
			read := func(value string) (*flow.Flow, error) {
				text := edited(t, file.Bytes(), c.value, value)
				return flow.Read(bytes.NewReader(text), int64(len(text)))
			}
			for _, value := range c.refused {
				if _, err := read(value); err == nil || !strings.Contains(err.Error(), strings.ReplaceAll(c.name, "_", " ")) && !strings.Contains(err.Error(), c.name) {
					t.Errorf("%s %s of base %T: the error is %v", c.name, value, noise, err)
				}
			}
			for _, value := range c.held {
				m, err := read(value)
				if err != nil {
					t.Errorf("%s %s of base %T: %v", c.name, value, noise, err)
					continue
				}
				logProb := make([]float64, 1)
				err = m.LogProb(logProb, []float64{3.7, 2.5}, []float64{5.5})
				if far := new(flow.RangeError); !errors.As(err, &far) && (err != nil || math.IsNaN(logProb[0])) {
					t.Errorf("%s %s of base %T: the log-density is NaN, the error %v", c.name, value, noise, err)
				}
			}
		}
	}
}

// edited returns a model file with a number of its description replaced.
func edited(t *testing.T, file []byte, from, to string) []byte {
	t.Helper()
	end := 8 + int(binary.LittleEndian.Uint64(file))
	number := regexp.MustCompile(`([:\[,])` + regexp.QuoteMeta(from) + `([,\]}])`)
	header := string(file[8:end])
	if n := len(number.FindAllString(header, -1)); n != 1 {
		t.Fatalf("the number %s stands %d times in %s", from, n, header)
	}
	header = number.ReplaceAllString(header, "${1}"+to+"${2}")
	out := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(out, header...), file[end:]...)
}

// TestReadHoldsDescriptions reads files whose descriptions say something twice,
// say what is absent elsewhere, or are too many.
func TestReadHoldsDescriptions(t *testing.T) {
	permutations := func(n int) string {
		return strings.Repeat(`{"type":"permutation","order":[0]},`, n-1) + `{"type":"permutation","order":[0]}`
	}
	spline := `{"type":"elementwise","univariate":{"type":"spline","bins":2,"bound":3,"softclip":6,"circular":false,"min_width":0}}`
	for _, c := range []struct{ head, transforms, want string }{
		{`"features":["a"]`, permutations(4095), ""},
		{`"features":["a"]`, permutations(4096), "4096"},
		{`"features":["a"]`, permutations(40000), "4096"},
		{`"features":["b"],"features":["a"]`, permutations(1), `"features" comes twice`},
		{`"features":["a"]`, `{"type":"permutation","type":"permutation","order":[0]}`, `"type" comes twice`},
		{`"Features":["a"]`, permutations(1), `"Features" is not known`},
		{`"features":["a"]`, `{"type":"permutation","Order":[0]}`, `"Order" is not known`},
		{`"features":["a"]`, `{"type":"permutation","order":[0],"bins":3}`, `"bins"`},
		{`"features":["a"],"grid":[]`, `{"order":[0],"type":"permutation"}`, ""},
		{`"features":["a"]`, `{"type":"lu","bound":1,"reflections":0}`, `"reflections"`},
	} {
		text := "{" + c.head + `,"standardize":{},"standardize_context":{},"transforms":[` + c.transforms + `],"base":{"type":"standard-normal"}}`
		file := described(text)
		_, err := flow.Read(bytes.NewReader(file), int64(len(file)))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s, %.80s: the error is %v, want %q", c.head, c.transforms, err, c.want)
		}
	}
	file := described(`{"features":["a"],"standardize":{},"standardize_context":{},"transforms":[` + spline + `],"base":{"type":"standard-normal"}}`)
	if _, err := flow.Read(bytes.NewReader(file), int64(len(file))); err == nil || !strings.Contains(err.Error(), "parameter") {
		t.Errorf("a spline that says what it does not have: the error is %v, want that of its missing values alone", err)
	}
}

// TestReadHoldsDenseSigmoids reads files of sigmoids whose constants are none, or too
// many, and one of the first version of the format, which had no such map.
func TestReadHoldsDenseSigmoids(t *testing.T) {
	for _, c := range []struct{ version, constants, want string }{
		{"1", `"hidden":2,"layers":2,"bound":5,"tolerance":1e-12`, "version 2"},
		{"2", `"hidden":2,"layers":2,"bound":5,"bins":3,"tolerance":1e-12`, `"bins"`},
		{"2", `"hidden":4096,"layers":2,"bound":5,"tolerance":1e-12`, "33583104 parameters, at most 1048576"},
		{"2", `"hidden":2,"layers":1000000000,"bound":5,"tolerance":1e-12`, "layers of sigmoids, want 1 to 8"},
		{"2", `"hidden":2,"layers":2,"bound":1e308,"tolerance":1e-12`, "bound"},
		{"2", `"hidden":2,"layers":2,"bound":5,"tolerance":1e-300`, "tolerance"},
		{"2", `"hidden":2,"layers":2,"bound":5,"spread":1e308,"tolerance":1e-12`, "spread"},
	} {
		file := described(`{"features":["a"],"standardize":{},"standardize_context":{},"transforms":[{"type":"elementwise","univariate":{"type":"dense-sigmoidal",` +
			c.constants + `}}],"base":{"type":"standard-normal"}}`)
		file = bytes.Replace(file, []byte(`"nf.version":"1"`), []byte(`"nf.version":"`+c.version+`"`), 1)
		if _, err := flow.Read(bytes.NewReader(file), int64(len(file))); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("version %s, %s: the error is %v, want %q", c.version, c.constants, err, c.want)
		}
	}
}

// described returns a model file without tensors.
func described(text string) []byte {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	header := `{"__metadata__":{"nf.version":"1","nf.flow":` + string(quoted) + `}}`
	return append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...)
}
