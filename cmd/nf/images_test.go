package main

import (
	"encoding/binary"
	"encoding/json"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/flow"
)

// writeImages writes n images of 8 x 8 bytes, blobs of two kinds, as an IDX file,
// and their kinds as labels.
func writeImages(t *testing.T, directory, name string, n int) {
	t.Helper()
	raw := []byte{0, 0, 8, 3}
	labels := []byte{0, 0, 8, 1}
	for _, size := range []int{n, 8, 8} {
		raw = binary.BigEndian.AppendUint32(raw, uint32(size))
	}
	labels = binary.BigEndian.AppendUint32(labels, uint32(n))
	for i := range n {
		kind := i % 2
		cx, cy := 2+float64(i*7%13)/4, 2+float64(i*5%11)/3
		for y := range 8 {
			for x := range 8 {
				r := math.Hypot(float64(x)-cx, float64(y)-cy) - 2*float64(kind)
				raw = append(raw, byte(240*math.Exp(-r*r/2)))
			}
		}
		labels = append(labels, byte(kind))
	}
	for file, text := range map[string][]byte{name + "-images-ubyte": raw, name + "-labels-ubyte": labels} {
		if err := os.WriteFile(filepath.Join(directory, file), text, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

const trainImages = "train --data a-images-ubyte --layers 1 --width 4 --epochs 2 --batch 16 --seed 3"

// TestImages trains on images, and uses the model in every way.
func TestImages(t *testing.T) {
	d := t.TempDir()
	writeImages(t, d, "a", 60)
	writeImages(t, d, "b", 7)
	for _, family := range []string{"glow", "realnvp-image"} {
		if testing.Short() && family != "glow" {
			continue // for emulated processors, which are slow
		}
		var models []string
		for _, workers := range []string{"1", "2"} {
			r := mustRun(t, d, strings.Fields(trainImages+" --flip --logit 0.05 --out m.safetensors --flow "+family+" --workers "+workers)...)
			for _, want := range []string{"training on 54 images, validating on 6: 8 x 8 pixels of gray, 256 levels, uniform noise; bits/dim over all 64 values", "bits_per_dim=", "images_per_second="} {
				if !strings.Contains(r.out, want) {
					t.Errorf("%s says %q, want %q", family, r.out, want)
				}
			}
			models = append(models, readFile(t, d, "m.safetensors"))
		}
		if models[0] != models[1] {
			t.Errorf("%s: 2 workers train another model than one", family)
		}
		r := mustRun(t, d, strings.Fields("score --model m.safetensors --data b-images-ubyte --out scores.csv --json")...)
		var summary imageSummary
		if err := json.Unmarshal([]byte(r.out), &summary); err != nil || summary.Images != 7 || summary.BitsPerDim == nil {
			t.Fatalf("the summary is %s (%v)", r.out, err)
		}
		if bits, want := float64(*summary.BitsPerDim), -float64(summary.MeanLogProb)/(64*math.Ln2); math.Abs(bits-want) > 1e-9 {
			t.Errorf("%v bits/dim, the mean makes %v", bits, want)
		}
		if lines := strings.Count(readFile(t, d, "scores.csv"), "\n"); lines != 8 {
			t.Errorf("scores.csv has %d lines, want 8", lines)
		}
		for _, z := range []string{"z.npy", "z.csv"} {
			mustRun(t, d, strings.Fields("latent --model m.safetensors --data b-images-ubyte --out "+z)...)
			mustRun(t, d, strings.Fields("latent --model m.safetensors --inverse --data "+z+" --out back.npy")...)
			if back := readFile(t, d, "back.npy"); back[128:] != readFile(t, d, "b-images-ubyte")[16:] {
				t.Errorf("%s: the pixels do not come back from %s", family, z)
			}
		}
		mustRun(t, d, strings.Fields("sample --model m.safetensors -n 5 --temperature 0.7 --out sheet.png")...)
		sheet, err := png.Decode(strings.NewReader(readFile(t, d, "sheet.png")))
		if err != nil || sheet.Bounds().Dx() != 3*10+2 || sheet.Bounds().Dy() != 2*10+2 {
			t.Errorf("a sheet of 5 images is %v (%v)", sheet.Bounds(), err)
		}
		mustRun(t, d, strings.Fields("sample --model m.safetensors -n 3 --out three.npy")...)
		mustRun(t, d, strings.Fields("sample --model m.safetensors -n 300 --out many.npy")...)
		if three := readFile(t, d, "three.npy"); three[128:] != readFile(t, d, "many.npy")[128:128+3*64] {
			t.Error("the first samples depend on how many there are")
		}
		mustRun(t, d, strings.Fields("interpolate --model m.safetensors --data b-images-ubyte --from 2 --to 4 --steps 5 --out way.npy")...)
		way, images := readFile(t, d, "way.npy")[128:], readFile(t, d, "b-images-ubyte")[16:]
		if way[:64] != images[2*64:3*64] || way[4*64:] != images[4*64:5*64] {
			t.Error("the ends of an interpolation are not the images")
		}
	}
}

// TestAdviceOfPlainPixels trains on images that are mostly black, and on others.
func TestAdviceOfPlainPixels(t *testing.T) {
	d := t.TempDir()
	writeImages(t, d, "a", 60)
	const advice = "of the pixels have the least or the highest level: --logit 1e-06"
	plain := strings.Fields(trainImages + " --epochs 1 --flow glow --out m.safetensors")
	if r := mustRun(t, d, plain...); strings.Contains(r.errors, advice) {
		t.Errorf("advice without reason: %q", r.errors)
	}
	raw := []byte(readFile(t, d, "a-images-ubyte"))
	for i := range raw[16:] {
		if i%8 < 4 {
			raw[16+i] = 0
		}
	}
	writeFile(t, d, "a-images-ubyte", string(raw))
	if r := mustRun(t, d, plain...); !strings.Contains(r.errors, advice) {
		t.Errorf("no advice in %q", r.errors)
	}
	if r := mustRun(t, d, append(plain, "--logit", "1e-6")...); strings.Contains(r.errors, advice) {
		t.Errorf("advice that is followed: %q", r.errors)
	}
}

// TestOverflowIsNoScore scores and draws with a model whose values are as large as
// float32 has them.
func TestOverflowIsNoScore(t *testing.T) {
	d := t.TempDir()
	writeImages(t, d, "a", 20)
	mustRun(t, d, strings.Fields(trainImages+" --epochs 1 --flow glow --out m.safetensors")...)
	f, err := flow.Load(filepath.Join(d, "m.safetensors"))
	if err == nil {
		f.Model().Parameters().Edit(func(values []float32) {
			for i := range values {
				values[i] = 3e38
			}
		})
		err = f.Save(filepath.Join(d, "large.safetensors"))
	}
	if err != nil {
		t.Fatal(err)
	}
	r := mustRun(t, d, strings.Fields("score --model large.safetensors --data a-images-ubyte --out scores.csv")...)
	if !strings.Contains(r.errors, "20 of 20 images scored -Inf") || !strings.Contains(r.out, "mean_log_prob=-Inf standard_error=+Inf") {
		t.Errorf("it says %q and %q", r.out, r.errors)
	}
	if r := mustRun(t, d, strings.Fields("score --model large.safetensors --data a-images-ubyte --out scores.csv --json")...); !json.Valid([]byte(r.out)) {
		t.Errorf("the summary is %s", r.out)
	}
	mustRefuse(t, d, map[string]string{
		"sample --model m.safetensors -n 3 --out s.jpg":                                      "a sheet of images must end in .png",
		"train --flow glow --data a-images-ubyte --logit 1e-300 --out n.safetensors":         "--logit is 1e-300",
		"score --model m.safetensors --data a-images-ubyte --importance 9999999 --out s.csv": "--importance is 9999999",
	})
	if err := checkNumbers([]float64{0, math.Inf(1), math.NaN(), 0}, 2, "draw", 5); err == nil || !strings.Contains(err.Error(), "draw 6 comes out as NaN") {
		t.Errorf("of NaN it says %v", err)
	}
	if files := listing(t, d); strings.Contains(files, "/s.") {
		t.Errorf("something is half written: %s", files)
	}
}

// TestNetworksWithActNorm trains a Glow whose networks have ActNorm, which begins at the first
// minibatch.
func TestNetworksWithActNorm(t *testing.T) {
	d := t.TempDir()
	writeImages(t, d, "a", 60)
	mustRun(t, d, strings.Fields(trainImages+" --flow glow --actnorm --out m.safetensors")...)
	m, err := flow.Load(filepath.Join(d, "m.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	begun := 0
	for _, p := range m.Model().Parameters().All() {
		if strings.Contains(p.Name, ".conditioner.norms.") && strings.HasSuffix(p.Name, ".initialized") {
			begun += int(p.Values()[0])
		}
	}
	if begun == 0 {
		t.Error("no hidden layer was normalized by the first minibatch")
	}
	if r := nf(t, d, strings.Fields(trainImages+" --flow realnvp-image --actnorm --out n.safetensors")...); r.code == 0 || !strings.Contains(r.errors, "glow, emerging and periodic") {
		t.Errorf("--actnorm with realnvp-image: %v %q", r.code, r.errors)
	}
}

// TestClasses trains a model that is conditioned on classes.
func TestClasses(t *testing.T) {
	d := t.TempDir()
	writeImages(t, d, "a", 60)
	writeFile(t, d, "few.txt", "0\n1\n")
	writeFile(t, d, "other.txt", strings.Repeat("2\n", 60))
	writeFile(t, d, "t.csv", "x\n1\n")
	mustRun(t, d, strings.Fields(trainImages+" --flow glow --classes a-labels-ubyte --bits 5 --out m.safetensors")...)
	mustRun(t, d, strings.Fields("score --model m.safetensors --data a-images-ubyte --classes a-labels-ubyte --out scores.npy")...)
	mustRun(t, d, strings.Fields("sample --model m.safetensors -n 4 --out all.npy")...)
	mustRun(t, d, strings.Fields("sample --model m.safetensors -n 2 --class 1 --out ones.npy")...)
	all, ones := readFile(t, d, "all.npy")[128:], readFile(t, d, "ones.npy")[128:]
	if all[64:128] != ones[64:128] || all[:64] == ones[:64] {
		t.Error("sample number 1 is not of class 1 in turn, or number 0 is")
	}
	if i := slices.IndexFunc([]byte(all), func(v byte) bool { return v%8 != 0 }); i >= 0 {
		t.Errorf("a sample of 5 bits has the pixel %d", all[i])
	}
	mustRun(t, d, strings.Fields("interpolate --model m.safetensors --data a-images-ubyte --classes a-labels-ubyte --out way.png")...)
	writeImages(t, d, "b", 8)
	r := mustRun(t, d, strings.Fields(trainImages+" --flow glow --classes a-labels-ubyte --valid b-images-ubyte --valid-classes b-labels-ubyte --memory replay --out v.safetensors")...)
	for _, want := range []string{"training on 60 images, validating on 8", "memory replay: ", "MiB of tapes and activations"} {
		if !strings.Contains(r.out, want) {
			t.Errorf("training says %q, want %q", r.out, want)
		}
	}
	// The last images of one file validate as a file of their own does.
	first := mustRun(t, d, strings.Fields(trainImages+" --flow glow --valid-last 6 --out last.safetensors")...)
	if !strings.Contains(first.out, "training on 54 images, validating on 6") {
		t.Errorf("--valid-last 6 says %q", first.out)
	}
	raw := readFile(t, d, "a-images-ubyte")
	cut := func(name string, from, to int) {
		writeFile(t, d, name, string(binary.BigEndian.AppendUint32([]byte(raw[:4]), uint32(to-from)))+raw[8:16]+raw[16+64*from:16+64*to])
	}
	cut("c-images-ubyte", 0, 54)
	cut("d-images-ubyte", 54, 60)
	second := mustRun(t, d, strings.Fields(strings.Replace(trainImages, "a-images", "c-images", 1)+" --flow glow --valid d-images-ubyte --out file.safetensors")...)
	if a, b := first.out[strings.LastIndex(first.out, "best"):], second.out[strings.LastIndex(second.out, "best"):]; a != b {
		t.Errorf("--valid-last ends in %q, and the same images as --valid in %q", a, b)
	}
	for _, c := range []struct {
		line, want string
		code       int
	}{
		{"train --flow glow --data a-images-ubyte --valid-last 59 --out n.safetensors", "leaves fewer than two of the 60", exitUsage},
		{"train --flow glow --data a-images-ubyte --valid-last 0 --out n.safetensors", "--valid-last is 0", exitUsage},
		{"train --flow glow --data a-images-ubyte --valid-last 3 --valid b-images-ubyte --out n.safetensors", "not both", exitUsage},
		{"train --flow glow --data a-images-ubyte --valid-classes own --out n.safetensors", "--valid-classes is for", exitUsage},
		{"train --flow glow --data a-images-ubyte --valid b-images-ubyte --classes a-labels-ubyte --out n.safetensors", "give those of --valid as --valid-classes", exitUsage},
		{"train --flow maf --data t.csv --valid-last 3 --out n.safetensors", "--valid-last is not for", exitUsage},
		{"score --model m.safetensors --data a-images-ubyte --out s.csv", "give those of the images as --classes", exitUsage},
		{"score --model m.safetensors --data a-images-ubyte --classes few.txt --out s.csv", "2 labels, and there are 60 images", exitFailed},
		{"score --model m.safetensors --data a-images-ubyte --classes other.txt --out s.csv", `the class "2" is none of the model's: 0, 1`, exitFailed},
		{"score --model m.safetensors --data a-images-ubyte --keep id --out s.csv", "--keep is not for a model of images", exitUsage},
		{"score --model m.safetensors --data t.csv --out s.csv", "give it images", exitFailed},
		{"sample --model m.safetensors -n 1 --class 7 --out s.png", `the class "7" is none of the model's`, exitUsage},
		{"sample --model m.safetensors -n 20000 --out s.png", "a sheet has at most 10000 images", exitUsage},
		{"sample --model m.safetensors -n 1 --out s.csv", "give it images", exitFailed},
		{"interpolate --model m.safetensors --data a-images-ubyte --classes a-labels-ubyte --to 60 --out s.png", "the images are 0 to 59", exitUsage},
		{"interpolate --model m.safetensors --data a-images-ubyte --steps 1 --out s.png", "--steps is 1", exitUsage},
		{"train --flow glow --data a-images-ubyte --classes own --out n.safetensors", "has no classes of its own", exitFailed},
		{"train --flow glow --data a-images-ubyte --scales 4 --out n.safetensors", "can be halved 3 time(s)", exitFailed},
	} {
		mustFail(t, d, c.code, []string{c.want}, strings.Fields(c.line)...)
	}
}

// TestMintNetTellsItsResidual draws from a model whose inverse iterates, and takes noise
// back to images; others say nothing.
func TestMintNetTellsItsResidual(t *testing.T) {
	d := t.TempDir()
	writeImages(t, d, "a", 10)
	for flow, want := range map[string]string{"mintnet": "inverse residual=", "periodic": ""} {
		mustRun(t, d, strings.Fields(trainImages+" --flow "+flow+" --out m.safetensors")...)
		mustRun(t, d, strings.Fields("latent --model m.safetensors --data a-images-ubyte --out z.csv")...)
		for _, line := range []string{"sample --model m.safetensors -n 2 --out x.npy", "latent --model m.safetensors --data z.csv --inverse --out back.npy"} {
			r := mustRun(t, d, strings.Fields(line)...)
			if strings.Contains(r.out, "residual") != (want != "") || !strings.Contains(r.out, want) {
				t.Errorf("nf %s of %s says %q, want %q", line, flow, r.out, want)
			}
		}
	}
}

// TestTarFlow trains a small one with noise and without some classes, and draws in
// every way.
func TestTarFlow(t *testing.T) {
	d := t.TempDir()
	writeImages(t, d, "a", 40)
	r := mustRun(t, d, strings.Fields(trainImages+" --flow tarflow --noise 0.1 --classes a-labels-ubyte --class-dropout 0.1 --out m.safetensors")...)
	if !strings.Contains(r.out, "normal noise of 0.1 where they go from -1 to 1 (no bits/dim)") || strings.Contains(r.out, "bits_per_dim") {
		t.Errorf("training with noise says %q", r.out)
	}
	mustRun(t, d, strings.Fields(trainImages+" --flow tarflow --volume-preserving --out plain.safetensors")...)
	var all []string
	for i, how := range []string{"", "--denoise", "--guidance 4", "--guidance 4 --anneal-guidance", "--guidance 4 --attention-temperature 0.5 --denoise"} {
		mustRun(t, d, strings.Fields("sample --model m.safetensors -n 4 --class 1 --out x.npy "+how)...)
		all = append(all, readFile(t, d, "x.npy"))
		if i > 0 && slices.Contains(all[:i], all[i]) && i != 2 && i != 3 {
			t.Errorf("%q draws what another way does", how)
		}
	}
	r = mustRun(t, d, strings.Fields("sample --model m.safetensors -n 4 --class 1 --jacobi 2 --jacobi-blocks 2 --out x.npy")...)
	if readFile(t, d, "x.npy") != all[0] || !strings.Contains(r.out, "jacobi iterations=2 blocks=2 residual=0") {
		t.Errorf("Jacobi iterations say %q, or draw other samples", r.out)
	}
	writeFile(t, d, "t.csv", "x\n1\n2\n3\n4\n")
	mustRefuse(t, d, map[string]string{
		"sample --model plain.safetensors -n 1 --denoise --out x.npy":                                               "not trained with noise",
		"sample --model plain.safetensors -n 1 --guidance 1 --out x.npy":                                            "no classes",
		"sample --model m.safetensors -n 1 --guidance -1 --out x.npy":                                               "--guidance is -1",
		"sample --model m.safetensors -n 1 --attention-temperature 2 --out x.npy":                                   "for --guidance W",
		"sample --model m.safetensors -n 1 --jacobi-blocks 2 --out x.npy":                                           "--jacobi-blocks is for",
		"sample --model m.safetensors -n 1 --denoise --out x.csv":                                                   "--denoise is for a model of images",
		"train --flow tarflow --data a-images-ubyte --class-dropout 0.1 --out n.safetensors":                        "--class-dropout is for training with --classes",
		"train --flow tarflow --data a-images-ubyte --classes a-labels-ubyte --class-dropout 1 --out n.safetensors": "--class-dropout is 1",
		"train --flow glow --data a-images-ubyte --volume-preserving --out n.safetensors":                           "for tarflow",
		"train --flow tarflow --data a-images-ubyte --volume-preserving --bound 2 --out n.safetensors":              "bound",
		"train --flow glow --data a-images-ubyte --noise 0.1 --logit 0.05 --out n.safetensors":                      "logit",
	})
}

// TestDequantizationFlag trains with learned noise, and scores by many draws.
func TestDequantizationFlag(t *testing.T) {
	d := t.TempDir()
	writeImages(t, d, "a", 40)
	writeFile(t, d, "t.csv", "x\n1\n2\n3\n4\n")
	mustRun(t, d, strings.Fields(trainImages+" --flow glow --out default.safetensors")...)
	mustRun(t, d, strings.Fields(trainImages+" --flow glow --dequantization uniform --out uniform.safetensors")...)
	if readFile(t, d, "default.safetensors") != readFile(t, d, "uniform.safetensors") {
		t.Error("--dequantization uniform is not the default")
	}
	r := mustRun(t, d, strings.Fields(trainImages+" --flow glow --dequantization variational --out m.safetensors")...)
	if !strings.Contains(r.out, "256 levels, learned noise (a variational bound); bits/dim over all 64 values") {
		t.Errorf("training says %q", r.out)
	}
	var bits [2]float64
	for i, how := range []string{"", " --importance 8"} {
		r := mustRun(t, d, strings.Fields("score --model m.safetensors --data a-images-ubyte --out s.csv --json"+how)...)
		var s imageSummary
		if err := json.Unmarshal([]byte(r.out), &s); err != nil || s.BitsPerDim == nil || s.Importance != 8*i || strings.Contains(s.Counted, "by 8 draws") != (i == 1) {
			t.Fatalf("the summary is %s (%v)", r.out, err)
		}
		bits[i] = float64(*s.BitsPerDim)
	}
	if !(bits[1] < bits[0]) {
		t.Errorf("%v bits/dim by one draw, %v by eight", bits[0], bits[1])
	}
	// Flow++ as the paper has it, by its couplings and its noise.
	r = mustRun(t, d, strings.Fields(trainImages+" --flow flow++-image --scales 1 --dequantization variational --out paper.safetensors")...)
	if !strings.Contains(r.out, "learned noise (a variational bound)") {
		t.Errorf("training of flow++-image says %q", r.out)
	}
	r = mustRun(t, d, strings.Fields("score --model paper.safetensors --data a-images-ubyte --out s.csv --importance 2")...)
	if !strings.Contains(r.out, "bits_per_dim=") || !strings.Contains(r.out, "by 2 draws") {
		t.Errorf("score of flow++-image says %q", r.out)
	}
	mustRun(t, d, strings.Fields("sample --model paper.safetensors -n 2 --out x.npy")...)
	mustRun(t, d, strings.Fields(trainImages+" --flow tarflow --noise 0.1 --out noisy.safetensors")...)
	mustRun(t, d, strings.Fields("train --data t.csv --epochs 1 --out rows.safetensors")...)
	mustRefuse(t, d, map[string]string{
		"train --flow glow --data a-images-ubyte --dequantization none --out n.safetensors":                  `--dequantization is "none"`,
		"train --flow glow --data a-images-ubyte --dequantization variational --noise 1 --out n.safetensors": "give one of both",
		"train --data t.csv --dequantization variational --out n.safetensors":                                "--dequantization",
		"score --model m.safetensors --data a-images-ubyte --importance 0 --out s.csv":                       "--importance is 0",
		"score --model noisy.safetensors --data a-images-ubyte --importance 2 --out s.csv":                   "--importance is for models of whole numbers",
		"score --model rows.safetensors --data t.csv --importance 2 --out s.csv":                             "--importance is for images",
	})
}
