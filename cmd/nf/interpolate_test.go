package main

import (
	"math"
	"testing"
)

// TestInterpolateRows goes from one row of a table to another, on a line of the
// noise.
func TestInterpolateRows(t *testing.T) {
	d := workplace(t)
	mustRun(t, d, "interpolate", "--model", "model.safetensors", "--data", "data.csv", "--from", "2", "--to", "99", "--steps", "5", "--out", "way.csv")
	mustRun(t, d, "latent", "--model", "model.safetensors", "--data", "way.csv", "--out", "z.csv")
	for _, column := range []string{"a", "b", "c"} {
		way, rows := columnOf(t, d, "way.csv", column), columnOf(t, d, "data.csv", column)
		if len(way) != 5 || way[0] != rows[2] || way[4] != rows[99] {
			t.Errorf("column %s goes %v, want from %v to %v", column, way, rows[2], rows[99])
		}
	}
	for _, column := range []string{"z0", "z1", "z2"} {
		z := columnOf(t, d, "z.csv", column)
		for i, v := range z {
			if want := z[0] + (z[4]-z[0])*float64(i)/4; math.Abs(v-want) > 1e-4 {
				t.Errorf("%s of step %d is %v, want %v", column, i, v, want)
			}
		}
	}
	mustRun(t, d, append([]string{"train", "--data", "data.csv", "--columns", "b,c", "--context", "a", "--out", "given.safetensors"}, smallTraining...)...)
	mustRun(t, d, "interpolate", "--model", "given.safetensors", "--data", "data.csv", "--out", "given.npy")
	for _, c := range []struct {
		code  int
		words []string
		line  []string
	}{
		{exitUsage, []string{"--from is -1"}, []string{"--from", "-1"}},
		{exitUsage, []string{"--steps is 1"}, []string{"--steps", "1"}},
		{exitUsage, []string{"--classes"}, []string{"--classes", "data.csv"}},
		{exitFailed, []string{"300 rows", "row 300"}, []string{"--to", "300"}},
	} {
		mustFail(t, d, c.code, c.words, append([]string{"interpolate", "--model", "model.safetensors", "--data", "data.csv", "--out", "x.csv"}, c.line...)...)
	}
}
