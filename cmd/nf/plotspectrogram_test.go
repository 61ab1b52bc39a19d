package main

import (
	"bytes"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/internal/sound"
)

// TestPlotSpectrogram draws a tone, whose frequency is the brightest row, below silence.
func TestPlotSpectrogram(t *testing.T) {
	d := t.TempDir()
	const frames = 8000
	write := func(name string, of func(i int) float64) {
		var b bytes.Buffer
		values := make([]float64, frames)
		for i := range values {
			values[i] = 32768 + math.Round(of(i))
		}
		blocks := [][]float64{values, nil}
		err := sound.Write(&b, sound.Format{Rate: 8000, Channels: 1, Bits: 16}, frames, func() ([]float64, error) {
			block := blocks[0]
			blocks = blocks[1:]
			return block, nil
		})
		if err == nil {
			err = os.WriteFile(filepath.Join(d, name), b.Bytes(), 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	write("tone.wav", func(i int) float64 { return 16384 * math.Sin(2*math.Pi*(float64(i)+0.5)/8) })
	write("silence.wav", func(int) float64 { return 0 })
	r := mustRun(t, d, strings.Fields("plot spectrogram silence.wav tone.wav --names quiet,tone --out s.png")...)
	want := "quiet: samples=8000 seconds=1.000 root_mean_square=0.000000\ntone: samples=8000 seconds=1.000 root_mean_square=0.353557\n"
	if r.out != want {
		t.Errorf("it prints %q, want %q", r.out, want)
	}
	picture, err := png.Decode(strings.NewReader(readFile(t, d, "s.png")))
	if err != nil {
		t.Fatal(err)
	}
	// In the middle column of the picture, the white pixels lie a quarter of 0 to 4
	// kHz above the bottom of the lower plot.
	bounds := picture.Bounds()
	top, bottom, bright, brightest := 0, 0, 0, uint32(0)
	for y := bounds.Dy() / 2; y < bounds.Dy(); y++ {
		red, green, blue, _ := picture.At(bounds.Dx()/2, y).RGBA()
		if red+green+blue < 0x3000 { // black: within the plot
			if top == 0 {
				top = y
			}
			bottom = y
		}
		if light := red + green + blue; top > 0 && y < bottom+20 && light > brightest {
			bright, brightest = y, light
		}
	}
	if share := float64(bottom-bright) / float64(bottom-top); math.Abs(share-0.25) > 0.03 {
		t.Errorf("the tone of 1 kHz lies at %.3f of the height of 4 kHz (rows %d to %d, brightest %d)", share, top, bottom, bright)
	}
	mustRun(t, d, strings.Fields("plot spectrogram silence.wav --out s.png")...)
	for _, c := range []struct {
		line, want string
		code       int
	}{
		{"plot spectrogram --out s.png", "no .wav file", exitUsage},
		{"plot spectrogram tone.wav", "--out", exitUsage},
		{"plot spectrogram tone.wav --out s.svg", ".png", exitUsage},
		{"plot spectrogram tone.wav --names a,b --out s.png", "2 names, and there are 1", exitUsage},
		{"plot spectrogram tone.wav --frame 10 --out s.png", "--frame is 10", exitUsage},
		{"plot spectrogram tone.wav --frame 32768 --out s.png", "less than a frame of 32768", exitFailed},
		{"plot spectrogram tone.wav --seconds 0 --out s.png", "--seconds is 0", exitUsage},
		{"plot spectrogram . --out s.png", "2 sounds", exitUsage},
		{"plot spectrogram missing.wav --out s.png", "missing.wav", exitFailed},
	} {
		mustFail(t, d, c.code, []string{c.want}, strings.Fields(c.line)...)
	}
}
