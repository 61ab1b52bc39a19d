package main

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// conditional adds to a workplace a model of y under the context c.
func conditional(t *testing.T, directory string) {
	t.Helper()
	writeFile(t, directory, "yc.csv", strings.Replace(strings.ReplaceAll(rowsText(200), "label", "d"), "a,b,c", "x,y,c", 1))
	mustRun(t, directory, append([]string{"train", "--data", "yc.csv", "--columns", "y", "--context", "c", "--out", "yc.safetensors"}, smallTraining...)...)
}

const farTable = "a,b,c\n1000,0.5,0.5\n1e38,0.5,0.5\n1e42,0.5,0.5\n1000,-1e40,0.5\n1e42,1e42,1e42\n1.797e308,0.5,0.5\n"

func TestScoreOutOfRange(t *testing.T) {
	d := workplace(t)
	writeFile(t, d, "far.csv", farTable)
	r := mustRun(t, d, "score", "--model", "model.safetensors", "--data", "far.csv", "--out", "s.csv")
	scores := columnOf(t, d, "s.csv", "log_prob")
	for i, v := range scores {
		if ordinary := i == 0; math.IsNaN(v) || ordinary == math.IsInf(v, -1) {
			t.Errorf("row %d scores %v", i+1, v)
		}
	}
	if !regexp.MustCompile(`^rows=6 .*bad_rows=0 out_of_range=4 infinite=1 `).MatchString(r.out) {
		t.Errorf("the summary is %q", r.out)
	}
	if strings.Count(r.errors, "\n") != 2 || !strings.Contains(r.errors, `1 row(s)`) || !strings.Contains(r.errors, `far.csv: row 2, column "a": 1e+38`) || !strings.Contains(r.errors, `4 row(s)`) || !strings.Contains(r.errors, `far.csv: row 3, column "a": 1e+42`) {
		t.Errorf("standard error is %q", r.errors)
	}
	r = mustRun(t, d, "score", "--model", "model.safetensors", "--data", "far.csv", "--out", "s.csv", "--json", "--quantile", "0.5")
	if !strings.Contains(r.out, `"out_of_range":4,"infinite":1`) {
		t.Errorf("the summary is %q", r.out)
	}
	if r = mustRun(t, d, "score", "--model", "model.safetensors", "--data", "data.csv", "--out", "s.csv"); r.errors != "" || !strings.Contains(r.out, "out_of_range=0") {
		t.Errorf("ordinary rows: %q, %q", r.out, r.errors)
	}
}

// TestFarContext has a context that float32 cannot hold: a bad row.
func TestFarContext(t *testing.T) {
	d := workplace(t)
	conditional(t, d)
	text := "y,c\n0.5,0.5\n0.5,1e300\n0.25,0.5\n1e300,0.5\n"
	writeFile(t, d, "far.csv", text)
	writeFile(t, d, "far.npy", npyText(text, 2))
	for _, verb := range []string{"score", "latent"} {
		line := func(data, policy string) []string {
			return []string{verb, "--model", "yc.safetensors", "--data", data, "--out", "out.csv", "--on-bad-row", policy}
		}
		mustFail(t, d, exitFailed, []string{"far.csv", "row 2 (line 3)", `column "c"`, "1e300", "float32"}, line("far.csv", "fail")...)
		mustFail(t, d, exitFailed, []string{"far.npy", "row 2", `column "f1"`, "1e+300", "float32"}, line("far.npy", "fail")...)
		column := map[string]string{"score": "log_prob", "latent": "z0"}[verb]
		for _, data := range []string{"far.csv", "far.npy"} {
			r := mustRun(t, d, line(data, "nan")...)
			v := columnOf(t, d, "out.csv", column)
			if len(v) != 4 || math.IsNaN(v[0]) || !math.IsNaN(v[1]) || math.IsNaN(v[2]) || !math.IsInf(v[3], 0) || !strings.Contains(r.errors, "row 4, column") {
				t.Errorf("%s %s: %v, %q", verb, data, v, r.errors)
			}
			r = mustRun(t, d, line(data, "skip")...)
			if v := columnOf(t, d, "out.csv", column); len(v) != 3 || slices.ContainsFunc(v, math.IsNaN) || !strings.Contains(r.errors, "good row 3, column") {
				t.Errorf("%s %s without bad rows: %v, %q", verb, data, v, r.errors)
			}
		}
	}
	writeFile(t, d, "contexts.csv", "c\n0.5\n1e300\n")
	mustFail(t, d, exitFailed, []string{"contexts.csv", "row 2", `column "c"`}, "sample", "--model", "yc.safetensors", "-n", "2", "--context", "contexts.csv", "--out", "draws.csv")
}

func TestFarLatent(t *testing.T) {
	d := workplace(t)
	writeFile(t, d, "far.csv", farTable)
	r := mustRun(t, d, "latent", "--model", "model.safetensors", "--data", "far.csv", "--out", "z.csv")
	if strings.Contains(readFile(t, d, "z.csv"), "NaN") || !strings.Contains(r.errors, `far.csv: row 3, column "a": 1e+42`) {
		t.Errorf("%q, %s", r.errors, readFile(t, d, "z.csv"))
	}
	writeFile(t, d, "noise.csv", "z0,z1,z2\n0,0,0\n0,1e39,0\n")
	inverse := []string{"latent", "--model", "model.safetensors", "--inverse", "--out", "x.csv", "--data"}
	mustFail(t, d, exitFailed, []string{"noise.csv", "row 2", `column "z1"`, "float32"}, append(inverse, "noise.csv")...)
	writeFile(t, d, "noise.npy", npyText("z0,z1,z2,log_det\n0,0,0,0\n0,-1e39,0,0\n", 4))
	mustFail(t, d, exitFailed, []string{"noise.npy", "row 2", `column "f1"`}, append(inverse, "noise.npy")...)
	writeFile(t, d, "large.csv", "z0,z1,z2\n0,0,0\n3e38,-3e38,3e38\n")
	r = mustRun(t, d, append(inverse, "large.csv")...)
	if text := readFile(t, d, "x.csv"); strings.Contains(text, "NaN") || strings.Contains(text, "Inf") && !strings.Contains(r.errors, "row 2") {
		t.Errorf("large noise: %q, %s", r.errors, text)
	}
}

func TestSampleInfinite(t *testing.T) {
	d := workplace(t)
	for _, bad := range []string{"1e300", "1e39", "1e-39", "-1", "NaN"} {
		mustFail(t, d, exitUsage, []string{"--temperature"}, "sample", "--model", "model.safetensors", "-n", "2", "--temperature", bad, "--out", "x.csv")
	}
	r := mustRun(t, d, "sample", "--model", "model.safetensors", "-n", "1000", "--temperature", "2e38", "--log-prob", "--out", "x.csv")
	text := readFile(t, d, "x.csv")
	if strings.Contains(text, "NaN") || !strings.Contains(text, "Inf") || !regexp.MustCompile(`\d+ of 1000 rows are infinite.*--temperature.*row \d+, column`).MatchString(r.errors) {
		t.Errorf("standard error is %q", r.errors)
	}
	if r := mustRun(t, d, "sample", "--model", "model.safetensors", "-n", "1000", "--out", "x.csv"); r.errors != "" {
		t.Errorf("ordinary samples: %q", r.errors)
	}
}
