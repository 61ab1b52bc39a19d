package main

import (
	"strings"
	"testing"
)

func TestWrongUsage(t *testing.T) {
	d := workplace(t)
	train := []string{"train", "--data", "data.csv", "--out", "m.safetensors"}
	score := []string{"score", "--model", "model.safetensors", "--data", "data.csv", "--out", "s.csv"}
	sample := []string{"sample", "--model", "model.safetensors", "--out", "s.csv"}
	for _, c := range []struct {
		base []string
		more string
		word string
	}{
		{nil, "", "no command"},
		{nil, "trian", "did you mean train"},
		{nil, "--bogus", "--bogus"},
		{nil, "help nothing", "nothing"},
		{nil, "train", "--data is required"},
		{nil, "train --data data.csv", "--out is required"},
		{nil, "train --data", "--data needs a value"},
		{nil, "inspect", "model file"},
		{nil, "inspect a b", `"b"`},
		{nil, "demo --out=", "--out"},
		{train, "extra", `"extra"`},
		{train, "--bogus", "--bogus"},
		{train, "--out m.bin", ".safetensors"},
		{train, "--data d.parquet", "Parquet"},
		{train, "--data d.xls", "--data is d.xls"},
		{train, "--valid v.xls", "--valid is v.xls"},
		{train, "--valid data.csv --valid-fraction 0.2", "not both"},
		{train, "--valid-fraction 1", "--valid-fraction"},
		{train, "--valid-fraction NaN", "--valid-fraction"},
		{train, "--data - --valid -", "standard input"},
		{train, "--columns a,a", "twice"},
		{train, "--columns=", "--columns is empty"},
		{train, "--exclude=", "--exclude is empty"},
		{train, "--context=", "--context is empty"},
		{train, "--on-bad-row nan", "fail or skip"},
		{train, "--support a=0x1p3:", "--support"},
		{train, "--support a=1_0:", "--support"},
		{train, "--columns a --context a", "both --context and --columns"},
		{train, "--exclude a --context a", "both --context and --exclude"},
		{train, "--header maybe", "--header"},
		{train, "--flow glaw", "naf or nice or nsf or nsf-ar or planar or radial or realnvp or residual-flow or sos or umnn; of images emerging or flow++-image or flow-matching-image or glow or mintnet or periodic or realnvp-image or tarflow"},
		{train, "--flow glow", "--data data.csv is no set of images: give a NumPy array"},
		{train, "--flow glow --hidden 8", "--hidden is not for --flow glow, which is a family for images"},
		{train, "--scales 2", "--scales is not for --flow realnvp, which is a family for a table"},
		{train, "--flow glow --data images.npy --bits 9", "--bits is 9; it must be 1 to 8"},
		{train, "--flow glow --data images.npy --levels 1", "--levels is 1"},
		{train, "--flow glow --data images.npy --width 0", "--width is 0"},
		{train, "--flow maf --masks halves", "--masks"},
		{train, "--flow realnvp --bins 4", "--bins"},
		{train, "--flow nsf --bins 200", "--bins"},
		{train, "--flow nice --residual", "--residual"},
		{train, "--flow nice --bound 2", "--bound"},
		{train, "--bound 0", "--bound"},
		{train, "--sigmoid-layers 2", "--sigmoid-layers: realnvp has no layers of sigmoids"},
		{train, "--flow naf --sigmoid-layers 0", "--sigmoid-layers is 0"},
		{train, "--flow naf --sigmoid-layers 9", "--sigmoid-layers: 9 layers of sigmoids: want 1 to 8"},
		{train, "--flow naf --sigmoid-layers 3 --components 1000", "parameters, at most"},
		{train, "--layers 0", "--layers"},
		{train, "--layers 1000000000", "--layers"},
		{train, "--hidden 8,x", "--hidden"},
		{train, "--hidden 0", "--hidden"},
		{train, "--masks no", "--masks"},
		{train, "--permutation no", "--permutation"},
		{train, "--base no", "--base"},
		{train, "--base uniform", "--base"},
		{train, "--flow nsf --base uniform", "only splines do"},
		{train, "--support a", "--support is \"a\""},
		{train, "--support a=1", "--support is \"a=1\""},
		{train, "--support a=x:1", "\"x\" is not a finite number"},
		{train, "--support a=0: --support a=:1", "twice"},
		{train, "--support a=2:1", "--support"},
		{train, "--support no=0:1", "no column"},
		{train, "--epochs 0", "--epochs"},
		{train, "--epochs many", "--epochs is \"many\", which is not a whole number"},
		{train, "--batch 0", "--batch"},
		{train, "--lr 0", "--lr"},
		{train, "--lr NaN", "--lr"},
		{train, "--schedule linear", "--schedule"},
		{train, "--clip -1", "--clip"},
		{train, "--clip inf", "0 for no limit"},
		{train, "--bins 0 --flow nsf", "--bins is 0"},
		{train, "--columns=", "--columns is empty"},
		{train, "--exclude=", "--exclude is empty"},
		{train, "--context=", "--context is empty"},
		{train, "--base=", "--base is empty"},
		{train, "--masks=", "--masks is empty"},
		{train, "--permutation=", "--permutation is empty"},
		{train, "--flow=", "--flow is empty"},
		{train, "--plot=", "--plot is empty"},
		{train, "--support=", "--support"},
		{score, "--on-bad-row=", "--on-bad-row is empty"},
		{sample, "-n 2 --context=", "--context is empty"},
		{train, "--patience -1", "--patience"},
		{train, "--optimizer sgd", "adam, adamw or adamax"},
		{train, "--optimizer=", "--optimizer is empty"},
		{train, "--weight-decay 0.1", "--weight-decay is 0.1; it must be 0, since the optimizer is adam"},
		{train, "--optimizer adamw --weight-decay -1", "--weight-decay"},
		{train, "--optimizer adamw --weight-decay inf", "--weight-decay"},
		{train, "--warmup -1", "--warmup"},
		{train, "--average 1", "at least 0 and below 1"},
		{train, "--average NaN", "--average"},
		{train, "--embedding 3", "no --context"},
		{train, "--context c --embedding 0", "--embedding is 0"},
		{train, "--context c --embedding 100000", "--embedding"},
		{train, "--memory none", "stored, replay or reversible"},
		{train, "--noise -1", "--noise"},
		{train, "--flow planar --hidden 8", "--hidden: planar has no networks"},
		{train, "--flow radial --context a", "--context: radial has no networks and no splines; it takes no context"},
		{train, "--flow planar --masks halves", "--masks"},
		{train, "--flow householder --base standard-normal", "--base"},
		{train, "--flow householder --batchnorm", "--batchnorm"},
		{train, "--flow householder --permutation lu", "--permutation"},
		{train, "--seed -1", "--seed"},
		{train, "--workers -1", "--workers"},
		{train, "--plot loss.gif", "--plot"},
		{nil, "import --weights w --config c --check c.npz", "--out is required"},
		{nil, "import --weights w --config c --check c.npz --out m.bin", ".safetensors"},
		{score, "--batch 0", "--batch"},
		{score, "--workers 100000", "--workers"},
		{score, "--on-bad-row ignore", "--on-bad-row"},
		{score, "--out s.xls", "--out is s.xls"},
		{score, "--out data.csv", "same file"},
		{score, "--out ./data.csv", "same file"},
		{score, "--label=", "--label"},
		{score, "--on-bad-row=", "--on-bad-row"},
		{score, "--on-bad-row ski", "--on-bad-row"},
		{score, "--keep=", "--keep is empty"},
		{score, "--keep a,a", "twice"},
		{score, "--keep log_prob", "already"},
		{score, "--keep anomaly --threshold 0", "already"},
		{score, "--keep label --out s.npy", "numbers alone"},
		{score, "--threshold NaN", "--threshold"},
		{score, "--threshold 1 --quantile 0.5", "not both"},
		{score, "--quantile 0", "--quantile"},
		{score, "--quantile 1", "--quantile"},
		{sample, "", "-n is required"},
		{sample, "-n 2 --out model.safetensors", "--out is model.safetensors"},
		{sample, "-n 0", "-n is 0"},
		{sample, "-n 2 --temperature 0", "--temperature"},
		{sample, "-n 2 --seed x", "--seed"},
	} {
		t.Run(strings.Join(c.base, " ")+" "+c.more, func(t *testing.T) {
			mustFail(t, d, exitUsage, []string{c.word}, append(c.base[:len(c.base):len(c.base)], strings.Fields(c.more)...)...)
		})
	}
}

