package main

import (
	"math"
	"slices"
)

// flagging marks rows that score low, by a threshold or as the lowest part of
// all rows.
type flagging struct {
	byThreshold, byQuantile bool
	threshold, quantile     float64
	spread                  bool  // several models score, and how they differ is written too
	count                   int64 // of the rows flagged
}

func (f *flagging) on() bool { return f.byThreshold || f.byQuantile }

func (f *flagging) check() error {
	switch {
	case f.byThreshold && f.byQuantile:
		return usage("give --threshold or --quantile, not both")
	case f.byThreshold && math.IsNaN(f.threshold):
		return usage("--threshold is %v; it must be a number", f.threshold)
	case f.byQuantile && !(f.quantile > 0 && f.quantile < 1):
		return usage("--quantile is %v; it must be above 0 and below 1", f.quantile)
	}
	return nil
}

// header names the columns of numbers that score writes.
func (f *flagging) header() []string {
	names := []string{"log_prob"}
	if f.on() {
		names = append(names, "anomaly")
	}
	if f.spread {
		names = append(names, "log_prob_spread")
	}
	return names
}

// fill writes rows of the columns of header. With a quantile the flags are still
// to come.
func (f *flagging) fill(out, logProb, spread []float64) {
	width := len(f.header())
	for r, v := range logProb {
		row := out[r*width : (r+1)*width]
		row[0] = v
		if f.on() {
			row[1] = math.NaN()
		}
		if f.byThreshold {
			row[1] = f.of(v)
		}
		if f.spread {
			row[width-1] = spread[r]
		}
	}
}

// of is a row's flag.
func (f *flagging) of(logProb float64) float64 {
	switch {
	case math.IsNaN(logProb):
		return math.NaN()
	case logProb < f.threshold:
		f.count++
		return 1
	}
	return 0
}

// flagByQuantile takes the threshold from the rows that have a score, and flags
// all.
func (f *flagging) flagByQuantile(out []float64) {
	var scores []float64
	width := len(f.header())
	for at := 0; at < len(out); at += width {
		if v := out[at]; !math.IsNaN(v) {
			scores = append(scores, v)
		}
	}
	f.threshold = lowerQuantile(scores, f.quantile)
	for at := 0; at < len(out); at += width {
		out[at+1] = f.of(out[at])
	}
}

// lowerQuantile is number floor(q·n) of n values in ascending order, counted from
// 0, so that floor(q·n) of them are below it where none are equal; NaN of none. It
// sorts the values.
func lowerQuantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	slices.Sort(values)
	const rounding = 1e-12 // a product such as 0.29 · 100 may fall just short of a whole number
	at := int(float64(q * float64(len(values)) * (1 + rounding)))
	return values[min(at, len(values)-1)]
}
