package flow

import (
	"errors"
	"slices"

	"github.com/seed-192fdf7a/nf/flow/transform"
)

// SetFullRank puts a learned matrix before the other maps, behind those of a
// support: with the rest at the identity, as a flow begins, the model is a normal
// with any mean and covariance (of the mapped columns), which is what variational
// inference calls full-rank (Kucukelbir et al., 2017). It may be called once.
func (c *Config) SetFullRank() error {
	if c.FullRank() > 0 {
		return errors.New("the flow has a full-rank map already")
	}
	at := c.mapped()
	c.Transforms = slices.Insert(slices.Clone(c.Transforms), at, transform.Spec(&transform.LUSpec{Bound: actNormBound}))
	return c.Check()
}

// FullRank returns the number of maps up to and with that of
// [Config.SetFullRank], which alone are a normal; 0 if there is none.
func (c *Config) FullRank() int {
	at := c.mapped()
	if at < len(c.Transforms) {
		if _, ok := c.Transforms[at].(*transform.LUSpec); ok {
			return at + 1
		}
	}
	return 0
}
