package interop

import (
	"fmt"
	"math"
	"strings"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/kernels"
)

// embedded reads what happens to the context before the transforms see it. sbi
// has a module that standardizes it, (c − mean)/std with one value of each for
// all columns or one a column, alone or first in a Sequential; a network may follow.
func (r *reader) embedded() error {
	at := embedding + "."
	if !r.any(at) {
		if r.dialect.Embedding != nil {
			return fmt.Errorf(`the config has an "embedding", but there are no tensors %s…`, at)
		}
		return nil
	}
	if r.dialect.Context == 0 {
		return fmt.Errorf(`tensors %s… look at a context, but the config has no "context"`, at)
	}
	if r.has(at + "0._mean") {
		at += "0."
	}
	if r.has(at + "_mean") {
		mean, err := r.stateDict.repeated(at+"_mean", r.dialect.Context)
		if err != nil {
			return err
		}
		std, err := r.stateDict.repeated(at+"_std", r.dialect.Context)
		if err != nil {
			return err
		}
		for i, v := range std {
			if !(v > 0) {
				return fmt.Errorf("tensor %s_std: value %d is %v, want a positive standard deviation", at, i, v)
			}
		}
		r.standardizeContext = flow.Standardization{Mean: mean, Std: std}
	}
	for name := range r.tensors {
		if strings.HasPrefix(name, embedding+".") && !r.used[name] {
			return r.embeddingNetwork()
		}
	}
	if r.dialect.Embedding != nil {
		return fmt.Errorf(`the config has an "embedding", but there are no tensors %s… of a network`, at)
	}
	return nil
}

// repeated returns a tensor of one value, or of one for each of n columns, as n
// values.
func (s *stateDict) repeated(name string, n int) ([]float64, error) {
	values, err := s.vector(name, -1)
	if err != nil {
		return nil, err
	}
	if len(values) != 1 && len(values) != n {
		return nil, fmt.Errorf("tensor %s has %d values, want 1 or %d", name, len(values), n)
	}
	out := make([]float64, n)
	for i := range out {
		out[i] = float64(values[i%len(values)])
	}
	return out, nil
}

// affine adds x·scale + shift of every feature. Before all transforms it is
// the flow's first stage, which is computed in float64; elsewhere it is a layer.
func (b *builder) affine(scale, shift []float64, inverse bool) error {
	logs := make([]float64, len(scale))
	for f, v := range scale {
		if !(v > 0) || math.IsInf(v, 0) {
			return fmt.Errorf("value %d is %v, want positive numbers", f, v)
		}
		logs[f] = kernels.Log64(v)
	}
	if len(b.transforms) > 0 || len(b.standardize.Mean) > 0 {
		b.scale(logs, shift, inverse)
		return nil
	}
	first := flow.Standardization{Mean: make([]float64, len(scale)), Std: make([]float64, len(scale))}
	for f, v := range scale {
		if inverse {
			first.Mean[f], first.Std[f] = shift[f], v
		} else {
			first.Mean[f], first.Std[f] = -shift[f]/v, 1/v
		}
	}
	b.standardize = first
	return nil
}
