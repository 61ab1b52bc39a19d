package main

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/internal/printable"
)

// FuzzParseSupport reads values of --support: intervals of finite ends that a
// table could hold as numbers, or an error.
func FuzzParseSupport(f *testing.F) {
	for _, v := range []string{"a=0:", "share=0:1", "x=:1:softplus", "a=b=-1.5e3:2", "=0:", "a=", "a=1:2:3:4", "a=0x1p3:", "a=1_0:", "a=NaN:Inf", "a=1e999:", "a= 1 :"} {
		f.Add(v, "b=0:")
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		intervals, err := parseSupport([]string{first, second})
		if err != nil {
			if text := oneLine(err); printable.Text(text) != text {
				t.Errorf("the error %q does not print", text)
			}
			return
		}
		for i, in := range intervals {
			text := []string{first, second}[i]
			if !strings.HasPrefix(text, in.Column+"=") || in.Column == "" || math.IsNaN(in.Lower) || math.IsNaN(in.Upper) ||
				strings.ContainsAny(text[len(in.Column):], "_xX") && in.Map == "" {
				t.Errorf("%q is %+v", text, in)
			}
		}
		config := flow.Config{Features: []string{"a", "b"}}
		if err := config.SetSupport(intervals...); err == nil && config.Support(0) == nil && config.Support(1) == nil {
			t.Errorf("%+v are no support", intervals)
		}
	})
}

// FuzzInspect prints damaged models: what is printed moves no cursor, and the
// JSON is JSON.
func FuzzInspect(f *testing.F) {
	for _, directory := range []string{"../../flow/testdata", "../../flow/interop/testdata"} {
		models, err := filepath.Glob(filepath.Join(directory, "*.safetensors"))
		if err != nil {
			f.Fatal(err)
		}
		nested, err := filepath.Glob(filepath.Join(directory, "*", "*.safetensors"))
		if err != nil {
			f.Fatal(err)
		}
		for _, path := range append(models, nested...) {
			content, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(content)
		}
	}
	odd, err := flow.RealNVP([]string{"a\x1b[31m", "\u202eb\n", strings.Repeat("é\u0301", 200)}, []string{"\u009bt"}, flow.Options{Layers: 1, Hidden: []int{2}})
	if err != nil {
		f.Fatal(err)
	}
	model, err := flow.New(odd, 1)
	if err != nil {
		f.Fatal(err)
	}
	model.SetProvenance(json.RawMessage(`{"x":"\u001b]0;pwn\u0007\n\nfake","` + "\u2028" + `":{"y":[1,2],"z":[true,false],"n":null}}`))
	var file bytes.Buffer
	if err := model.Write(&file); err != nil {
		f.Fatal(err)
	}
	f.Add(file.Bytes())
	path := filepath.Join(f.TempDir(), "model.safetensors")
	f.Fuzz(func(t *testing.T, content []byte) {
		m, err := flow.Read(bytes.NewReader(content), int64(len(content)))
		if err != nil {
			if text := oneLine(err); printable.Text(text) != text || len(text) > 2*maxMessage {
				t.Errorf("the error %q does not print", text)
			}
			return
		}
		if err := os.WriteFile(path, content, 0o666); err != nil {
			t.Fatal(err)
		}
		described, err := describeModel(path, m)
		if err != nil {
			t.Fatal(err)
		}
		var text, asJSON bytes.Buffer
		if err := described.print(&text, m.Config()); err != nil {
			t.Fatal(err)
		}
		if err := described.printJSON(&asJSON); err != nil {
			t.Fatal(err)
		}
		for _, out := range []string{text.String(), asJSON.String()} {
			if shown := strings.ReplaceAll(out, "\n", ""); printable.Text(shown) != shown {
				t.Errorf("it prints %q", shown)
			}
		}
		if !json.Valid(asJSON.Bytes()) || strings.Count(asJSON.String(), "\n") != 1 {
			t.Errorf("the JSON is %s", asJSON.String())
		}
	})
}
