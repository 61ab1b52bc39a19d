package anomaly

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/train"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/internal/ranking"
)

// Detector is a flow and how to fit it, the same for every set.
type Detector struct {
	Preset flow.Preset
	Flow   flow.Options
	Fit    train.Options
}

// validationPart is the part of the training rows that decides when fitting
// stops: by their density, not by their labels.
const validationPart = 0.1

// AUROC fits a flow to the training part of a split and returns the area under
// the ROC curve of −log p on the test part.
//
// A column that is constant in the training part is left out.
func (d Detector) AUROC(ctx context.Context, s *Set, seed uint64) (float64, error) {
	training, test, err := s.Split(seed)
	if err != nil {
		return 0, err
	}
	varying := training.varyingColumns()
	if len(varying) == 0 {
		return 0, fmt.Errorf("%s: every column is constant", s.Name)
	}
	training, test = training.keep(varying), test.keep(varying)
	config, err := d.Preset.Config(training.Columns, nil, d.Flow)
	if err != nil {
		return 0, err
	}
	f, err := flow.New(config, seed)
	if err != nil {
		return 0, err
	}
	order := make([]int, len(training.Anomaly))
	random.Permutation(order, seed, random.Split, drawValidation)
	valid := int(validationPart * float64(len(order)))
	fit := d.Fit
	fit.Seed = seed
	_, err = train.Fit(ctx, f, train.Data{Rows: training.pick(order[valid:]).Rows}, train.Data{Rows: training.pick(order[:valid]).Rows}, fit)
	// Where training does not help, the normal that it began with detects.
	if err != nil && !errors.As(err, new(*train.NoBetterEpochError)) {
		return 0, fmt.Errorf("%s, seed %d: %w", s.Name, seed, err)
	}
	logProb := make([]float64, len(test.Anomaly))
	if err := f.LogProb(logProb, test.Rows, nil); err != nil {
		return 0, err
	}
	var r ranking.Ranking
	for i, p := range logProb {
		r.Add(-p, test.Anomaly[i])
	}
	roc, _ := r.Areas()
	return roc, nil
}

// varyingColumns returns the columns that have two values or more.
func (s *Set) varyingColumns() (columns []int) {
	width := len(s.Columns)
	for c := range width {
		for i := c; i < len(s.Rows); i += width {
			if s.Rows[i] != s.Rows[c] {
				columns = append(columns, c)
				break
			}
		}
	}
	return columns
}
