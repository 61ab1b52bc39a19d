package main

import (
	"errors"
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// sizes are those of an autoencoder's parts.
type sizes struct {
	latents       int
	hidden        []int // of encoder and decoder
	posterior     int   // inverse autoregressive layers; 0 leaves a normal
	prior         int   // masked autoregressive layers; 0 leaves the standard normal
	flowHidden    []int
	contextValues int // of an image, that the posterior's layers see
}

// autoencoder is a variational autoencoder of binary images (Kingma and Welling,
// 2014; 1312.6114) whose posterior q(z|x) is a normal that an inverse autoregressive
// flow reshapes (Kingma et al., 2016; 1606.04934), and whose prior p(z) is a flow too
// (Chen et al., 2017; 1611.02731). All of its parts are on one set of parameters and
// learn together.
type autoencoder struct {
	sizes
	pixels           int
	parameters       *autograd.Parameters
	encoder, decoder nn.Conditioner
	posterior, prior *transform.Chain
	first            autograd.Affine // from standard normal noise to the posterior's normal
}

func newAutoencoder(pixels int, z sizes) (*autoencoder, error) {
	a := &autoencoder{sizes: z, pixels: pixels, parameters: autograd.NewParameters(0), first: autograd.Affine{Bound: 4}}
	root := a.parameters.Root()
	network := nn.MLPSpec{Hidden: z.hidden}
	a.encoder = network.Build(autograd.Shape{Features: pixels}, 0, 2*z.latents+z.contextValues, root.At("encoder"))
	a.decoder = network.Build(autograd.Shape{Features: z.latents}, 0, pixels, root.At("decoder"))
	a.encoder.Initialize(1)
	a.decoder.Initialize(2)
	names := func(prefix string, n int) []string {
		out := make([]string, n)
		for i := range out {
			out[i] = fmt.Sprint(prefix, i)
		}
		return out
	}
	var err error
	chain := func(preset flow.Preset, layers, context int, scope autograd.Scope) *transform.Chain {
		var config flow.Config
		if layers > 0 {
			var failed error
			config, failed = preset.Config(names("z", z.latents), names("c", context), flow.Options{Layers: layers, Hidden: z.flowHidden})
			err = errors.Join(err, failed)
		}
		c := (&transform.ChainSpec{Transforms: config.Transforms}).BuildChain(autograd.Shape{Features: z.latents}, context, scope)
		c.Bind(upTo(z.latents), false)
		c.Initialize(3)
		return c
	}
	a.posterior = chain(flow.PresetIAF, z.posterior, z.contextValues, root.At("posterior"))
	a.prior = chain(flow.PresetMAF, z.prior, 0, root.At("prior"))
	return a, err
}

// upTo returns 0, 1, … n−1.
func upTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// Parameters and Bind make it a train.Model.
func (a *autoencoder) Parameters() *autograd.Parameters { return a.parameters }

func (a *autoencoder) Bind(b blas.Backend) (*autograd.Binding, error) {
	if b == nil {
		var err error
		if b, err = blas.Default(); err != nil {
			return nil, err
		}
	}
	return autograd.Bind32(a.parameters, b), nil
}

// images are rows of pixels that are 0 or 1.
type images struct {
	*autoencoder
	rows []float32
}

func (m images) Events() int       { return len(m.rows) / m.pixels }
func (m images) Sites() int        { return 1 }
func (m images) Constant() float64 { return 0 }

// Loss is −log w of one draw z of the posterior for each image x, the negative ELBO:
// w = p(x|z)·p(z)/q(z|x).
func (m images) Loss(p *autograd.Pass, events []int) autograd.Sums {
	n, latents := len(events), m.latents
	values := p.Floats(n * m.pixels)
	noise := p.Floats(n * latents)
	for i, e := range events {
		copy(values[i*m.pixels:(i+1)*m.pixels], m.rows[e*m.pixels:])
		kernels.NormalRows(noise[i*latents:(i+1)*latents], 1, latents, p.Seed, random.Noise, p.Epoch<<40|uint64(e))
	}
	code := m.encoder.Compute(p, p.Wrap(values, m.pixels), n)

	// z of the posterior, whose log-density is that of the noise less the log-dets of
	// the way from there. What adds to log w adds to total.
	e, total, noiseLogProb := p.Wrap(noise, latents), p.Sums(n), p.Sums(n)
	p.StandardNormal(e, noiseLogProb)
	q := *p
	q.LogDet = total
	z := p.Apply(m.first, false, e, p.Columns(code, upTo(2*latents)), autograd.Part{}, total)
	if m.contextValues > 0 {
		context := upTo(m.contextValues)
		for i := range context {
			context[i] += 2 * latents
		}
		q.Context = p.Columns(code, context)
	}
	z = m.posterior.Inverse(&q, z)

	prior := *p
	prior.LogDet = total
	p.StandardNormal(m.prior.Forward(&prior, p.Copy(z)), total)

	p.External(m.decoder.Compute(p, z, n), func(logProb, grad, odds []float64) {
		for i, u := range odds {
			x, size := float64(values[i]), math.Exp(-math.Abs(u))
			logProb[i/m.pixels] += x*u - max(u, 0) - math.Log1p(size)
			if grad != nil {
				on := 1 / (1 + size)
				if u < 0 {
					on = 1 - on
				}
				grad[i] += x - on
			}
		}
	}, total)
	loss := p.Scale(total, -1)
	for i, v := range noiseLogProb.Values {
		loss.Values[i] += v
	}
	return loss
}
