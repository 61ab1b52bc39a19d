package main

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// tableText is a CSV of columns that row makes of its number and two
// coordinates of two moons.
func tableText(rows int, header string, row func(i int, x, y float64) []any) string {
	var b strings.Builder
	b.WriteString(header + "\n")
	points := drawMoons(rows, 5, 0)
	for i := range rows {
		cells := fmt.Sprintln(row(i, points[2*i], points[2*i+1])...)
		b.WriteString(strings.ReplaceAll(strings.TrimSpace(cells), " ", ",") + "\n")
	}
	return b.String()
}

// TestTrainingAdvice trains on tables that cannot come out well, and on some
// that can.
func TestTrainingAdvice(t *testing.T) {
	d := t.TempDir()
	one := tableText(200, "x", func(_ int, x, _ float64) []any { return []any{x} })
	fine := tableText(200, "x,y", func(_ int, x, y float64) []any { return []any{x, y} })
	few := tableText(200, "x,k,l", func(i int, x, y float64) []any { return []any{x, i % 3, float64(min(i%5, 1)) * y} })
	equal := tableText(200, "x,y,z", func(_ int, x, y float64) []any { return []any{x, y, x} })
	twice := tableText(200, "x,y,z", func(_ int, x, y float64) []any { return []any{x, y, 3 - 2*y} })
	sum := tableText(200, "x,y,u,s", func(i int, x, y float64) []any {
		u := float64(i*i%101) / 7
		return []any{x, y, u, fmt.Sprintf("%.7f", x-3*y+5)}
	})
	large := tableText(200, "x,y", func(_ int, x, y float64) []any { return []any{x * 1e153, y} })
	for name, c := range map[string]struct{ text, more, want string }{
		"a large unit":            {large, "", ""},
		"one column":              {one, "", "with one column and no context --flow realnvp is one affine map.*nsf"},
		"one column, mixture":     {one, "--base mixture", ""},
		"one column, spline":      {one, "--flow nsf", ""},
		"two columns":             {fine, "", ""},
		"few values":              {few, "", `few distinct values in k, l, .*--discrete k,l .*--noise.*--exclude k,l`},
		"few values, discrete":    {few, "--discrete k --exclude l --flow nsf", ""},
		"few values, noise":       {few, "--noise 0.1", ""},
		"few values, left out":    {few, "--columns x --flow nsf", ""},
		"an equal column":         {equal, "", `column "z" equals "x".*--exclude z`},
		"a multiple":              {twice, "", `column "z" is a multiple of "y"`},
		"a sum":                   {sum, "", `column "s" is a linear sum of x, y,`},
		"one column with context": {fine, "--context y", ""},
	} {
		t.Run(name, func(t *testing.T) {
			writeFile(t, d, "data.csv", c.text)
			line := "train --data data.csv --out m.safetensors --epochs 60 --patience 5 --lr 3e-3 --layers 2 --hidden 8 --quiet " + c.more
			r := mustRun(t, d, strings.Fields(line)...)
			// How the training ended is another matter.
			r.errors = regexp.MustCompile("nf train: the last epoch .*\n").ReplaceAllString(r.errors, "")
			lines := strings.Split(strings.TrimSuffix(r.errors, "\n"), "\n")
			switch {
			case c.want == "" && r.errors != "":
				t.Errorf("it says %q", r.errors)
			case c.want != "" && (len(lines) != 1 || !regexp.MustCompile("^nf train: "+c.want).MatchString(lines[0])):
				t.Errorf("it says %q, want one line with %q", r.errors, c.want)
			}
		})
	}
}

