package flow_test

import (
	"bytes"
	"runtime"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// TestAutoregressiveOptions saves and loads flows with residual networks and
// batch normalization, and compares both directions and their bits for every
// number of workers.
func TestAutoregressiveOptions(t *testing.T) {
	const d, contexts, n = 6, 2, 300
	for _, c := range []struct {
		preset flow.Preset
		bins   int
	}{{flow.PresetMAF, 0}, {flow.PresetIAF, 0}, {flow.PresetIAF, 6}} {
		preset := c.preset
		f := randomFlow(t, preset, d, contexts, flow.Options{Residual: true, Hidden: []int{16, 12, 20}, Permutation: "random", Bins: c.bins})
		var file bytes.Buffer
		must(t, f.Write(&file))
		loaded, err := flow.Read(bytes.NewReader(file.Bytes()), int64(file.Len()))
		must(t, err)
		z, context := rows(n*d, 1), rows(n*contexts, 2)
		want, back, logDet := make([]float64, n*d), make([]float64, n*d), make([]float64, n)
		must(t, f.Inverse(want, logDet, z, context))
		must(t, f.Forward(back, nil, want, context))
		for i := range z {
			if d := back[i] - z[i]; !(d*d < 1e-6) {
				t.Fatalf("%s: value %d comes back as %v, was %v", preset, i, back[i], z[i])
			}
		}
		for _, workers := range []int{1, 2, 5} {
			s, err := loaded.NewScorer(flow.ScorerOptions{Workers: workers, BLAS: blas.Builtin()})
			must(t, err)
			builtin, err := f.NewScorer(flow.ScorerOptions{Workers: 1, BLAS: blas.Builtin()})
			must(t, err)
			must(t, builtin.Inverse(want, logDet, z, context))
			got, gotLogDet := make([]float64, n*d), make([]float64, n)
			for _, step := range []int{n, 1, 7} {
				for from := 0; from < n; from += step {
					to := min(from+step, n)
					must(t, s.Inverse(got[from*d:to*d], gotLogDet[from:to], z[from*d:to*d], context[from*contexts:to*contexts]))
				}
				for i := range want {
					if got[i] != want[i] {
						t.Fatalf("%s, %d workers, %d rows at once: value %d is %v, want %v", preset, workers, step, i, got[i], want[i])
					}
				}
				for i := range logDet {
					if gotLogDet[i] != logDet[i] {
						t.Fatalf("%s, %d workers, %d rows at once: log-det %d is %v, want %v", preset, workers, step, i, gotLogDet[i], logDet[i])
					}
				}
			}
		}
	}
	if _, err := flow.MAF(names("x", 2), nil, flow.Options{BatchNorm: true}); err != nil {
		t.Error(err)
	}
}

// damagedOrders are changes that keep a file's length and make no layer of it.
var damagedOrders = [][2]string{
	{`\"order\":[0,1,2]`, `\"order\":[0,1,1]`},
	{`\"order\":[0,1,2]`, `\"order\":[0,1,3]`},
	{`\"order\":[0,1,2]`, `\"order\":[0,-1]  `},
	{`\"order\":[0,1,2]`, `\"ordre\":[0,1,2]`},
	{`\"units\":[[0,1,2]`, `\"units\":[[0,2,9]`},
	{`\"units\":[[0,1,2]`, `\"units\":[[0,2,1]`},
	{`\"units\":[[0,1,2]`, `\"units\":[[0,3]  `},
	{`\"units\":[[0,1,2]`, `\"units\":[[0,0,0]`},
	{`\"units\":[[0,1,2]`, `\"units\":[[0,-2,]`},
	{`\"units\":[[0,1,2]`, `\"units\":[[9e9,1]`},
	{`\"residual\":false`, `\"residual\":true `},
	{`\"residual\":false`, `\"Residual\":false`},
	{`\"shape\":[1,`, `\"shape\":[2,`},
}

func damagedAutoregressive(t testing.TB) (whole []byte, damaged map[string][]byte) {
	f := randomFlow(t, "maf", 3, 0, flow.Options{Layers: 2, Hidden: []int{3, 3}})
	var file bytes.Buffer
	must(t, f.Write(&file))
	damaged = map[string][]byte{}
	for _, change := range damagedOrders {
		from, to := change[0], change[1]
		if strings.HasPrefix(from, `\"shape`) {
			from, to = strings.ReplaceAll(from, `\`, ""), strings.ReplaceAll(to, `\`, "")
		}
		if !bytes.Contains(file.Bytes(), []byte(from)) {
			t.Fatalf("the file does not contain %s", from)
		}
		damaged[to] = bytes.Replace(file.Bytes(), []byte(from), []byte(to), 1)
	}
	return file.Bytes(), damaged
}

func TestReadRefusesDamagedAutoregressive(t *testing.T) {
	_, damaged := damagedAutoregressive(t)
	for name, file := range damaged {
		if _, err := flow.Read(bytes.NewReader(file), int64(len(file))); err == nil {
			t.Errorf("a file with %s was read", name)
		} else {
			t.Log(err)
		}
	}
}

// TestHostileUnits asks for layers of any width in a few bytes: they are
// refused before memory is taken for them.
func TestHostileUnits(t *testing.T) {
	f := randomFlow(t, "maf", 3, 0, flow.Options{Layers: 1, Hidden: []int{3, 3}})
	var small bytes.Buffer
	must(t, f.Write(&small))
	c := f.Config()
	s := *c.Transforms[0].(*transform.AutoregressiveSpec)
	s.Conditioner.Units = nil
	for range 64 {
		s.Conditioner.Units = append(s.Conditioner.Units, []int{0, nn.MaxWidth / 2, nn.MaxWidth / 2})
	}
	c.Transforms = []transform.Spec{&s}
	must(t, c.Check())
	text, err := transform.Kinds.Marshal(c.Transforms[0])
	must(t, err)
	hostile := withTransforms(t, small.Bytes(), `[`+string(text)+`]`)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = flow.Read(bytes.NewReader(hostile), int64(len(hostile)))
	runtime.ReadMemStats(&after)
	if err == nil || !strings.Contains(err.Error(), "layers.0.weight") {
		t.Errorf("the error is %v", err)
	}
	if taken := after.TotalAlloc - before.TotalAlloc; taken > 1<<20 {
		t.Errorf("a file of %d bytes took %d", len(hostile), taken)
	}
}

// withTransforms replaces the transforms in a model file.
func withTransforms(t *testing.T, file []byte, transforms string) []byte {
	t.Helper()
	return withHeader(t, file, func(header string) string {
		from := strings.Index(header, `\"transforms\":`) + len(`\"transforms\":`)
		to := strings.Index(header, `,\"base\"`)
		if from < 0 || to < from {
			t.Fatalf("no transforms in %s", header)
		}
		return header[:from] + strings.ReplaceAll(transforms, `"`, `\"`) + header[to:]
	})
}

// withHeader changes the header of a model file.
func withHeader(t *testing.T, file []byte, change func(header string) string) []byte {
	t.Helper()
	length := 0
	for i := range 8 {
		length |= int(file[i]) << (8 * i)
	}
	header := change(string(file[8 : 8+length]))
	for len(header)%8 != 0 {
		header += " "
	}
	out := make([]byte, 8)
	for i := range out {
		out[i] = byte(len(header) >> (8 * i))
	}
	return append(append(out, header...), file[8+length:]...)
}

// TestWarmAutoregressiveScorerAllocatesNothing holds for one row and for more
// than a tile.
func TestWarmAutoregressiveScorerAllocatesNothing(t *testing.T) {
	const d, contexts = 7, 2
	for _, preset := range []flow.Preset{flow.PresetMAF, flow.PresetIAF} {
		for _, n := range []int{1, 200} {
			f := randomFlow(t, preset, d, contexts, flow.Options{Residual: true, Hidden: []int{16, 16}})
			s, err := f.NewScorer(flow.ScorerOptions{Workers: 1})
			must(t, err)
			x, context, dst, z := rows(n*d, 1), rows(n*contexts, 2), make([]float64, n), make([]float64, n*d)
			for name, call := range map[string]func() error{
				"LogProb": func() error { return s.LogProb(dst, x, context) },
				"Forward": func() error { return s.Forward(z, dst, x, context) },
				"Inverse": func() error { return s.Inverse(z, dst, x, context) },
				"Sample":  func() error { return s.Sample(z, dst, 0, flow.SampleOptions{Seed: 1}, context) },
			} {
				must(t, call())
				if n := testing.AllocsPerRun(50, func() { _ = call() }); n != 0 {
					t.Errorf("%s: %s allocates %v times a call", preset, name, n)
				}
			}
		}
	}
}
