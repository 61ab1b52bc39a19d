package flow

import (
	"errors"
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/internal/freelist"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// Pixels says that the values of events are whole numbers 0, 1, …, Levels − 1, as
// those of images are, which the flow describes by uniform dequantization (Uria,
// Murray and Larochelle, 2013; Theis, van den Oord and Bethge, 2016): it is a
// density of ⌊x/Step⌋ + u, where u is uniform noise in (0, 1) for each value. In
// expectation its log is a lower bound of the log-probability of the whole
// numbers. With Noise it is a density of ⌊x/Step⌋ + 1/2 + σ·(Bins − 1)/2·ε with
// normal ε instead, for samples that are denoised (Zhai et al., 2025), and no bound
// of anything.
//
// With [Dequantization] the noise is drawn from a learned density, and the flow's
// log-densities are a tighter bound.
//
// The noise of a score depends on the event's own values alone. What maps events
// to noise, [Scorer.Forward], takes the middle, u = 1/2 or ε = 0, so that
// [Scorer.Inverse] gives back the exact ⌊x/Step⌋·Step; samples are such numbers
// too.
type Pixels struct {
	Levels int `json:"levels"`
	// Step, 8 for the upper 5 of 8 bits, makes that many levels one; 0 means 1.
	Step int `json:"step,omitempty"`
	// Noise, unless 0, is σ: where the values go from -1 to 1, the standard deviation
	// of the noise.
	Noise float64 `json:"noise,omitempty"`
	// Dequantization, unless nil, is learned noise in the place of uniform one.
	Dequantization *Dequantization `json:"dequantization,omitempty"`
}

// FormatVersion returns the version of the model file that knows pixels.
func (*Pixels) FormatVersion() int { return 2 }

// maxPixelLevels bounds Pixels.Levels, 16 bits, and maxPixelNoise Pixels.Noise.
const (
	maxPixelLevels = 1 << 16
	maxPixelNoise  = 100
)

func (p *Pixels) check() error {
	if p.Levels < 2 || p.Levels > maxPixelLevels {
		return fmt.Errorf("pixels of %d levels, want 2 to %d", p.Levels, maxPixelLevels)
	}
	if p.Step < 0 || p.Step >= p.Levels {
		return fmt.Errorf("pixels of %d levels in steps of %d, want 1 to %d", p.Levels, p.Step, p.Levels-1)
	}
	if !(p.Noise >= 0 && p.Noise <= maxPixelNoise) {
		return fmt.Errorf("pixels with noise of %v, want 0 to %d", p.Noise, maxPixelNoise)
	}
	if p.Noise > 0 && p.Dequantization != nil {
		return errors.New("pixels with normal noise have a dequantization too; want one of both")
	}
	return nil
}

// Bins returns the number of values that the flow tells apart.
func (p *Pixels) Bins() int { return (p.Levels + p.step() - 1) / p.step() }

func (p *Pixels) step() int { return max(1, p.Step) }

// bin returns ⌊x/Step⌋.
func (p *Pixels) bin(x float64) float64 { return math.Floor(x / float64(p.step())) }

// settle returns the value of the data whose dequantized value is v.
func (p *Pixels) settle(v float64) float64 {
	return max(0, min(math.Floor(v), float64(p.Bins()-1))) * float64(p.step())
}

// sigma returns the standard deviation of the noise in steps.
func (p *Pixels) sigma() float64 { return p.Noise * float64(p.Bins()-1) / 2 }

// pixelWords and pixelNormals are room for the noise of an event.
var (
	pixelWords   freelist.Slices[uint32]
	pixelNormals freelist.Slices[float32]
)

// dequantize calls put with each of an event's values and its noise.
func (p *Pixels) dequantize(x []float64, seed uint64, index uint64, put func(i int, v float64)) {
	if p.Noise > 0 {
		normals := pixelNormals.Borrow(len(x))
		defer pixelNormals.Return(normals)
		kernels.NormalRows((*normals)[:len(x)], 1, len(x), seed, random.Noise, index)
		sigma := p.sigma()
		for i, v := range x {
			put(i, p.bin(v)+0.5+float64(sigma*float64((*normals)[i])))
		}
		return
	}
	uniform(len(x), seed, index, func(i int, u float64) { put(i, p.bin(x[i])+u) })
}

// uniform calls put with the uniform noise of each of n values.
func uniform(n int, seed, index uint64, put func(i int, u float64)) {
	words := pixelWords.Borrow(n)
	defer pixelWords.Return(words)
	kernels.PhiloxWords((*words)[:n], seed, random.Dequantize, index)
	for i, w := range (*words)[:n] {
		put(i, float64((float64(w)+0.5)*0x1p-32))
	}
}

// key is a hash of an event's values (FNV-1a of its bins), which keys the noise of
// its score.
func (p *Pixels) key(x []float64) uint64 {
	h := uint64(14695981039346656037)
	for _, v := range x {
		bin := uint64(math.Float64bits(p.bin(v)))
		for range 8 {
			h = (h ^ bin&0xff) * 1099511628211
			bin >>= 8
		}
	}
	return h
}

// PixelNoise says which noise dequantizes an event in training: that of its
// number and the epoch. Epoch 0, of validation, has the noise of scoring, which is
// that of the event's values and a draw.
type PixelNoise struct {
	Seed, Epoch uint64
	Event       int
	Draw        uint64
}

// Narrowed returns how many values [Model.Narrow] writes of each site.
func (f *Model) Narrowed() int {
	if f.dequantizer != nil {
		return 2 * len(f.config.Features)
	}
	return len(f.config.Features)
}

// Narrow writes an event as the graph takes it: dequantized where the flow is one
// of [Pixels], standardized in float64, and narrowed. With a [Dequantization] each
// site has the lower ends of its pixels, standardized, and behind them its noise ε,
// of which the graph makes the values.
func (f *Model) Narrow(dst []float32, x []float64, n PixelNoise) {
	st, columns := &f.config.Standardize, len(f.config.Features)
	p := f.config.Pixels
	switch {
	case p == nil:
		for i, v := range x {
			dst[i] = st.Narrow(v, i%columns)
		}
		return
	case n.Epoch == 0:
		n = PixelNoise{Seed: p.key(x), Event: int(n.Draw)}
	}
	if f.dequantizer != nil {
		uniform(len(x), n.Seed, n.Epoch<<40+uint64(n.Event), func(i int, u float64) {
			site, column := i/columns, i%columns
			at := dst[2*site*columns:]
			at[column], at[columns+column] = st.Narrow(p.bin(x[i]), column), float32(logit(u))
		})
		return
	}
	p.dequantize(x, n.Seed, n.Epoch<<40+uint64(n.Event), func(i int, v float64) { dst[i] = st.Narrow(v, i%columns) })
}

// BitsPerDim returns the bits for each value of an event whose log-density is
// logProb nats: −logProb/(D·ln 2). Of a flow of [Pixels] it is an upper bound of
// the bits that a lossless code of the values needs, unless they have Noise.
func (f *Flow) BitsPerDim(logProb float64) float64 {
	return -logProb / (float64(f.Dim()) * math.Ln2)
}
