package base

import (
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/internal/freelist"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// rowDensity is a base's density of one row in float64, with its sampler.
type rowDensity interface {
	autograd.RowDensity

	// words is the number of uniform words that a row's sample takes.
	words(features int) int
	// sampleRow turns a row of normal noise, already scaled by the temperature,
	// and the words into a sample.
	sampleRow(z, prepared []float64, words []uint32, temperature float64)
}

// rowBase is a base that is stated row by row.
type rowBase struct {
	rows      rowDensity
	density   *autograd.Density
	parameter *autograd.Parameter                 // nil where nothing is learned
	start     func(values []float32, seed uint64) // what training begins with; nil for zeros
	scratch   freelist.Slices[uint32]
}

func newRowBase(rows rowDensity, p *autograd.Parameter, scope autograd.Scope) *rowBase {
	return &rowBase{rows: rows, density: scope.NewDensity(rows, p), parameter: p}
}

func (b *rowBase) LogDensity(p *autograd.Pass, z autograd.Value, total autograd.Sums) {
	p.Density(b.density, z, total)
}

func (b *rowBase) Sample(p *autograd.Pass, z autograd.Value, d Draw, total autograd.Sums) autograd.Value {
	perRow := b.rows.words(z.Cols)
	words := b.scratch.Borrow(perRow * d.Sites)
	defer b.scratch.Return(words)
	p.SampleRows(b.density, z, func(row, prepared []float64, r int) {
		event := (*words)[:perRow*d.Sites]
		if r%d.Sites == 0 {
			kernels.PhiloxWords(event, d.Seed, random.SampleWords+uint32(d.Part)<<16, d.Number(r/d.Sites))
		}
		b.rows.sampleRow(row, prepared, event[r%d.Sites*perRow:][:perRow], d.Temperature)
	})
	b.LogDensity(p, z, total)
	return z
}

func (b *rowBase) Initialize(seed uint64) {
	if b.parameter == nil {
		return
	}
	clear(b.parameter.Values())
	if b.start != nil {
		b.start(b.parameter.Values(), seed)
	}
}

// unit turns a word into a number strictly between 0 and 1.
func unit(word uint32) float64 { return float64((float64(word) + 0.5) * 0x1p-32) }