// TestRowsBeyondFloat32InTraining names the row where it stands.
func TestRowsBeyondFloat32InTraining(t *testing.T) {
	d := t.TempDir()
	fine := tableText(60, "x,y", func(_ int, x, y float64) []any { return []any{x, y} })
	writeFile(t, d, "data.csv", fine)
	writeFile(t, d, "far.csv", "x,y\n1,2\n1,?\n0,-1e300\n")
	writeFile(t, d, "all.csv", fine+"1e300,0\n")
	line := func(more string) []string {
		return strings.Fields("train --out m.safetensors --epochs 1 --layers 2 --hidden 8 --quiet --on-bad-row skip " + more)
	}
	for _, more := range []string{"", " --context y --columns x"} {
		r := nf(t, d, line("--data data.csv --valid far.csv"+more)...)
		if want := `far.csv: good row 2, column "y": -1e+300 is so far`; r.code != exitFailed || !strings.Contains(r.errors, want) {
			t.Errorf("it says %q, want %q in it", r.errors, want)
		}
	}
	writeFile(t, d, "far.csv", "x,y\n1,2\n0,-1e300\n")
	mustFail(t, d, exitFailed, []string{`far.csv: row 2, column "y": -1e+300 is so far`}, line("--data data.csv --valid far.csv")...)
	mustFail(t, d, exitFailed, []string{`"x"`, "standardize"}, line("--data all.csv")...)
}

// TestTheStartIsKept trains what can only become worse: the old model stays.
func TestTheStartIsKept(t *testing.T) {
	for name, c := range map[string]struct{ more, want string }{
		"diverges":          {"--epochs 30 --lr 9e5 --schedule constant --clip 0 --batch 50", "diverged at .*nothing was written"},
		"ends worse":        {"--epochs 1 --lr 1 --batch 300", "no epoch was better than the start.*nothing was written"},
		"batches of one":    {"--epochs 1 --batchnorm --batch 1 --lr 10", "nothing was written"},
		"clips, then grows": {"--epochs 20 --lr 1000 --schedule constant", "nothing was written"},
	} {
		t.Run(name, func(t *testing.T) {
			d := workplace(t)
			old := readFile(t, d, "model.safetensors")
			line := "train --data data.csv --exclude label --out model.safetensors --layers 3 --hidden 16,16 --quiet --plot loss.png " + c.more
			before := listing(t, d)
			r := nf(t, d, strings.Fields(line)...)
			expectFailure(t, r, exitFailed, nil, strings.Fields(line))
			if !regexp.MustCompile(c.want).MatchString(r.errors) {
				t.Errorf("it says %q, want %q", r.errors, c.want)
			}
			if after := listing(t, d); after != before || readFile(t, d, "model.safetensors") != old {
				t.Errorf("the files were\n%s and are\n%s", before, after)
			}
		})
	}
}

// TestHeavyTailsAreNamed trains to nothing on a column with a row far out, and on
// one without.
func TestHeavyTailsAreNamed(t *testing.T) {
	d := t.TempDir()
	for name, far := range map[string]string{"tame": "0", "heavy": "-1e4"} {
		writeFile(t, d, name+".csv", tableText(3000, "x,y", func(_ int, x, y float64) []any { return []any{x, y} })+"0,"+far+"\n")
		line := "train --out m.safetensors --layers 2 --hidden 4 --epochs 1 --lr 3 --batch 2000 --quiet --data " + name + ".csv --valid " + name + ".csv"
		for more, want := range map[string]bool{"": name == "heavy", " --base student-t": false} {
			r := nf(t, d, strings.Fields(line+more)...)
			expectFailure(t, r, exitFailed, []string{"no epoch was better than the start", "nothing was written"}, strings.Fields(line+more))
			if got := strings.Contains(r.errors, `column "y" goes to 55 standard deviations from its mean: for tails as heavy take --base student-t`); got != want {
				t.Errorf("%s%s: it says %q", name, more, r.errors)
			}
		}
	}
}

// TestTheLogNamesItsModel holds the hash in the log against the model beside it.
func TestTheLogNamesItsModel(t *testing.T) {
	d := workplace(t)
	mustRun(t, d, append(strings.Fields("train --data data.csv --exclude label --out m.safetensors"), smallTraining...)...)
	var log struct {
		Hash  string  `json:"model_sha256"`
		Start float64 `json:"start_valid_nll"`
		Best  float64 `json:"best_valid_nll"`
	}
	if err := json.Unmarshal([]byte(readFile(t, d, "m.safetensors.log.json")), &log); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(readFile(t, d, "m.safetensors")))
	if log.Hash != hex.EncodeToString(sum[:]) {
		t.Errorf("the log says %q, the model's SHA-256 is %x", log.Hash, sum)
	}
	if !(log.Best < log.Start) {
		t.Errorf("the start had %v, the best epoch %v", log.Start, log.Best)
	}
}

