package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// TestMain runs the command itself when a test asks for it.
func TestMain(m *testing.M) {
	if os.Getenv("NFBENCH_TEST_RUN") == "1" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func run(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	c := exec.Command(os.Args[0], args...)
	c.Env = append(os.Environ(), "NFBENCH_TEST_RUN=1")
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		exit, ok := err.(*exec.ExitError)
		if !ok {
			t.Fatal(err)
		}
		code = exit.ExitCode()
	}
	return out.String(), errs.String(), code
}

func TestCommands(t *testing.T) {
	for want, args := range map[string][]string{
		"matmul":                            {"info"},
		"kernels/Exp/tier=reference/n=1024": {"kernels", "--sizes", "1024", "--only", "Exp|Adam", "--time", "1ms"},
		"nothing running":                   {"pauses", "--elements", "20000", "--only", "ReLU|Affine", "--time", "1ms"},
		"forward      2 16x16":              {"gemm", "--widths", "16", "--rows", "2", "--time", "1ms"},
		"forward      6 2x3     2x5":        {"conv", "--layers", "2x3:2x5", "--rows", "2", "--time", "1ms"},
		"matmul-share":                      {"score", "--rows", "3", "--layers", "2", "--hidden", "8", "--time", "1ms"},
	} {
		out, errs, code := run(t, args...)
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("%v: exit %d, %s%s: no %q", args, code, out, errs, want)
		}
		out, errs, code = run(t, append(args, "--json")...)
		if code != 0 {
			t.Errorf("%v --json: exit %d, %s", args, code, errs)
		}
		for line := range strings.Lines(out) {
			if !json.Valid([]byte(line)) {
				t.Errorf("%v --json prints %q", args, line)
			}
		}
	}
	if out, _, _ := run(t, "score", "--rows", "2", "--layers", "2", "--hidden", "8", "--time", "1ms", "--benchfmt"); !strings.Contains(out, "BenchmarkScore/") || !strings.Contains(out, "ns/op") {
		t.Errorf("--benchfmt prints %q", out)
	}
}

// TestRatios has a line for every ratio and SIMD tier, none of which the
// reference alone has.
func TestRatios(t *testing.T) {
	out, errs, code := run(t, "ratios", "--time", "1ms")
	if code != 0 {
		t.Fatalf("exit %d, %s", code, errs)
	}
	tiers := kernels.Tiers()[1:]
	for _, tier := range tiers {
		if !strings.Contains(out, tier.Name()) {
			t.Errorf("no line for %s:\n%s", tier.Name(), out)
		}
	}
	if len(tiers) == 0 {
		if !strings.Contains(out, "reference") {
			t.Errorf("without a SIMD tier it prints %q", out)
		}
	} else if !strings.Contains(out, "math.Exp/Exp") || !strings.Contains(out, "AffineForward/(Tanh+Exp)") {
		t.Errorf("it prints\n%s", out)
	}
	out, errs, code = run(t, "ratios", "--time", "1ms", "--json")
	if code != 0 {
		t.Errorf("--json: exit %d, %s", code, errs)
	}
	for line := range strings.Lines(out) {
		if !json.Valid([]byte(line)) {
			t.Errorf("--json prints %q", line)
		}
	}
}

func TestUsageErrorsExitWith2(t *testing.T) {
	for _, args := range [][]string{{"nothing"}, {"score", "--rows", "0"}, {"score", "--rows", "x"}, {"info", "extra"}, {"info", "--json", "--benchfmt"}, {"kernels", "--sizes", "3"}, {"kernels", "--only", "("}, {"kernels", "--only", "nonesuch"}, {"pauses", "--elements", "0"}, {"ratios", "--benchfmt"}, {"gemm", "--shapes", "3y4"}, {"gemm", "--rows", "0"}} {
		if _, errs, code := run(t, args...); code != 2 || errs == "" {
			t.Errorf("%v: exit %d, %q", args, code, errs)
		}
	}
	if _, errs, code := run(t, "score", "--model", "/nowhere/m.safetensors"); code != 1 || !strings.Contains(errs, "/nowhere") {
		t.Errorf("a missing model: exit %d, %q", code, errs)
	}
}

// TestAnomaly measures on a set of two columns, beside a table of others.
func TestAnomaly(t *testing.T) {
	words := make([]uint32, 2000)
	kernels.PhiloxWords(words, 1, random.Demo, 0)
	set := "a,b,label\n"
	for i := 0; i < len(words); i += 2 {
		a, b, label := float64(words[i])*0x1p-32, float64(words[i+1])*0x1p-32, 0
		if i%20 == 0 {
			a, label = a+5, 1
		}
		set += fmt.Sprintln(a, ",", b, ",", label)
	}
	folder := t.TempDir()
	data, published := filepath.Join(folder, "set.csv"), filepath.Join(folder, "published.csv")
	for path, text := range map[string]string{data: strings.ReplaceAll(set, " ", ""), published: "dataset,PCA,KNN\nset,100.5,10\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"anomaly", "--data", data, "--published", published, "--seeds", "1,2", "--layers", "2", "--hidden", "8", "--epochs", "5"}
	out, errs, code := run(t, args...)
	if code != 0 || !strings.Contains(out, "place 2 of 3") || !strings.Contains(out, "PCA 100.5 KNN 10.0") || !strings.Contains(out, "1000 rows, 2 columns, 100 anomalies") {
		t.Errorf("exit %d, %s%s", code, out, errs)
	}
	if out, errs, code = run(t, append(args, "--json")...); code != 0 {
		t.Errorf("--json: exit %d, %s", code, errs)
	}
	for line := range strings.Lines(out) {
		var d detected
		if err := json.Unmarshal([]byte(line), &d); err != nil || d.AUROC < 10 || d.AUROC > 100 || d.Others["PCA"] != 100.5 {
			t.Errorf("--json prints %q (%v)", line, err)
		}
	}
	for _, c := range []struct {
		want string
		code int
		args []string
	}{
		{"--data is required", 2, []string{"anomaly"}},
		{"--flow x is not known", 2, []string{"anomaly", "--data", data, "--flow", "x"}},
		{"benchfmt", 2, []string{"anomaly", "--data", data, "--benchfmt"}},
		{"absent.csv", 1, []string{"anomaly", "--data", filepath.Join(folder, "absent.csv")}},
		{"label", 1, []string{"anomaly", "--data", published}},
		{"is no number", 1, []string{"anomaly", "--data", data, "--published", data + ".gz"}},
	} {
		if err := os.WriteFile(data+".gz", []byte("a,b\n1,x\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, errs, code := run(t, c.args...); code != c.code || !strings.Contains(errs, c.want) {
			t.Errorf("%v: exit %d, %s: want %q", c.args, code, errs, c.want)
		}
	}
}
