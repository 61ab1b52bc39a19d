package main

import (
	"math"
	"testing"
)

// TestMoonDensity integrates the density and its entropy over the plane.
func TestMoonDensity(t *testing.T) {
	d := newMoonDensity()
	const step = 0.025
	var total, entropy float64
	for x := -1.8; x < 2.8; x += step {
		for y := -1.3; y < 1.8; y += step {
			p := d.at(x, y)
			total += p * step * step
			if p > 0 {
				entropy -= p * math.Log(p) * step * step
			}
		}
	}
	if math.Abs(total-1) > 1e-5 {
		t.Errorf("the density integrates to %v", total)
	}
	if mean := d.entropy(20000, 1, 0); math.Abs(mean-entropy) > 0.03 {
		t.Errorf("the entropy is %v by samples, %v by integration", mean, entropy)
	}
}

// TestMoonDensityAtAPoint compares with a fine integral at one point.
func TestMoonDensityAtAPoint(t *testing.T) {
	x, y := 0.3, 0.8
	var sum float64
	const steps = 200000
	for i := range steps {
		angle := math.Pi * (float64(i) + 0.5) / steps
		for _, c := range [][2]float64{{math.Cos(angle), math.Sin(angle)}, {1 - math.Cos(angle), 0.5 - math.Sin(angle)}} {
			dx, dy := (x-c[0])/moonNoise, (y-c[1])/moonNoise
			sum += math.Exp(-(dx*dx+dy*dy)/2) / (2 * math.Pi * moonNoise * moonNoise) / (2 * steps)
		}
	}
	if got := newMoonDensity().at(x, y); math.Abs(got-sum) > 1e-5*sum {
		t.Errorf("the density is %v, want %v", got, sum)
	}
}
