package main

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/internal/sound"
	"github.com/seed-192fdf7a/nf/kernels"
)

// writeSound writes a .wav file of so many samples x_t = 0.9·x_{t−1} + noise.
func writeSound(t *testing.T, directory, name string, bits, frames int) {
	t.Helper()
	noise := make([]float32, frames)
	kernels.NormalRows(noise, frames, 1, 5, random.Noise, uint64(frames))
	values, scale, x := make([]float64, frames), float64(int(1)<<bits)/32, 0.0
	for i, v := range noise {
		x = 0.9*x + float64(v)
		values[i] = math.Max(0, math.Min(math.Floor(float64(int(1)<<bits)/2+scale*x), float64(int(1)<<bits-1)))
	}
	file, err := os.Create(filepath.Join(directory, name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	err = sound.Write(file, sound.Format{Rate: 8000, Channels: 1, Bits: bits}, int64(frames), func() ([]float64, error) {
		block := values
		values = nil
		return block, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

const trainSound = "train --flow wavenet --length 16 --stacks 1 --layers 2 --width 4 --components 2 --epochs 2 --batch 4 --seed 3"

// TestSound trains on sound, scores it and draws some.
func TestSound(t *testing.T) {
	for _, bits := range []int{8, 16} {
		d := t.TempDir()
		if err := os.Mkdir(filepath.Join(d, "all"), 0o777); err != nil {
			t.Fatal(err)
		}
		writeSound(t, d, "all/a.wav", bits, 250)
		writeSound(t, d, "all/b.wav", bits, 100)
		writeSound(t, d, "c.wav", bits, 70)
		var models []string
		for _, how := range []string{"--data all --workers 1", "--data all/a.wav,all/b.wav --workers 2"} {
			r := mustRun(t, d, strings.Fields(trainSound+" --out m.safetensors "+how)...)
			for _, want := range []string{"training on 19 windows, validating on 2: 2 file(s), 14 samples at their ends left out, windows of 16 samples of mono at 8000 Hz, ", "bits_per_dim=", "windows_per_second="} {
				if !strings.Contains(r.out, want) {
					t.Errorf("training says %q, want %q", r.out, want)
				}
			}
			models = append(models, readFile(t, d, "m.safetensors"))
		}
		if models[0] != models[1] {
			t.Error("the names of files and the workers change the model")
		}
		var scores [2]string
		for i, workers := range []string{"1", "2"} {
			r := mustRun(t, d, strings.Fields("score --model m.safetensors --data c.wav --out scores.csv --json --workers "+workers)...)
			var s soundSummary
			if err := json.Unmarshal([]byte(r.out), &s); err != nil || s.Windows != 4 || s.Left != 6 {
				t.Fatalf("the summary is %s (%v)", r.out, err)
			}
			if got, want := float64(s.BitsPerDim), float64(s.NatsPerSample)/math.Ln2; math.Abs(got-want) > 1e-9 {
				t.Errorf("%v bits, %v nats", got, s.NatsPerSample)
			}
			scores[i] = readFile(t, d, "scores.csv")
		}
		if scores[0] != scores[1] || strings.Count(scores[0], "\n") != 5 {
			t.Errorf("the scores are %q and %q", scores[0], scores[1])
		}
		mustRun(t, d, strings.Fields("score --model m.safetensors --data c.wav --length 70 --out scores.csv")...)
		if lines := strings.Count(readFile(t, d, "scores.csv"), "\n"); lines != 2 {
			t.Errorf("the scores of one long window have %d lines", lines)
		}
		mustRun(t, d, strings.Fields("sample --model m.safetensors -n 3 --out x.wav --workers 1")...)
		mustRun(t, d, strings.Fields("sample --model m.safetensors -n 2 --out y.wav --workers 2")...)
		x, y := readFile(t, d, "x.wav"), readFile(t, d, "y.wav")
		if len(x) != 44+3*16*bits/8 || x[44:len(y)] != y[44:] {
			t.Errorf("draws are %d bytes, and others with fewer of them", len(x))
		}
		mustRun(t, d, strings.Fields("sample --model m.safetensors -n 1 --length 40 --out z.wav")...)
		if z := readFile(t, d, "z.wav"); len(z) != 44+40*bits/8 || z[44:44+16*bits/8] != x[44:44+16*bits/8] {
			t.Error("a longer draw begins otherwise")
		}
	}
}

// TestDistillStereo makes a student of a teacher of two channels.
func TestDistillStereo(t *testing.T) {
	d := t.TempDir()
	file, err := os.Create(filepath.Join(d, "stereo.wav"))
	if err != nil {
		t.Fatal(err)
	}
	values := make([]float64, 400)
	for i := range values {
		values[i] = float64(i * 37 % 256)
	}
	if err := sound.Write(file, sound.Format{Rate: 8000, Channels: 2, Bits: 8}, 200, func() ([]float64, error) {
		block := values
		values = nil
		return block, nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	mustRun(t, d, strings.Fields(trainSound+" --data stereo.wav --out teacher.safetensors")...)
	r := mustRun(t, d, strings.Fields("distill --teacher teacher.safetensors --flow wavenet-iaf --blocks 1 --layers 2 --width 4 --epochs 2 --steps 6 --lr 2e-2 --measure 4 --power 0.1 --frame 8 --out s.safetensors")...)
	if !strings.Contains(r.out, "windows of 16 samples") || !strings.Contains(r.out, "kl_per_sample=") {
		t.Errorf("the output is %q", r.out)
	}
	mustRun(t, d, strings.Fields("sample --model s.safetensors -n 2 --length 30 --out x.wav")...)
	if x := readFile(t, d, "x.wav"); len(x) != 44+2*30*2 {
		t.Errorf("draws are %d bytes", len(x))
	}
}

// TestDistillSound makes of a model of sound a student that draws at once.
func TestDistillSound(t *testing.T) {
	d := t.TempDir()
	writeSound(t, d, "a.wav", 16, 400)
	mustRun(t, d, strings.Fields(trainSound+" --data a.wav --out teacher.safetensors")...)
	line := "distill --teacher teacher.safetensors --flow wavenet-iaf --blocks 1 --layers 2 --width 4 --epochs 3 --steps 6 --lr 2e-2 --length 12 --measure 4 --power 0.1 --frame 8 --out s.safetensors"
	r := mustRun(t, d, strings.Fields(line)...)
	for _, want := range []string{"windows of 12 samples", "by=divergence epoch=3", "kl_per_sample="} {
		if !strings.Contains(r.out, want) {
			t.Errorf("the output is %q, want %q", r.out, want)
		}
	}
	first := readFile(t, d, "s.safetensors")
	mustRun(t, d, strings.Fields(line+" --workers 3")...)
	if readFile(t, d, "s.safetensors") != first {
		t.Error("with other workers the student has other bytes")
	}
	mustRun(t, d, strings.Fields("sample --model s.safetensors -n 2 --length 30 --out x.wav")...)
	if x := readFile(t, d, "x.wav"); len(x) != 44+2*30*2 {
		t.Errorf("draws are %d bytes", len(x))
	}
	for _, args := range []string{"--likelihood-epochs 2", "--coverage 0.5", "--draws 3", "--power -1", "--frame 7", "--components 3", "--length 1", "--steps 0"} {
		mustFail(t, d, exitUsage, []string{args[:8]}, strings.Fields(line+" "+args)...)
	}
	mustFail(t, d, exitFailed, []string{"its student is --flow wavenet-iaf"}, strings.Fields("distill --teacher teacher.safetensors --out s.safetensors")...)
	mustFail(t, d, exitUsage, []string{"draws sample by sample"}, strings.Fields(line+" --flow wavenet")...)
}

// TestSoundUsage asks for what cannot be.
func TestSoundUsage(t *testing.T) {
	d := t.TempDir()
	writeSound(t, d, "a.wav", 16, 250)
	if err := os.WriteFile(filepath.Join(d, "bad.wav"), []byte("RIFF    WAVEfmt \xff\xff\xff\x7f"), 0o666); err != nil {
		t.Fatal(err)
	}
	mustRun(t, d, strings.Fields(trainSound+" --data a.wav --out m.safetensors")...)
	mustRefuse(t, d, map[string]string{
		trainSound + " --data a.npy --out n.safetensors":                                   "is no sound",
		trainSound + " --data bad.wav --out n.safetensors":                                 "cut short",
		trainSound + " --data none.wav --out n.safetensors":                                "cannot open the sounds",
		trainSound + " --data a.wav --length 100 --out n.safetensors":                      "need three",
		trainSound + " --data a.wav --length 251 --out n.safetensors":                      "smaller --length",
		trainSound + " --data a.wav --gaussian --out n.safetensors":                        "--components is of a mixture",
		trainSound + " --data a.wav --scales 2 --out n.safetensors":                        "--scales is not for --flow wavenet",
		"train --data a.wav --flow wavenet-iaf --out n.safetensors":                        "nf distill",
		"train --data a.wav --flow realnvp --length 9 --out n.safetensors":                 "--length is not for --flow realnvp",
		"score --model m.safetensors --data bad.wav --out s.csv":                           "cut short",
		"score --model m.safetensors --data a.wav --length 0 --out s.csv":                  "--length is 0",
		"score --model m.safetensors --data a.wav --keep id --out s.csv":                   "--keep is not for a model of sound",
		"sample --model m.safetensors -n 1 --length 9 --out s.csv":                         "--length is for a model of sound",
		"sample --model m.safetensors -n 1 --class 1 --out s.wav":                          "--class is not for a model of sound",
		"latent --model m.safetensors --data a.wav --out s.csv":                            "",
		"sample --model m.safetensors -n 1 --length 2000000000 --temperature 0 --out .wav": "--temperature",
	})
}
