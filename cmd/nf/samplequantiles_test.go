package main

import (
	"slices"
	"strings"
	"testing"
)

// TestSampleQuantiles compares quantiles with those of the draws themselves.
func TestSampleQuantiles(t *testing.T) {
	d := workplace(t)
	text := strings.ReplaceAll(strings.ReplaceAll(readFile(t, d, "data.csv"), ",0\n", ",no\n"), ",1\n", ",yes\n")
	writeFile(t, d, "texts.csv", text)
	mustRun(t, d, append([]string{"train", "--data", "texts.csv", "--columns", "b", "--context", "a,label", "--out", "given.safetensors"}, smallTraining...)...)
	// Two rows of context, whose draws fill more than a block.
	writeFile(t, d, "rows.csv", "a,label\n1001,no\n1019.5,yes\n")
	line := []string{"sample", "--model", "given.safetensors", "--context", "rows.csv", "-n", "4001"}
	mustRun(t, d, append(line, "--out", "draws.csv")...)
	mustRun(t, d, append(line, "--out", "quantiles.csv", "--quantile", "0,0.5", "--quantile", "0.99")...)
	draws, got := columnOf(t, d, "draws.csv", "b"), columnOf(t, d, "quantiles.csv", "b")
	var want []float64
	for _, rows := range [][]float64{draws[:4001], draws[4001:]} {
		slices.Sort(rows)
		want = append(want, rows[0], rows[2000], rows[3960])
	}
	if !slices.Equal(got, want) {
		t.Errorf("quantiles %v, want %v", got, want)
	}
	if lines := strings.Split(readFile(t, d, "quantiles.csv"), "\n"); lines[0] != "b,quantile,a,label" || !strings.HasSuffix(lines[6], ",0.99,1019.5,yes") {
		t.Errorf("header %s, last line %s", lines[0], lines[6])
	}
	mustRun(t, d, "sample", "--model", "model.safetensors", "-n", "10", "--quantile", "0.5", "--out", "middle.npy")
	for _, c := range []struct {
		word string
		line []string
	}{
		{"--quantile is 1.5", []string{"--quantile", "1.5"}},
		{"--log-prob", []string{"--quantile", "0.5", "--log-prob"}},
		{"at most 44739242", []string{"--quantile", "0.5", "-n", "44739243"}},
	} {
		mustFail(t, d, exitUsage, []string{c.word}, append([]string{"sample", "--model", "model.safetensors", "-n", "5", "--out", "x.csv"}, c.line...)...)
	}
}

// TestQuantileOf interpolates between two values.
func TestQuantileOf(t *testing.T) {
	for _, c := range []struct{ level, want float64 }{{0, 1}, {0.25, 2}, {0.5, 3}, {0.625, 5}, {1, 11}} {
		if got := quantileOf([]float64{1, 2, 3, 7, 11}, c.level); got != c.want {
			t.Errorf("the quantile %v is %v, want %v", c.level, got, c.want)
		}
	}
}
