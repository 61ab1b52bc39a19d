package interop

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/internal/limits"
)

// ImagePixels says what whole numbers the model's values were made of: a pixel
// ⌊x/Step⌋ + u, u uniform noise in (0, 1), becomes Low + (High−Low)·(…)/bins, bins
// the number of values of ⌊x/Step⌋. The flow then takes x itself.
type ImagePixels struct {
	flow.Pixels
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// checkImage tells what is wrong with what the dialect says of images.
func (d *Dialect) checkImage() error {
	if d.Image == nil {
		switch {
		case d.Pixels != nil:
			return errors.New(`"pixels" is for images: say their height and width as "image": [H, W]`)
		case d.Library == rosinality || d.Library == y0ast:
			return fmt.Errorf(`"image" is missing: the height and width of the images, [H, W], which the weights of %s do not tell`, d.Library)
		}
		return nil
	}
	if d.Library == zuko {
		return errors.New(`"image" is given, but zuko has no flows of images`)
	}
	if len(d.Image) != 2 || d.Image[0] < 1 || d.Image[1] < 1 {
		return fmt.Errorf(`"image" is %v, want the height and the width, [H, W]`, d.Image)
	}
	if err := d.shape().Check(); err != nil {
		return fmt.Errorf(`"image": %w`, err)
	}
	if p := d.Pixels; p != nil {
		if p.Dequantization != nil {
			return errors.New(`"pixels" have a "dequantization", which is learned, and the weights have none: leave it out`)
		}
		if p.Levels < 2 || p.Step < 0 || p.Step >= p.Levels || !(p.High > p.Low) || p.High-p.Low > 1e30 {
			return fmt.Errorf(`"pixels" are %d levels in steps of %d, from %v to %v: want at least 2 levels, fewer of a step, and low below high`, p.Levels, max(1, p.Step), p.Low, p.High)
		}
	}
	return nil
}

// shape returns the shape of the data.
func (d *Dialect) shape() autograd.Shape { return autograd.Shape{Grid: d.Image, Features: d.Features} }

// pixels makes the flow one of whole numbers.
func (b *builder) pixels(p *ImagePixels) {
	if p == nil {
		return
	}
	b.image.pixels = &p.Pixels
	std := float64(p.Bins()) / (p.High - p.Low)
	b.standardize = flow.Standardization{Mean: slices.Repeat([]float64{-float64(p.Low * std)}, b.features), Std: slices.Repeat([]float64{std}, b.features)}
}

// ofImages tells whether the flow is one of images.
func (d *Dialect) ofImages() bool { return d.Image != nil || d.Library == tarflow }

// classColumn is the context of an imported flow of images with classes.
const classColumn = "class"

// classes returns the classes 0, 1, … of a flow that is conditioned on so many.
func classes(n int) []flow.Category {
	if n == 0 {
		return nil
	}
	c := flow.Category{Column: classColumn}
	for class := range n {
		c.Levels = append(c.Levels, strconv.Itoa(class))
	}
	return []flow.Category{c}
}

// imported is what a flow of images has besides.
type imported struct {
	channels   int
	grid       []int
	pixels     *flow.Pixels
	categories []flow.Category
}

// describe completes a description.
func (i *imported) describe(c *flow.Config) {
	c.Grid, c.Pixels, c.Categories, c.Features = i.grid, i.pixels, i.categories, flow.ChannelNames(i.channels)
	for _, category := range i.categories {
		for level := range category.Levels {
			c.Context = append(c.Context, category.Name(level))
		}
	}
}

// columnsAfter follows the data columns of features through a transform that moves
// them: it returns those after it and, of a split, the place of each feature that
// leaves among all that do.
func columnsAfter(s transform.Spec, columns []int) (after, leaving []int) {
	switch s := s.(type) {
	case *transform.PermutationSpec:
		for _, o := range s.Order {
			after = append(after, columns[o])
		}
	case *transform.SqueezeSpec:
		n := len(columns)
		for _, value := range s.Order {
			after = append(after, value/n*n+columns[value%n])
		}
	case *transform.InvertSpec:
		squeeze, ok := s.Transform.(*transform.SqueezeSpec)
		if !ok {
			return columns, nil
		}
		for c := range squeeze.Output(autograd.Shape{Features: len(columns)}, true).Features {
			after = append(after, c)
		}
	case *transform.SplitSpec:
		var left, kept []int
		for f, c := range columns {
			if slices.Contains(s.Leave, f) {
				left = append(left, c)
			} else {
				kept = append(kept, c)
			}
		}
		return ranks(kept), ranks(left)
	default:
		return columns, nil
	}
	return after, nil
}

// ranks returns the place of each value in ascending order.
func ranks(v []int) []int {
	sorted := slices.Sorted(slices.Values(v))
	out := make([]int, len(v))
	for i, x := range v {
		out[i], _ = slices.BinarySearch(sorted, x)
	}
	return out
}

// move adds a transform that moves values.
func (b *builder) move(s transform.Spec) error {
	if err := s.Check(b.shape(), b.context); err != nil {
		return err
	}
	b.columns, _ = columnsAfter(s, b.columns)
	out := s.Output(b.shape(), false)
	b.add(s, false)
	b.features, b.grid = out.Features, out.Grid
	return nil
}

// shape returns the shape of an event where the chain ends so far.
func (b *builder) shape() autograd.Shape { return autograd.Shape{Grid: b.grid, Features: b.features} }

// squeeze adds the squeeze that all libraries of flows of images have: of blocks
// of factor x factor sites, one feature's sites side by side.
func (b *builder) squeeze(factor int) error {
	if b.grid == nil {
		return errors.New(`a squeeze is for images: say their height and width as "image": [H, W]`)
	}
	return b.move(&transform.SqueezeSpec{Block: []int{factor, factor}, Order: transform.ByFeatures(factor*factor, b.features)})
}

// split lets the features from, …, to−1 leave.
func (b *builder) split(from, to int) error {
	s := &transform.SplitSpec{}
	for f := from; f < to; f++ {
		s.Leave = append(s.Leave, f)
	}
	return b.move(s)
}

// halves returns the first (n+1)/2 features and the others.
func (b *builder) halves() (first, second []int) {
	all := b.all()
	middle := (b.features + 1) / 2
	return all[:middle], all[middle:]
}

// channelMatrix adds the 1x1 convolution y = A·x of every site, A row-major.
func (b *builder) channelMatrix(a []float64) {
	n := b.features
	w := make([]float64, n*n)
	for i := range n {
		for j := range n {
			w[i*n+j] = a[j*n+i]
		}
		w[i*n+i]--
	}
	name := b.add(&transform.MatrixSpec{}, false)
	b.values[name+"weight"] = values{n, n, w}
	b.vector(name+"bias", make([]float64, n))
}

// couplingSpec describes a coupling that changes some features.
func (b *builder) couplingSpec(changed []int, u autograd.Univariate, conditioner nn.Spec) *transform.CouplingSpec {
	s := &transform.CouplingSpec{Mask: make([]bool, b.features), Univariate: u, Conditioner: conditioner}
	for _, f := range changed {
		s.Mask[f] = true
	}
	return s
}

// normalOf adds the way from some features to standard normal noise, (x − mean)/eˢ,
// where mean and s have one value for each of them.
func (b *builder) normalOf(features []int, mean, s []float64) {
	if !slices.ContainsFunc(slices.Concat(mean, s), func(v float64) bool { return v != 0 }) {
		return
	}
	b.elementwise(features, &autograd.Affine{Scale: autograd.Exp}, [][]float64{s, mean}, true)
}

// siteParameters are parameters of each feature at each site, such as 0, a mean, and
// 1, a log-scale, for each value of the context; with no context, of the one that is
// class 0.
type siteParameters func(parameter, feature, site, class int) float64

// normalOfSites is normalOf for what differs between sites, or between classes,
// which are the columns of the context.
func (b *builder) normalOfSites(features []int, at siteParameters) error {
	scaleFirst := func(parameter, feature, site, class int) float64 { return at(1-parameter, feature, site, class) }
	return b.ofSites(features, &autograd.Affine{Scale: autograd.Exp}, b.context, scaleFirst, true)
}

// ofSites adds a map of some features by parameters that differ between sites and
// between so many classes, which are the columns of the context; 0 means that they
// do not depend on it.
func (b *builder) ofSites(features []int, u autograd.Univariate, classes int, at siteParameters, inverse bool) error {
	n, parameters, sites := len(features), u.ParametersPerElement(), b.shape().Sites()
	if max(1, b.context) > limits.ConvertedValues/(parameters*n*sites) {
		return fmt.Errorf("%d parameters of %d channels at %d pixels for %d classes are too many to be converted", parameters, n, sites, max(1, b.context))
	}
	name := b.add(b.couplingSpec(features, u, &nn.SitesSpec{}), inverse) + "conditioner."
	all := parameters * n * sites
	v := values{max(1, classes), all, make([]float64, max(1, classes)*all)}
	order := b.byColumn(features)
	for class := range v.rows {
		for site := range sites {
			into := v.data[(class*sites+site)*parameters*n:]
			for p := range parameters {
				for place, f := range order {
					into[p*n+place] = at(p, f, site, class)
				}
			}
		}
	}
	switch {
	case b.context == 0:
		b.vector(name+"constant", v.data)
	case classes == 0:
		b.values[name+"layer.weight"] = values{b.context, all, make([]float64, b.context*all)}
		b.vector(name+"layer.bias", v.data)
	default:
		b.values[name+"layer.weight"] = v
		b.vector(name+"layer.bias", make([]float64, all))
	}
	return nil
}
