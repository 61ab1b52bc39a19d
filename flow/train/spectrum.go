package train

import (
	"errors"
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/kernels"
)

// spectrum computes magnitudes of short-time Fourier transforms in float64: frames
// of size values, half a frame apart, under Hann's window.
type spectrum struct {
	size     int
	window   []float64
	cos, sin []float64 // of 2πi/size
}

// magnitudeFloor is what is added to squared magnitudes, whose root has no slope
// at 0.
const magnitudeFloor = 1e-10

func newSpectrum(size int) *spectrum {
	s := &spectrum{size: size, window: make([]float64, size), cos: make([]float64, size), sin: make([]float64, size)}
	for i := range size {
		s.sin[i], s.cos[i] = kernels.SinCos2Pi64(float64(i) / float64(size))
		s.window[i] = 0.5 - float64(0.5*s.cos[i])
	}
	return s
}

func (s *spectrum) bins() int { return s.size/2 + 1 }

// strided returns how many values lie a stride apart.
func strided(x []float64, stride int) int { return (len(x) + stride - 1) / stride }

// frames returns how many there are of so many values.
func (s *spectrum) frames(n int) int { return (n-s.size)/(s.size/2) + 1 }

// each calls do with the first value of each frame, each frequency, and the real and
// imaginary part there; values of x lie a stride apart, from the first one on.
func (s *spectrum) each(x []float64, stride int, do func(first, k int, re, im float64)) {
	frame := make([]float64, s.size)
	n := strided(x, stride)
	for f := range s.frames(n) {
		first := f * (s.size / 2)
		for i := range frame {
			frame[i] = float64(s.window[i] * x[(first+i)*stride])
		}
		for k := range s.bins() {
			var re, im float64
			for i, at := 0, 0; i < s.size; i, at = i+1, (at+k)%s.size {
				re += float64(frame[i] * s.cos[at])
				im -= float64(frame[i] * s.sin[at])
			}
			do(first, k, re, im)
		}
	}
}

func magnitude(re, im float64) float64 {
	return math.Sqrt(float64(re*re) + float64(im*im) + magnitudeFloor)
}

// mean sets dst to the mean magnitude of each frequency over the frames.
func (s *spectrum) mean(dst, x []float64, stride int) {
	clear(dst)
	frames := float64(s.frames(strided(x, stride)))
	s.each(x, stride, func(_, k int, re, im float64) { dst[k] += magnitude(re, im) / frames })
}

// loss returns the mean over the frequencies of the squared difference between the
// mean magnitude and the reference, and adds the gradient to grad unless that is nil.
func (s *spectrum) loss(grad, x []float64, stride int, reference []float64) (loss float64) {
	slope, frames := make([]float64, s.bins()), float64(s.frames(strided(x, stride)))
	s.mean(slope, x, stride)
	for k, v := range slope {
		d := v - reference[k]
		loss += float64(d*d) / float64(s.bins())
		slope[k] = 2 * d / (float64(s.bins()) * frames)
	}
	if grad == nil {
		return loss
	}
	s.each(x, stride, func(first, k int, re, im float64) {
		d := slope[k] / magnitude(re, im)
		re, im = float64(d*re), float64(d*im)
		for i, at := 0, 0; i < s.size; i, at = i+1, (at+k)%s.size {
			grad[(first+i)*stride] += float64(s.window[i] * (float64(re*s.cos[at]) - float64(im*s.sin[at])))
		}
	})
	return loss
}

// Power is a loss beside the divergence of a student of sound, which keeps the loudness
// of each frequency (van den Oord et al., 2018, section 4.2; of magnitudes as in
// ClariNet): Weight times the mean over the channels and the frequencies of the squared difference
// between the mean magnitude of a draw's short-time Fourier transform, in
// standardized values, and that of the teacher's draws. It moves the optimum away
// from that of the divergence.
type Power struct {
	Weight float64
	// Frame is the number of samples of a frame, even; 0 means 256, or as many as
	// an event has if they are fewer.
	Frame int
}

// powerDraws is how many draws of the teacher make the reference.
const powerDraws = 64

// powered is a SiteKL with the loss of power.
type powered struct {
	*siteKL
	weight    float64
	spectrum  *spectrum
	reference [][]float64 // of each channel
}

// with adds the loss of power to an objective.
func (o Power) with(k *siteKL, backend blas.Backend, seed uint64) (Objective, error) {
	length, channels := k.Sites(), len(k.teacher.Config().Features)
	if o.Frame == 0 {
		o.Frame = min(256, length/2*2)
	}
	switch {
	case !(o.Weight >= 0 && o.Weight <= 1e9):
		return nil, fmt.Errorf("train: the weight of the power is %v, want 0 to 1e9", o.Weight)
	case o.Frame < 2 || o.Frame%2 == 1 || o.Frame > length:
		return nil, fmt.Errorf("train: frames of %d samples, want an even number of 2 to %d", o.Frame, length)
	case k.student.ContextFeatures() > 0:
		return nil, errors.New("train: the loss of power is for densities without context")
	}
	teacher, err := continuous(k.teacher)
	if err != nil {
		return nil, err
	}
	s, err := teacher.NewScorer(flow.ScorerOptions{BLAS: backend, Workers: 1})
	if err != nil {
		return nil, err
	}
	p := &powered{siteKL: k, weight: o.Weight, spectrum: newSpectrum(o.Frame)}
	values := length * channels
	x, mean := make([]float64, powerDraws*values), make([]float64, p.spectrum.bins())
	if err := s.Sample(x, nil, firstDiagnosed, flow.SampleOptions{Seed: seed}, nil); err != nil {
		return nil, err
	}
	st := teacher.Config().Standardize
	for c := range channels {
		reference := make([]float64, len(mean))
		for e := range powerDraws {
			event := x[e*values+c : (e+1)*values]
			if len(st.Mean) > 0 {
				for i := 0; i < len(event); i += channels {
					event[i] = (event[i] - st.Mean[c]) / st.Std[c]
				}
			}
			p.spectrum.mean(mean, event, channels)
			for f, v := range mean {
				reference[f] += float64(v / powerDraws)
			}
		}
		p.reference = append(p.reference, reference)
	}
	return p, nil
}

func (o *powered) Loss(p *autograd.Pass, events []int) autograd.Sums {
	loss, x := o.lossOf(p, events)
	power := p.Sums(len(events))
	p.External(x, func(logProb, grad, x []float64) {
		values, channels := len(x)/len(events), len(o.reference)
		for e := range logProb {
			logProb[e] = 0
			for c, reference := range o.reference {
				from, to := e*values+c, (e+1)*values
				var into []float64
				if grad != nil {
					into = grad[from:to]
				}
				logProb[e] += o.spectrum.loss(into, x[from:to], channels, reference)
			}
			logProb[e] /= float64(channels)
			for i := e * values; channels > 1 && grad != nil && i < (e+1)*values; i++ {
				grad[i] /= float64(channels)
			}
		}
	}, power)
	power = p.Scale(power, o.weight)
	both := p.Sums(len(events))
	for e := range both.Values {
		both.Values[e] = loss.Values[e] + power.Values[e]
	}
	if p.Recording() {
		p.Record(func() {
			for e, d := range both.Gradient {
				loss.Gradient[e] += d
				power.Gradient[e] += d
			}
		})
	}
	return both
}