func TestHelpAndVersion(t *testing.T) {
	d := t.TempDir()
	for _, line := range []string{"--help", "help train", "train --help", "score --help", "sample --help", "latent --help", "inspect --help", "demo --help", "import --help", "--version"} {
		if r := mustRun(t, d, strings.Fields(line)...); r.out == "" || r.errors != "" {
			t.Errorf("nf %s prints %q and %q", line, r.out, r.errors)
		}
	}
}

func TestWrongEnvironment(t *testing.T) {
	d := workplace(t)
	for _, variable := range []string{"NF_KERNELS=bogus", "NF_BLAS=bogus"} {
		for _, line := range []string{
			"inspect model.safetensors", "demo --out demo", "train --data data.csv --out m.safetensors",
			"score --model model.safetensors --data data.csv --out s.csv", "sample --model model.safetensors -n 1 --out s.csv",
			"latent --model model.safetensors --data data.csv --out s.csv",
		} {
			before := listing(t, d)
			c := command(t, d, strings.Fields(line)...)
			c.Env = append(c.Env, variable)
			expectFailure(t, finish(t, c), exitFailed, []string{"bogus", strings.Split(variable, "=")[0]}, strings.Fields(line))
			if listing(t, d) != before {
				t.Errorf("nf %s with %s left files", line, variable)
			}
		}
	}
}
