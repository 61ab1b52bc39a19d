package train

import (
	"math"
	"sync"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/internal/freelist"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// Images is a [Source] of events that are loaded one at a time, from files larger
// than memory if need be, and dequantized where the flow is one of
// [flow.Pixels]: in training by noise of the event and the epoch, in validation by
// that of its score.
type Images struct {
	// Flow is what the events are for.
	Flow *flow.Flow
	// Count is the number of events.
	Count int
	// Read writes the values of an event, site by site. It is called by several
	// goroutines at once.
	Read func(dst []float64, event int) error
	// Context, unless nil, writes the context of an event.
	Context func(dst []float64, event int)
	// Flip mirrors events from left to right in training, one half of them in each
	// epoch; of a flow on a grid.
	Flip bool
	// ContextDropout is the share of events that lose their classes in an epoch of
	// training, so that the flow learns the density without them too: their context is
	// that of [flow.Config.Unlabelled].
	ContextDropout float64
	// Seed keys the noise, the flips and the dropout.
	Seed uint64

	buffer freelist.Slices[float64]

	once       sync.Once
	unlabelled []float64

	mutex sync.Mutex
	err   error
}

// Events implements [Source].
func (s *Images) Events() int { return s.Count }

// Load implements [Source]. An event that cannot be read is NaN, and ends
// training with the error.
func (s *Images) Load(values, context []float32, event int, epoch uint64) {
	dim := s.Flow.Dim()
	buffer := s.buffer.Borrow(dim + len(context))
	defer s.buffer.Return(buffer)
	x, c := (*buffer)[:dim], (*buffer)[dim:dim+len(context)]
	if err := s.Read(x, event); err != nil {
		s.fail(err)
		for i := range values {
			values[i] = float32(math.NaN())
		}
		return
	}
	if s.Flip && epoch > 0 {
		s.flip(x, event, epoch)
	}
	s.Flow.Model().Narrow(values, x, flow.PixelNoise{Seed: s.Seed, Epoch: epoch, Event: event})
	if len(context) > 0 {
		config := s.Flow.Config()
		if epoch > 0 && s.dropped(event, epoch) {
			s.once.Do(func() { s.unlabelled = config.Unlabelled() })
			copy(c, s.unlabelled)
		} else {
			s.Context(c, event)
		}
		for i, v := range c {
			context[i] = config.StandardizeContext.Narrow(v, i)
		}
	}
}

// dropped tells whether an event has no classes in an epoch.
func (s *Images) dropped(event int, epoch uint64) bool {
	if s.ContextDropout == 0 {
		return false
	}
	var word [1]uint32
	kernels.PhiloxWords(word[:], s.Seed, random.Dropout, epoch<<40+uint64(event))
	return (float64(word[0])+0.5)*0x1p-32 < s.ContextDropout
}

// flip mirrors an event, or not.
func (s *Images) flip(x []float64, event int, epoch uint64) {
	var word [1]uint32
	kernels.PhiloxWords(word[:], s.Seed, random.Flip, epoch<<40+uint64(event))
	if word[0]&1 == 0 {
		return
	}
	c := s.Flow.Config()
	width, channels := c.Grid[len(c.Grid)-1], len(c.Features)
	for line := 0; line < len(x); line += width * channels {
		for left, right := 0, width-1; left < right; left, right = left+1, right-1 {
			for k := range channels {
				a, b := &x[line+left*channels+k], &x[line+right*channels+k]
				*a, *b = *b, *a
			}
		}
	}
}

func (s *Images) fail(err error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.err == nil {
		s.err = err
	}
}

// Err returns the first error of reading.
func (s *Images) Err() error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.err
}
