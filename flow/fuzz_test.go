package flow_test

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/base"
)

// FuzzRead reads damaged model files: each is refused, or is a model that
// scores, maps and differentiates rows and draws new ones without a NaN, and
// writes itself again.
func FuzzRead(f *testing.F) {
	for _, preset := range flow.Presets() {
		for _, d := range []int{1, 3} {
			contexts := d - 1
			if !networks(preset) {
				contexts = 0
			}
			m := randomFlow(f, preset, d, contexts, flow.Options{Layers: 2, Hidden: []int{3}, Permutation: "reverse", Base: base.DiagonalNormal})
			var file bytes.Buffer
			must(f, m.Write(&file))
			f.Add(file.Bytes())
		}
	}
	whole, damaged := damagedAutoregressive(f)
	f.Add(whole)
	for _, file := range damaged {
		f.Add(file)
	}
	old, err := filepath.Glob(filepath.Join("testdata", "old", "*.safetensors"))
	must(f, err)
	for _, path := range old {
		file, err := os.ReadFile(path)
		must(f, err)
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		m, err := flow.Read(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			return
		}
		if m.Dim() > 1<<12 || m.ContextFeatures() > 1<<12 {
			return // a large grid is legal, and slow to score here
		}
		d := m.Dim()
		for _, cell := range []float64{0, -1e300} {
			x, context := make([]float64, d), make([]float64, m.ContextFeatures())
			x[d-1] = cell
			logProb, z, logDet, gradient := make([]float64, 1), make([]float64, d), make([]float64, 1), make([]float64, d)
			err := errors.Join(m.LogProb(logProb, x, context), m.Forward(z, logDet, x, context), m.LogProbGrad(nil, gradient, nil, x, context))
			if !far(err) || err == nil && (hasNaN(logProb) || hasNaN(z) || hasNaN(logDet) || hasNaN(gradient) || logProb[0] > math.MaxFloat64) {
				t.Fatalf("the row %v has the log-density %v, the noise %v of log-det %v and the gradient %v: %v", x, logProb, z, logDet, gradient, err)
			}
		}
		x, logProb, err := m.SampleWithLogProb(3, 1, make([]float64, 3*m.ContextFeatures()))
		if !far(err) || hasNaN(x) || hasNaN(logProb) {
			t.Fatalf("it draws %v of log-density %v: %v", x, logProb, err)
		}
		if err := m.Write(new(bytes.Buffer)); err != nil {
			t.Fatal(err)
		}
	})
}

// far tells whether an error, if it is one, is that of a context that float32
// cannot hold, as 0 is under a mean that is large beside its deviation.
func far(err error) bool {
	var e *flow.RangeError
	return err == nil || errors.As(err, &e)
}
