package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// importPlace is a directory with a model of one of the libraries: w.safetensors,
// config.json and check.npz.
func importPlace(t *testing.T, name string) string {
	t.Helper()
	directory := t.TempDir()
	for from, to := range map[string]string{".safetensors": "w.safetensors", ".json": "config.json", ".npz": "check.npz"} {
		content, err := os.ReadFile(filepath.Join("..", "..", "flow", "interop", "testdata", name+from))
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, directory, to, string(content))
	}
	return directory
}

var importFlags = []string{"import", "--weights", "w.safetensors", "--config", "config.json", "--check", "check.npz", "--out", "m.safetensors"}

func TestImport(t *testing.T) {
	for _, name := range []string{"nflows-maf-context", "zuko-nsf", "normflows-coupling"} {
		directory := importPlace(t, name)
		r := mustRun(t, directory, importFlags...)
		for _, word := range []string{"imported from=" + name[:strings.IndexByte(name, '-')], "transforms=", "checked rows=40 log_prob_difference=", "samples_difference="} {
			if !strings.Contains(r.out, word) {
				t.Errorf("%s: %q does not hold %q", name, r.out, word)
			}
		}
		first := readFile(t, directory, "m.safetensors")
		mustRun(t, directory, importFlags...)
		if readFile(t, directory, "m.safetensors") != first {
			t.Errorf("%s: a second import writes other bytes", name)
		}
		if out := mustRun(t, directory, "inspect", "m.safetensors").out; !strings.Contains(out, "x0") {
			t.Errorf("%s: nf inspect prints %q", name, out)
		}
	}
}

func TestImportNamesAndJSON(t *testing.T) {
	directory := importPlace(t, "nflows-maf-one")
	r := mustRun(t, directory, append(importFlags, "--feature-names", "speed", "--context-names", "hour", "--json")...)
	var summary struct {
		Library string   `json:"library"`
		Rows    int      `json:"checked_rows"`
		LogProb float64  `json:"log_prob_difference"`
		Samples *float64 `json:"samples_difference"`
	}
	if err := json.Unmarshal([]byte(r.out), &summary); err != nil {
		t.Fatalf("%v: %s", err, r.out)
	}
	if summary.Library != "nflows" || summary.Rows != 40 || summary.LogProb > 1e-4 || summary.Samples == nil {
		t.Errorf("the summary is %s", r.out)
	}
	writeFile(t, directory, "rows.csv", "hour,speed\n0.5,1\n1,-1\n")
	mustRun(t, directory, "score", "--model", "m.safetensors", "--data", "rows.csv", "--out", "scores.csv")
	mustFail(t, directory, exitFailed, []string{"2 names", `"features": 1`}, append(importFlags, "--feature-names", "a,b")...)
}

// TestImportRefuses makes sure that nothing is written where the check is not
// met, and that the error says what to do.
func TestImportRefuses(t *testing.T) {
	directory := importPlace(t, "nflows-maf")
	config := readFile(t, directory, "config.json")
	for _, test := range []struct {
		config string
		words  []string
	}{
		{strings.Replace(config, "softplus", "sigmoid", 1), []string{"check.npz", "log_prob of row", "Likely causes", "scale_map"}},
		{strings.Replace(config, `"scale_map": "softplus"`, `"epsilon": 0.001`, 1), []string{"w.safetensors", `no "scale_map"`, "softplus"}},
		{strings.Replace(config, "scale_map", "scale", 1), []string{"config.json", `"scale" is not known`}},
		{strings.Replace(config, `"features": 5`, `"features": 4`, 1), []string{"w.safetensors", "_permutation"}},
	} {
		if test.config == config {
			t.Fatalf("the config of %q is not another one", test.words)
		}
		writeFile(t, directory, "config.json", test.config)
		mustFail(t, directory, exitFailed, test.words, importFlags...)
	}
	writeFile(t, directory, "config.json", config)
	for name, words := range map[string][]string{"check.npz": {"check.npz", "archive"}, "w.safetensors": {"w.safetensors", "bytes"}} {
		content := readFile(t, directory, name)
		writeFile(t, directory, name, content[:len(content)/2])
		mustFail(t, directory, exitFailed, words, importFlags...)
		writeFile(t, directory, name, content)
	}
	mustFail(t, directory, exitFailed, []string{"there.npz"}, "import", "--weights", "w.safetensors", "--config", "config.json", "--check", "there.npz", "--out", "m.safetensors")
	mustFail(t, directory, exitUsage, []string{"--check is required"}, "import", "--weights", "w.safetensors", "--config", "config.json", "--out", "m.safetensors")
	mustFail(t, directory, exitUsage, []string{"--out and --weights"}, "import", "--weights", "w.safetensors", "--config", "config.json", "--check", "check.npz", "--out", "w.safetensors")
}
