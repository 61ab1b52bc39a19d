package flow_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// TestNegativeVariance refuses a file whose scores would all be NaN.
func TestNegativeVariance(t *testing.T) {
	f := randomFlow(t, "realnvp", 3, 0, flow.Options{Layers: 2, Hidden: []int{4}, BatchNorm: true})
	for _, p := range f.Model().Parameters().All() {
		if p.NonNegative {
			clear(p.Values())
			p.Values()[1] = -1e-9
		}
	}
	var file bytes.Buffer
	must(t, f.Write(&file))
	_, err := flow.Read(&file, int64(file.Len()))
	if err == nil || !strings.Contains(err.Error(), "transforms.1.running_variance: value 1 is -1e-09, want none below 0") {
		t.Errorf("%v", err)
	}
}

// later is a transform that joined the format after its first version.
type later struct {
	transform.PermutationSpec
	Note string `json:"note,omitempty"`
}

func init() { transform.Kinds.Add("test-later", flow.FormatVersion, &later{}) }

// TestVersion holds that a file says the lowest version that has what it uses,
// and that both versions are read.
func TestVersion(t *testing.T) {
	write := func(s transform.Spec) []byte {
		c := flow.Config{Features: names("x", 2), Base: &base.StandardNormalSpec{}, Transforms: []transform.Spec{s}}
		f, err := flow.New(c, 1)
		must(t, err)
		var file bytes.Buffer
		must(t, f.Write(&file))
		return file.Bytes()
	}
	read := func(file []byte) ([]byte, error) {
		f, err := flow.Read(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			return nil, err
		}
		var again bytes.Buffer
		must(t, f.Write(&again))
		return again.Bytes(), nil
	}
	const first, second = `"nf.version":"1"`, `"nf.version":"2"`
	old, recent := write(transform.Reverse(2)), write(&later{*transform.Reverse(2), "kept"})
	for version, file := range map[string][]byte{first: old, second: recent} {
		if !bytes.Contains(file, []byte(version)) {
			t.Errorf("a file does not say %s: %s", version, file)
		}
		if again, err := read(file); err != nil || !bytes.Equal(again, file) {
			t.Errorf("%s is written again as %s, %v", file, again, err)
		}
	}
	// A file may say more than it needs, but not less.
	if again, err := read(bytes.Replace(old, []byte(first), []byte(second), 1)); err != nil || !bytes.Equal(again, old) {
		t.Errorf("what needs version 1 and says 2 is written as %s, %v", again, err)
	}
	if _, err := read(bytes.Replace(recent, []byte(second), []byte(first), 1)); err == nil || !strings.Contains(err.Error(), "only version 2") {
		t.Errorf("what needs version 2 and says 1: %v", err)
	}
}

// TestSpellings reads what another writer may say: what is false, empty or null
// of what may be absent. A key that comes twice is refused, because two readers
// may see two models.
func TestSpellings(t *testing.T) {
	f := randomFlow(t, "nsf", 3, 1, flow.Options{Layers: 2, Hidden: []int{4}})
	var file bytes.Buffer
	must(t, f.Write(&file))
	for _, change := range [][2]string{
		{`"bins":8`, `"circular":false,"bins":8`},
		{`"bins":8`, `"softclip":0,"bins":8`},
		{`"hidden":[4]`, `"gated":false,"hidden":[4]`},
		{`"hidden":[4]`, `"activation":"","slope":0,"hidden":[4]`},
		{`"transforms":[`, `"grid":[],"transforms":[`},
		{`"transforms":[`, `"grid":null,"transforms":[`},
		{`"base":{`, `"base":{"bound":0,`},
	} {
		given := describedAs(t, file.Bytes(), change[0], change[1])
		g, err := flow.Read(bytes.NewReader(given), int64(len(given)))
		if err != nil {
			t.Errorf("%s: %v", change[1], err)
			continue
		}
		var again bytes.Buffer
		must(t, g.Write(&again))
		if !bytes.Equal(again.Bytes(), file.Bytes()) {
			t.Errorf("%s is written as %s", change[1], again.Bytes())
		}
	}
	for _, change := range [][2]string{
		{`"features":`, `"features":["a"],"features":`},
		{`"type":"coupling"`, `"type":"lu","type":"coupling"`},
		{`"bins":8`, `"bins":8,"bins":8`},
		{`"base":{`, `"base":{"bound":0,"bound":0,`},
	} {
		given := describedAs(t, file.Bytes(), change[0], change[1])
		if _, err := flow.Read(bytes.NewReader(given), int64(len(given))); err == nil || !strings.Contains(err.Error(), "comes twice") {
			t.Errorf("%s: the error is %v", change[1], err)
		}
	}
}

// describedAs replaces a part of nf.flow in a model file, where it first comes.
func describedAs(t *testing.T, file []byte, old, new string) []byte {
	t.Helper()
	return withHeader(t, file, func(header string) string {
		quoted := strings.NewReplacer(`"`, `\"`)
		changed := strings.Replace(header, quoted.Replace(old), quoted.Replace(new), 1)
		if changed == header {
			t.Fatalf("no %s in %s", old, header)
		}
		return changed
	})
}

// TestManyTransforms refuses more transforms than are supported while it reads
// them, inside others too.
func TestManyTransforms(t *testing.T) {
	f := randomFlow(t, "realnvp", 2, 0, flow.Options{Layers: 1, Hidden: []int{2}})
	var file bytes.Buffer
	must(t, f.Write(&file))
	chain := `{"type":"chain","transforms":[` + strings.Repeat(`{"type":"planar"},`, 2999) + `{"type":"planar"}]}`
	hostile := withTransforms(t, file.Bytes(), `[`+strings.Repeat(chain+`,`, 99)+chain+`]`)
	_, err := flow.Read(bytes.NewReader(hostile), int64(len(hostile)))
	if err == nil || !strings.Contains(err.Error(), `"transforms.1.transforms.1094"`) || !strings.Contains(err.Error(), "more than 4096 transforms") {
		t.Errorf("the error is %v", err)
	}
}
