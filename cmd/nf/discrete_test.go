package main

import (
	"math"
	"strconv"
	"strings"
	"testing"
)

// TestDiscrete trains on counts and on values rounded to tenths, scores and draws.
func TestDiscrete(t *testing.T) {
	d := t.TempDir()
	rows := func(n int) string {
		return tableText(n, "x,n,r", func(i int, x, y float64) []any {
			return []any{x, 2 + i*i%5, strconv.FormatFloat(y, 'f', 1, 64)}
		})
	}
	writeFile(t, d, "data.csv", rows(200))
	writeFile(t, d, "off.csv", rows(100)+"1,2.5,0\n")
	const training = "train --out m.safetensors --epochs 3 --batch 50 --lr 3e-3 --layers 2 --hidden 8 "
	r := mustRun(t, d, strings.Fields(training+"--data data.csv --discrete n,r=0.1")...)
	if !strings.Contains(r.out, "discrete: n (step 1), r (step 0.1); 360 training values in 2 column(s)") {
		t.Errorf("it says %q", r.out)
	}
	if strings.Contains(r.errors, "few distinct values") {
		t.Errorf("it advises what is done: %q", r.errors)
	}
	shown := mustRun(t, d, "inspect", "m.safetensors").out
	for _, word := range []string{"format version 2", "n         1     0", "r         0.1   0", "data.discrete_values", "n, r=0.1"} {
		if !strings.Contains(shown, word) {
			t.Errorf("inspect does not tell %q: %s", word, shown)
		}
	}

	// All values of a cell score the same, and rows come back from their latents.
	writeFile(t, d, "cells.csv", "x,n,r\n0.5,3,0.3\n0.5,3.7,0.30000000000000004\n0.5,4,0.3\n")
	mustRun(t, d, strings.Fields("score --model m.safetensors --data cells.csv --out scores.csv --quiet")...)
	scores := strings.Fields(readFile(t, d, "scores.csv"))
	if len(scores) != 4 || scores[1] != scores[2] || scores[2] == scores[3] {
		t.Errorf("the scores are %v", scores)
	}
	mustRun(t, d, strings.Fields("latent --model m.safetensors --data cells.csv --out z.csv --quiet")...)
	mustRun(t, d, strings.Fields("latent --model m.safetensors --data z.csv --out back.csv --inverse --quiet")...)
	if back := strings.Split(readFile(t, d, "back.csv"), "\n")[2]; !strings.Contains(back, ",3,0.3") {
		t.Errorf("0.5, 3.7, 0.3 comes back as %s", back)
	}

	// Samples are values of the grid, and score what they are said to.
	mustRun(t, d, strings.Fields("sample --model m.safetensors -n 200 --log-prob --out draws.csv --quiet")...)
	mustRun(t, d, strings.Fields("score --model m.safetensors --data draws.csv --out scores.csv --quiet")...)
	scores = strings.Fields(readFile(t, d, "scores.csv"))
	for i, line := range strings.Fields(readFile(t, d, "draws.csv"))[1:] {
		cells := strings.Split(line, ",")
		n, err := strconv.ParseFloat(cells[1], 64)
		if err != nil || n != math.Round(n) || cells[3] != scores[i+1] {
			t.Fatalf("the draw %s scores %s", line, scores[i+1])
		}
	}

	for _, c := range []struct {
		code  int
		words []string
		more  string
	}{
		{exitFailed, []string{"off.csv", "row 101", `"n"`, "2.5", "0 + k*1"}, "--data off.csv --discrete n=1"},
		{exitFailed, []string{"off.csv", "row 101", `"n"`, "2.5"}, "--data data.csv --valid off.csv --discrete n"},
		{exitFailed, []string{"data.csv", "row ", `"x"`, "smallest difference", "=STEP"}, "--data data.csv --discrete x"},
		{exitUsage, []string{`"m"`, "none of the columns", "x, n, r"}, "--data data.csv --discrete m"},
		{exitUsage, []string{"n=-1", "above 0"}, "--data data.csv --discrete n=-1"},
		{exitUsage, []string{`"n" twice`}, "--data data.csv --discrete n,n=2"},
		{exitUsage, []string{"--discrete is empty"}, "--data data.csv --discrete="},
		{exitUsage, []string{"--discrete", "--support"}, "--data data.csv --discrete n --support n=0:"},
		{exitUsage, []string{"--discrete", "--context"}, "--data data.csv --discrete n --context n"},
	} {
		mustFail(t, d, c.code, c.words, strings.Fields(strings.Replace(training, "m.saf", "other.saf", 1)+c.more)...)
	}
}
