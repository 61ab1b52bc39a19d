package main

import (
	"math"
	"slices"

	"github.com/seed-192fdf7a/nf/internal/table"
)

// maxQuantileValues bounds the memory of the draws that quantiles are taken of.
const maxQuantileValues = 1 << 27

// checkQuantiles finds what is wrong with --quantile.
func (o *sampleOptions) checkQuantiles() error {
	for _, q := range o.quantiles {
		if !(q >= 0 && q <= 1) {
			return usage("--quantile is %v; each must be 0 to 1", q)
		}
	}
	if o.logProb && len(o.quantiles) > 0 {
		return usage("--log-prob is for draws, and --quantile writes none; leave out one of them")
	}
	return nil
}

// checkQuantileMemory is an error if there are too many draws to be sorted.
func (o *sampleOptions) checkQuantileMemory(width int) error {
	if most := int64(maxQuantileValues / max(width, 1)); len(o.quantiles) > 0 && o.count > most {
		return usage("-n is %d; with --quantile and %d columns it may be at most %d", o.count, width, most)
	}
	return nil
}

// quantiles makes of each rows, the draws of one row of context, a row for each
// level: the quantile of every column, the level, and what is behind.
type quantiles struct {
	levels  []float64
	each    int
	width   int         // columns of a draw
	columns [][]float64 // of the draws under way
	behind  []float64   // the numbers behind them, of the first
	rows    []float64
	texts   table.Texts
}

// add takes some draws and returns the rows that are complete, with their texts,
// valid until the next call.
func (q *quantiles) add(draws []float64, width int, texts *table.Texts) ([]float64, *table.Texts) {
	q.rows, q.texts = q.rows[:0], table.Texts{}
	if q.columns == nil {
		q.columns = make([][]float64, q.width)
	}
	for r := range len(draws) / width {
		row := draws[r*width : (r+1)*width]
		if len(q.columns[0]) == 0 {
			q.behind = append(q.behind[:0], row[q.width:]...)
		}
		for c, v := range row[:q.width] {
			q.columns[c] = append(q.columns[c], v)
		}
		if len(q.columns[0]) < q.each {
			continue
		}
		for _, values := range q.columns {
			slices.Sort(values)
		}
		for _, level := range q.levels {
			for _, values := range q.columns {
				q.rows = append(q.rows, quantileOf(values, level))
			}
			q.rows = append(append(q.rows, level), q.behind...)
			if texts.Columns() > 0 {
				q.texts.AppendRow(texts, r)
			}
		}
		for c := range q.columns {
			q.columns[c] = q.columns[c][:0]
		}
	}
	return q.rows, &q.texts
}

// quantileOf returns the value below which a part of sorted ones lies, between two
// of them on a straight line (type 7 of Hyndman and Fan, 1996).
func quantileOf(sorted []float64, level float64) float64 {
	at := float64(level * float64(len(sorted)-1))
	i := int(math.Floor(at))
	if i+1 >= len(sorted) || sorted[i] == sorted[i+1] {
		return sorted[i]
	}
	share := at - float64(i)
	if share == 0 {
		return sorted[i]
	}
	return sorted[i] + float64(share*(sorted[i+1]-sorted[i]))
}
