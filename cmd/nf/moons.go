package main

import (
	"math"
	"runtime"

	"github.com/seed-192fdf7a/nf/internal/parallel"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// Two moons: a point is drawn uniformly from two half circles of radius 1, the
// upper one around (0, 0) and the lower one around (1, ½), and moved by normal
// noise of standard deviation moonNoise in both directions. Its density is the
// mean of the noise's over the half circles.
const moonNoise = 0.1

var moonColumns = []string{"x", "y"}

// drawMoons returns rows number first, first+1, …
func drawMoons(rows int, seed, first uint64) []float64 {
	noise := make([]float32, 2*rows)
	kernels.NormalRows(noise, rows, 2, seed, random.Noise, first)
	out := make([]float64, 0, 2*rows)
	var words [2]uint32
	for r := range rows {
		kernels.PhiloxWords(words[:], seed, random.Demo, first+uint64(r))
		x, y := moonPoint(words[0]>>31 == 1, float64(words[1])/(1<<32))
		out = append(out, x+float64(moonNoise*float64(noise[2*r])), y+float64(moonNoise*float64(noise[2*r+1])))
	}
	return out
}

// moonPoint is the point at u, from 0 to 1, of the way along a half circle.
func moonPoint(lower bool, u float64) (x, y float64) {
	sin, cos := kernels.SinCos2Pi64(u / 2)
	if lower {
		return 1 - cos, 0.5 - sin
	}
	return cos, sin
}

// moonDensity computes the exact density by the midpoint rule along the half
// circles, whose steps are a small part of the noise.
type moonDensity struct{ centers [][2]float64 }

func newMoonDensity() *moonDensity {
	const steps = 512 // of a half circle
	d := &moonDensity{}
	for i := range steps {
		for _, lower := range []bool{false, true} {
			x, y := moonPoint(lower, (float64(i)+0.5)/steps)
			d.centers = append(d.centers, [2]float64{x, y})
		}
	}
	return d
}

func (d *moonDensity) at(x, y float64) float64 {
	const precision = 1 / (moonNoise * moonNoise)
	var sum float64
	for _, c := range d.centers {
		dx, dy := x-c[0], y-c[1]
		sum += kernels.Exp64(-0.5 * precision * (float64(dx*dx) + float64(dy*dy)))
	}
	return sum * precision / (2 * math.Pi) / float64(len(d.centers))
}

// entropy is the mean of -log p over fresh rows.
func (d *moonDensity) entropy(rows int, seed, first uint64) float64 {
	points := drawMoons(rows, seed, first)
	values := make([]float64, rows)
	parallel.For(rows, runtime.GOMAXPROCS(0), func(_, r int) {
		values[r] = kernels.Log64(d.at(points[2*r], points[2*r+1]))
	})
	var sum float64
	for _, v := range values {
		sum += v
	}
	return -sum / float64(rows)
}
