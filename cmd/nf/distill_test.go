package main

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var quickStudent = []string{"--layers", "2", "--hidden", "12", "--likelihood-epochs", "6", "--epochs", "6", "--steps", "40", "--batch", "64", "--lr", "1e-2", "--measure", "4000"}

var divergences = regexp.MustCompile(`(?m)^kl=(\S+)±\S+ reverse_kl=(\S+)±\S+ teacher_log_prob=(\S+) student_log_prob=(\S+)$`)

// TestDistill makes a student of a teacher: it is near it, has the same bytes
// whatever the workers, and its file is a model as any other.
func TestDistill(t *testing.T) {
	d := t.TempDir()
	var rows strings.Builder
	rows.WriteString("a,b,c\n")
	for i := range 400 {
		u := float64(i*37%400)/100 - 2
		fmt.Fprintf(&rows, "%v,%v,%v\n", 5+u, 2*u+math.Sin(float64(i)), math.Exp(0.3*u+0.2*math.Cos(float64(3*i))))
	}
	writeFile(t, d, "data.csv", rows.String())
	for _, c := range []struct {
		name    string
		train   []string
		distill []string
	}{
		{"plain", []string{"--support", "c=0:"}, nil},
		{"conditional", []string{"--context", "a"}, []string{"--context", "data.csv"}},
	} {
		teacher, student := c.name+".safetensors", c.name+"-student.safetensors"
		mustRun(t, d, append([]string{"train", "--data", "data.csv", "--flow", "maf", "--layers", "2", "--hidden", "12", "--epochs", "8", "--lr", "1e-2", "--out", teacher}, c.train...)...)
		line := append(append([]string{"distill", "--teacher", teacher, "--out", student}, c.distill...), quickStudent...)
		r := mustRun(t, d, line...)
		found := divergences.FindStringSubmatch(r.out)
		if found == nil || strings.Count(r.out, "by=likelihood") != 6 || strings.Count(r.out, "by=divergence") != 6 {
			t.Fatalf("%s: the output is %s", c.name, r.out)
		}
		var figures [4]float64
		for i := range figures {
			var err error
			if figures[i], err = strconv.ParseFloat(found[i+1], 64); err != nil {
				t.Fatal(err)
			}
		}
		if figures[0] > 0.05 || figures[1] > 0.05 || math.Abs(figures[2]-figures[3]-figures[1]) > 2e-6 {
			t.Errorf("%s: kl %v, reverse_kl %v, log-densities %v and %v of the teacher's draws", c.name, figures[0], figures[1], figures[2], figures[3])
		}
		first := readFile(t, d, student)
		r = mustRun(t, d, append(line, "--workers", "3", "--quiet")...)
		if readFile(t, d, student) != first || strings.Count(r.out, "\n") != 1 {
			t.Errorf("%s: with other workers the student has other bytes, or --quiet is not: %s", c.name, r.out)
		}
		if inspected := mustRun(t, d, "inspect", student); !strings.Contains(inspected.out, "teacher_sha256") {
			t.Errorf("%s: inspect does not show the teacher: %s", c.name, inspected.out)
		}
		mustRun(t, d, "score", "--model", student, "--data", "data.csv", "--out", "scores.csv")
	}
}

// TestDistillErrors says what is wrong, and writes nothing.
func TestDistillErrors(t *testing.T) {
	d := t.TempDir()
	writeFile(t, d, "data.csv", "a,b\n1,2\n2,1\n3,5\n4,2\n5,9\n6,1\n0,3\n2,8\n1,1\n7,7\n")
	mustRun(t, d, "train", "--data", "data.csv", "--layers", "1", "--hidden", "4", "--epochs", "2", "--out", "m.safetensors")
	mustRun(t, d, "train", "--data", "data.csv", "--context", "b", "--layers", "1", "--hidden", "4", "--epochs", "2", "--out", "c.safetensors")
	for _, c := range []struct {
		code  int
		words []string
		line  []string
	}{
		{exitUsage, []string{"--teacher"}, []string{"--out", "s.safetensors"}},
		{exitUsage, []string{".safetensors"}, []string{"--teacher", "m.safetensors", "--out", "s.csv"}},
		{exitUsage, []string{"--flow"}, []string{"--teacher", "m.safetensors", "--out", "s.safetensors", "--flow", "no"}},
		{exitUsage, []string{"--steps"}, []string{"--teacher", "m.safetensors", "--out", "s.safetensors", "--steps", "0"}},
		{exitUsage, []string{"--lr"}, []string{"--teacher", "m.safetensors", "--out", "s.safetensors", "--lr", "-1"}},
		{exitUsage, []string{"--context", "contexts.xls"}, []string{"--teacher", "m.safetensors", "--out", "s.safetensors", "--context", "contexts.xls"}},
		{exitFailed, []string{"none.safetensors"}, []string{"--teacher", "none.safetensors", "--out", "s.safetensors"}},
		{exitFailed, []string{"conditioned on b"}, []string{"--teacher", "c.safetensors", "--out", "s.safetensors"}},
		{exitFailed, []string{"leave out --context"}, []string{"--teacher", "m.safetensors", "--out", "s.safetensors", "--context", "data.csv"}},
		{exitUsage, []string{"--coverage is 2"}, []string{"--teacher", "m.safetensors", "--out", "s.safetensors", "--coverage", "2"}},
		{exitFailed, []string{"mixture"}, []string{"--teacher", "m.safetensors", "--out", "s.safetensors", "--base", "mixture", "--likelihood-epochs", "0"}},
	} {
		mustFail(t, d, c.code, c.words, append([]string{"distill"}, c.line...)...)
	}
	mustFail(t, d, exitUsage, []string{"out", "teacher"}, "distill", "--teacher", "m.safetensors", "--out", "m.safetensors")
}
