// Package ranking measures how well scores tell anomalies from the rest.
package ranking

import (
	"math"
	"slices"
)

// Ranking collects labelled scores. It keeps every one; its zero value has none.
type Ranking struct{ scores []ranked }

type ranked struct {
	score   float64
	anomaly bool
}

// Add takes a score, higher for what is more likely an anomaly. NaN, for which
// the model has no finite density, counts as +Inf.
func (k *Ranking) Add(score float64, anomaly bool) {
	if math.IsNaN(score) {
		score = math.Inf(1)
	}
	k.scores = append(k.scores, ranked{score, anomaly})
}

// Areas returns the area under the ROC curve, which is the probability that an
// anomaly scores above another row (a tie counts half), and the average
// precision: the sum over thresholds of the step in recall times the precision
// there. Equal scores are one threshold. Both are NaN unless both kinds of rows
// occur.
func (k *Ranking) Areas() (roc, averagePrecision float64) {
	anomalies := 0
	for _, s := range k.scores {
		if s.anomaly {
			anomalies++
		}
	}
	others := len(k.scores) - anomalies
	if anomalies == 0 || others == 0 {
		return math.NaN(), math.NaN()
	}
	slices.SortFunc(k.scores, func(a, b ranked) int {
		switch {
		case a.score > b.score:
			return -1
		case a.score < b.score:
			return 1
		}
		return 0
	})
	var above, othersAbove, area float64 // of the thresholds so far
	for from := 0; from < len(k.scores); {
		to, hits := from, 0.0
		for ; to < len(k.scores) && k.scores[to].score == k.scores[from].score; to++ {
			if k.scores[to].anomaly {
				hits++
			}
		}
		misses := float64(to-from) - hits
		// Pairs of a row that is no anomaly here with an anomaly above it, or
		// beside it for half.
		area += float64(misses * (above + float64(0.5*hits)))
		above, othersAbove = above+hits, othersAbove+misses
		averagePrecision += float64(hits / float64(anomalies) * (above / (above + othersAbove)))
		from = to
	}
	return area / float64(float64(anomalies)*float64(others)), averagePrecision
}