// TestNothingIsOverwrittenThroughLinks names inputs as outputs, by symbolic and
// by hard links, in every command.
func TestNothingIsOverwrittenThroughLinks(t *testing.T) {
	d := workplace(t)
	writeFile(t, d, "valid.csv", rowsText(50))
	for _, make := range []func(string, string) error{
		func(to, name string) error { return os.Symlink(to, filepath.Join(d, name)) },
		func(to, name string) error { return os.Link(filepath.Join(d, to), filepath.Join(d, name)) },
	} {
		links := map[string]string{
			"data.png": "data.csv", "data.safetensors": "data.csv", "valid.png": "valid.csv", "data2.csv": "data.csv", "model.npy": "model.safetensors",
			"x.safetensors.log.json": "data.csv", "model2.safetensors": "model.safetensors", "model3.safetensors": "model.safetensors",
		}
		for name, to := range links {
			if err := make(to, name); err != nil {
				t.Fatal(err)
			}
		}
		for _, line := range []string{
			"train --data data.csv --out m.safetensors --plot data.png",
			"train --data data.csv --out data.safetensors",
			"train --data data.csv --valid valid.csv --out m.safetensors --plot valid.png",
			"train --data data.csv --out x.safetensors",
			"score --model model.safetensors --data data.csv --out data2.csv",
			"score --model model.safetensors --data data.csv --out model.npy",
			"latent --model model.safetensors --data data.csv --out data2.csv",
			"latent --model model.safetensors --data data.csv --out model.npy",
			"sample --model model.safetensors -n 3 --out model.npy",
			"sample --model model.safetensors -n 3 --context data.csv --out data2.csv",
			"import --weights model.safetensors --config c --check k --out model2.safetensors",
			"import --weights w --config c --check model2.safetensors --out model3.safetensors",
		} {
			mustFail(t, d, exitUsage, []string{"are the same file"}, strings.Fields(line)...)
		}
		for name := range links {
			if err := os.Remove(filepath.Join(d, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestTooLargeANetwork must be refused before it is made.
func TestTooLargeANetwork(t *testing.T) {
	d := workplace(t)
	for _, line := range []string{"--hidden 65536,65536 --layers 40", "--hidden 4096,4096,4096,4096 --layers 1024", "--flow nsf-ar --hidden 65536,65536,65536 --layers 40"} {
		mustFail(t, d, exitFailed, []string{"parameters", "GiB to train", "fewer --layers"},
			strings.Fields("train --data data.csv --out m.safetensors "+line)...)
	}
}

// TestLongName trains to a name whose log's name no file system takes.
func TestLongName(t *testing.T) {
	d := workplace(t)
	name := strings.Repeat("n", 255-len(".safetensors")) + ".safetensors"
	mustFail(t, d, exitFailed, []string{".log.json: file name too long"}, append(strings.Fields("train --data data.csv --out "+name), smallTraining...)...)
}

// TestProvenanceHashesTheData holds the hash of the data in a model against one
// computed here: the float64 values of --data, then of --valid.
func TestProvenanceHashesTheData(t *testing.T) {
	d := t.TempDir()
	digest := sha256.New()
	for _, name := range []string{"data.csv", "valid.csv"} {
		text := tableText(40+len(name), "x,y", func(i int, x, y float64) []any {
			row := []any{x + float64(len(name)), float64(i % 7)}
			for _, v := range row {
				digest.Write(binary.LittleEndian.AppendUint64(nil, math.Float64bits(v.(float64))))
			}
			return row
		})
		writeFile(t, d, name, text)
	}
	mustRun(t, d, strings.Fields("train --data data.csv --valid valid.csv --noise 0.1 --out m.safetensors --layers 2 --hidden 8 --epochs 20 --lr 1e-2 --quiet")...)
	if want := hex.EncodeToString(digest.Sum(nil)); !strings.Contains(mustRun(t, d, "inspect", "m.safetensors").out, want) {
		t.Errorf("the model does not name the data's SHA-256 %s", want)
	}
}
