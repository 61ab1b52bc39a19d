package main

import (
	"math"

	"github.com/spf13/cobra"
)

// runningMean is the mean of log-densities and its standard error; differences from
// the first one keep the digits. With one of -Inf the mean is that.
type runningMean struct {
	count, infinite     int
	first, sum, squares float64
}

func (m *runningMean) add(values ...float64) {
	for _, v := range values {
		switch {
		case math.IsInf(v, -1):
			m.infinite++
			continue
		case m.count == 0:
			m.first = v
		}
		m.count++
		m.sum += v - m.first
		m.squares += float64((v - m.first) * (v - m.first))
	}
}

func (m *runningMean) mean() float64 {
	if m.infinite > 0 {
		return math.Inf(-1)
	}
	return m.first + m.sum/float64(m.count)
}

func (m *runningMean) standardError() float64 {
	if m.infinite > 0 {
		return math.Inf(1)
	}
	n, mean := float64(m.count), m.sum/float64(m.count)
	return math.Sqrt(max(0, m.squares/n-float64(mean*mean)) / n)
}

// warn says how many events have no density.
func (m *runningMean) warn(command *cobra.Command, unit string) {
	if m.infinite > 0 {
		complain(command, "%d of %d %s scored -Inf: what the model makes of them is more than float32 can hold; its training may have diverged", m.infinite, m.infinite+m.count, unit)
	}
}
