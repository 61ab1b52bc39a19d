package flow_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/base"
)

// oldFiles is the SHA-256 of all model and answer files of testdata/old, each
// after its name: they are never made anew.
const oldFiles = "34140ca29b0b13f20ee59828b5f2c4db92c604db91c4893fc1e4631389822899"

// oldModel is a model of testdata/old, whose README says what is in its files.
type oldModel struct {
	name string
	file []byte
	flow *flow.Flow

	n, d, c            int // events, values and context values of each
	x, context, noise  []float64
	logProb            []float64
	z, logDet          []float64
	back, backLogDet   []float64
	samples, sampleLog []float64
	gradX, gradContext []float64
}

func readOldModels(t *testing.T) []*oldModel {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "old", "*.safetensors"))
	must(t, err)
	digest := sha256.New()
	var all []*oldModel
	for _, path := range files {
		name := strings.TrimSuffix(path, ".safetensors")
		m := &oldModel{name: filepath.Base(name)}
		m.file, err = os.ReadFile(path)
		must(t, err)
		answers, err := os.ReadFile(name + ".answers")
		must(t, err)
		fmt.Fprintf(digest, "%s\n%s%s", m.name, m.file, answers)
		m.flow, err = flow.Read(bytes.NewReader(m.file), int64(len(m.file)))
		if err != nil {
			t.Fatalf("%s: %v", m.name, err)
		}
		m.answer(t, answers)
		all = append(all, m)
	}
	if got := hex.EncodeToString(digest.Sum(nil)); got != oldFiles {
		t.Fatalf("the files of testdata/old have the SHA-256 %s, want %s", got, oldFiles)
	}
	return all
}

// answer cuts the file of answers into its arrays.
func (m *oldModel) answer(t *testing.T, file []byte) {
	t.Helper()
	all := make([]float64, len(file)/8)
	must(t, binary.Read(bytes.NewReader(file), binary.LittleEndian, all))
	config := m.flow.Config()
	m.d, m.c = len(config.Features), len(config.Context)
	for _, side := range config.Grid {
		m.d *= side
	}
	per := 6*m.d + 2*m.c + 4
	m.n = len(all) / per
	if m.n == 0 || m.n*per*8 != len(file) {
		t.Fatalf("%s: %d bytes of answers are no whole number of events of %d values", m.name, len(file), per)
	}
	for _, a := range []struct {
		into *[]float64
		per  int
	}{
		{&m.x, m.d}, {&m.context, m.c}, {&m.noise, m.d}, {&m.logProb, 1}, {&m.z, m.d}, {&m.logDet, 1},
		{&m.back, m.d}, {&m.backLogDet, 1}, {&m.samples, m.d}, {&m.sampleLog, 1}, {&m.gradX, m.d}, {&m.gradContext, m.c},
	} {
		*a.into, all = all[:m.n*a.per], all[m.n*a.per:]
	}
}

// TestOldModels requires of every model the bits that the code of commit 9cf2de1
// computed, of each event alone and in a batch, which is of more than a tile
// and on several workers unless the tests are short.
func TestOldModels(t *testing.T) {
	for _, m := range readOldModels(t) {
		t.Run(m.name, func(t *testing.T) {
			var again bytes.Buffer
			must(t, m.flow.Write(&again))
			if !bytes.Equal(again.Bytes(), m.file) {
				t.Error("saved again, the file has other bytes")
			}
			one, err := m.flow.NewScorer(flow.ScorerOptions{Workers: 1, BLAS: blas.Builtin()})
			must(t, err)
			for i := range m.n {
				m.compute(t, one, []int{i})
			}
			several, err := m.flow.NewScorer(flow.ScorerOptions{Workers: 3, BLAS: blas.Builtin()})
			must(t, err)
			size := flow.TileRows + m.n
			if testing.Short() {
				size = 41 // whole vectors and a rest, for emulated processors
			}
			batch := make([]int, size)
			for i := range batch {
				batch[i] = i % m.n
			}
			m.compute(t, several, batch)
			m.sample(t, one, several)
		})
	}
}

