package flow

import (
	"errors"
	"fmt"
	"slices"
)

// Sound says that the sites of an event are samples of sound, one after the
// other, and its features the channels.
type Sound struct {
	// Rate is the number of samples of a second.
	Rate int `json:"rate"`
}

// FormatVersion returns the version of the model file that knows sound.
func (*Sound) FormatVersion() int { return 2 }

// MaxRate bounds Sound.Rate.
const MaxRate = 1 << 20

func (c *Config) checkSound() error {
	switch {
	case c.Sound == nil:
		return nil
	case c.Sound.Rate < 1 || c.Sound.Rate > MaxRate:
		return fmt.Errorf("sound of %d samples a second, want 1 to %d", c.Sound.Rate, MaxRate)
	case len(c.Grid) != 1:
		return fmt.Errorf("sound has a grid of one dimension, and this one has %d", len(c.Grid))
	}
	return nil
}

// OnGrid returns a flow of the same values for events on another grid, where
// nothing that f has learned belongs to a number of sites: a WaveNet that was
// trained on windows of sound then scores and draws sounds of any length. The
// values are copies.
func (f *Flow) OnGrid(grid ...int) (*Flow, error) {
	c := f.Config()
	c.Grid = slices.Clone(grid)
	other, err := New(c, 0)
	if err != nil {
		return nil, err
	}
	own := f.parameters.All()
	all := other.parameters.All()
	if len(own) != len(all) {
		return nil, errors.New("flow: the flow has other parameters on that grid")
	}
	for i, p := range all {
		if q := own[i]; p.Name != q.Name || p.Rows != q.Rows || p.Cols != q.Cols {
			return nil, fmt.Errorf("flow: %s is %d by %d, and on that grid %d by %d: it was learned for one number of sites", p.Name, q.Rows, q.Cols, p.Rows, p.Cols)
		}
		copy(p.Values(), own[i].Values())
	}
	other.provenance = f.provenance
	return other, nil
}
