package flow

// columnRule is what becomes of the values of a feature that is discrete, circular
// or both, before they are standardized, and of what comes out of the flow.
type columnRule struct {
	feature  int
	discrete *Discrete // or nil
	circular *Circular // or nil
}

// columnRules returns the rules of the features that have one.
func (c *Config) columnRules() (rules []columnRule) {
	for feature := range c.Features {
		r := columnRule{feature, c.DiscreteFeature(feature), c.CircularFeature(feature)}
		if r.discrete != nil || r.circular != nil {
			rules = append(rules, r)
		}
	}
	return rules
}

// enter returns the value that stands for x in the flow.
func (r columnRule) enter(x float64) float64 {
	if r.discrete != nil {
		x = r.discrete.Middle(x)
	}
	if r.circular != nil {
		x = r.circular.Wrap(x)
	}
	return x
}

// leave returns the value of the column that a value of the flow stands for.
func (r columnRule) leave(x float64) float64 {
	if r.discrete != nil {
		x = r.discrete.floor(x)
	}
	if r.circular != nil {
		x = r.circular.Wrap(x)
	}
	return x
}