// compute holds everything but samples of the chosen events, as one batch,
// against the answers.
func (m *oldModel) compute(t *testing.T, s *flow.Scorer, chosen []int) {
	t.Helper()
	take := func(from []float64, per int) []float64 {
		var out []float64
		for _, i := range chosen {
			out = append(out, from[i*per:(i+1)*per]...)
		}
		return out
	}
	expect := func(what string, got, answers []float64, per int) {
		t.Helper()
		sameBits(t, fmt.Sprintf("%s in a batch of %d", what, len(chosen)), got, take(answers, per), per)
	}
	x, context, noise := take(m.x, m.d), take(m.context, m.c), take(m.noise, m.d)
	scalar := func() []float64 { return make([]float64, len(chosen)) }
	vector := func() []float64 { return make([]float64, len(chosen)*m.d) }

	logProb := scalar()
	must(t, s.LogProb(logProb, x, context))
	expect("log p", logProb, m.logProb, 1)

	z, logDet := vector(), scalar()
	must(t, s.Forward(z, logDet, x, context))
	expect("z", z, m.z, m.d)
	expect("the log-det", logDet, m.logDet, 1)

	back, backLogDet := vector(), scalar()
	must(t, s.Inverse(back, backLogDet, noise, context))
	expect("the inverse", back, m.back, m.d)
	expect("the inverse's log-det", backLogDet, m.backLogDet, 1)

	logProb, gradX, gradContext := scalar(), vector(), make([]float64, len(context))
	must(t, s.LogProbGrad(logProb, gradX, gradContext, x, context))
	expect("log p with gradients", logProb, m.logProb, 1)
	expect("the gradient of x", gradX, m.gradX, m.d)
	if len(m.flow.Config().Grid) == 0 {
		expect("the gradient of the context", gradContext, m.gradContext, m.c)
		return
	}
	// The sites' gradients of the context that they share are added up, in an
	// order and a precision that are no promise.
	for i, want := range take(m.gradContext, m.c) {
		if math.Abs(gradContext[i]-want) > 1e-6*(1+math.Abs(want)) {
			t.Errorf("the gradient of the context in a batch of %d: value %d is %v, want about %v", len(chosen), i, gradContext[i], want)
		}
	}
}

// sample holds the samples, drawn alone and in a batch, against the answers.
func (m *oldModel) sample(t *testing.T, one, several *flow.Scorer) {
	t.Helper()
	const batch = 21
	var context []float64
	for i := range batch * m.c {
		context = append(context, m.context[i%len(m.context)])
	}
	for parity, temperature := range []float64{1, 0.75} {
		if !base.Tempered(m.flow.Config().Base) {
			temperature = 1
		}
		o := flow.SampleOptions{Seed: 11, Temperature: temperature}
		together, togetherLog := make([]float64, batch*m.d), make([]float64, batch)
		must(t, several.Sample(together, togetherLog, 0, o, context))
		for i := parity; i < m.n; i += 2 {
			want, wantLog := m.samples[i*m.d:(i+1)*m.d], m.sampleLog[i:i+1]
			alone, aloneLog := make([]float64, m.d), make([]float64, 1)
			must(t, one.Sample(alone, aloneLog, uint64(i), o, m.context[i*m.c:(i+1)*m.c]))
			name := fmt.Sprintf("sample %d", i)
			sameBits(t, name+" alone", alone, want, m.d)
			sameBits(t, name+"'s log p alone", aloneLog, wantLog, 1)
			sameBits(t, name+" in a batch", together[i*m.d:(i+1)*m.d], want, m.d)
			sameBits(t, name+"'s log p in a batch", togetherLog[i:i+1], wantLog, 1)
		}
	}
}

// sameBits compares two arrays of events with per values each.
func sameBits(t *testing.T, what string, got, want []float64, per int) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i := range want {
		if math.Float64bits(got[i]) != math.Float64bits(want[i]) {
			t.Errorf("%s: value %d of event %d is %v (%x), must stay %v (%x)", what, i%per, i/per, got[i], math.Float64bits(got[i]), want[i], math.Float64bits(want[i]))
			return
		}
	}
}
