package main

import (
	"math"
	"strings"
	"testing"
)

// TestScoreOfSeveralModels scores by a mixture, whose spread tells how the models
// differ.
func TestScoreOfSeveralModels(t *testing.T) {
	d := workplace(t)
	mustRun(t, d, append([]string{"train", "--data", "data.csv", "--exclude", "label", "--seed", "2", "--out", "other.safetensors"}, smallTraining...)...)
	for _, model := range []string{"model", "other"} {
		mustRun(t, d, "score", "--model", model+".safetensors", "--data", "data.csv", "--out", model+".csv")
	}
	r := mustRun(t, d, "score", "--model", "model.safetensors", "--model", "other.safetensors", "--model-weights", "3,1", "--data", "data.csv",
		"--label", "label", "--quantile", "0.1", "--out", "both.csv")
	a, b := columnOf(t, d, "model.csv", "log_prob"), columnOf(t, d, "other.csv", "log_prob")
	got, spread, flags := columnOf(t, d, "both.csv", "log_prob"), columnOf(t, d, "both.csv", "log_prob_spread"), columnOf(t, d, "both.csv", "anomaly")
	flagged := 0.0
	for i := range got {
		want := math.Log(0.75*math.Exp(a[i]) + 0.25*math.Exp(b[i]))
		if math.Abs(got[i]-want) > 1e-6*(1+math.Abs(want)) || math.Abs(spread[i]-math.Sqrt(0.75*0.25)*math.Abs(a[i]-b[i])) > 1e-6 {
			t.Fatalf("row %d scores %v ± %v, the models %v and %v", i, got[i], spread[i], a[i], b[i])
		}
		flagged += flags[i]
	}
	if flagged != 30 || !strings.Contains(r.out, "auroc=") {
		t.Errorf("%v rows are flagged, want 30: %s", flagged, r.out)
	}
	mustRun(t, d, "score", "--model", "model.safetensors", "--model", "other.safetensors", "--data", "data.csv", "--keep", "label", "--out", "kept.csv")
	if header := strings.SplitN(readFile(t, d, "kept.csv"), "\n", 2)[0]; header != "label,log_prob,log_prob_spread" {
		t.Errorf("the columns are %s", header)
	}
	mustRun(t, d, append([]string{"train", "--data", "data.csv", "--columns", "a,b", "--out", "ab.safetensors"}, smallTraining...)...)
	mustFail(t, d, exitFailed, []string{"columns", "ab.safetensors"}, "score", "--model", "model.safetensors", "--model", "ab.safetensors", "--data", "data.csv", "--out", "x.csv")
	mustFail(t, d, exitUsage, []string{"--model-weights", "2"}, "score", "--model", "model.safetensors", "--model", "other.safetensors", "--model-weights", "1", "--data", "data.csv", "--out", "x.csv")
	mustFail(t, d, exitUsage, []string{"--model-weights"}, "score", "--model", "model.safetensors", "--model-weights", "-1", "--data", "data.csv", "--out", "x.csv")
	mustFail(t, d, exitUsage, []string{"same file"}, "score", "--model", "model.safetensors", "--model", "both.csv", "--data", "data.csv", "--out", "both.csv")
}
