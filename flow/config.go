package flow

import (
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/internal/strictjson"
)

// Config describes a flow as plain data: everything but the learned values.
type Config struct {
	// Features names the columns of a row; Context those that the density is
	// conditioned on, none for an unconditional flow.
	Features []string `json:"features"`
	Context  []string `json:"context,omitempty"`
	// Categories say which columns of Context are the levels of a column of texts.
	Categories []Category `json:"categories,omitempty"`
	// Discrete are the columns of Features whose values lie on a grid of steps.
	Discrete []Discrete `json:"discrete,omitempty"`
	// Circular are the columns of Features that go round: see [Config.SetCircular].
	Circular []Circular `json:"circular,omitempty"`
	// Grid is the grid of sites of one event; none for table rows.
	Grid []int `json:"grid,omitempty"`

	// Embedding is the network by which all layers see the context, standardized;
	// nil shows them the context itself.
	Embedding *nn.EmbeddingSpec `json:"embedding,omitempty"`

	// Pixels says that the values are whole numbers, which are dequantized before
	// they are standardized; nil says that they are not.
	Pixels *Pixels `json:"pixels,omitempty"`
	// Sound says that an event is a window of sound; nil says nothing.
	Sound *Sound `json:"sound,omitempty"`

	// Standardize and StandardizeContext are the first stage. Training fills
	// them from its data.
	Standardize        Standardization `json:"standardize"`
	StandardizeContext Standardization `json:"standardize_context"`

	// Transforms lead from data to noise.
	Transforms []transform.Spec `json:"transforms"`
	Base       base.Spec        `json:"base"`
}

// MarshalJSON implements json.Marshaler: what a model file says of the flow.
func (c Config) MarshalJSON() ([]byte, error) {
	text, _, err := strictjson.Marshal(&c)
	return text, err
}

// UnmarshalJSON implements json.Unmarshaler. It is strict: a key that is not
// known, or comes twice, is an error.
func (c *Config) UnmarshalJSON(text []byte) error {
	_, err := strictjson.Decode(text, c)
	return err
}

// FileVersion returns the version of the model file that a flow of c needs.
func (c *Config) FileVersion() (int, error) {
	_, version, err := strictjson.Marshal(c)
	return version, err
}

// Standardization is (x − Mean)/Std for each column; empty means none.
type Standardization struct {
	Mean []float64 `json:"mean,omitempty"`
	Std  []float64 `json:"std,omitempty"`
}

// Shape returns the shape of one event.
func (c *Config) Shape() transform.Shape {
	return transform.Shape{Grid: c.Grid, Features: len(c.Features)}
}

// Check tells what is wrong with the description.
func (c *Config) Check() error {
	shape := c.Shape()
	if err := shape.Check(); err != nil {
		return err
	}
	if len(c.Context) > autograd.MaxFeatures {
		return fmt.Errorf("%d context columns, at most %d are supported", len(c.Context), autograd.MaxFeatures)
	}
	if err := distinct(c.Features, c.Context); err != nil {
		return err
	}
	if c.Pixels != nil {
		if err := c.Pixels.check(); err != nil {
			return err
		}
		if len(c.Discrete) > 0 {
			return errors.New("a flow of pixels has discrete columns too; pixels are discrete all")
		}
	}
	if err := c.checkSound(); err != nil {
		return err
	}
	if err := c.checkCategories(); err != nil {
		return err
	}
	if err := c.Standardize.check("standardize", c.Features); err != nil {
		return err
	}
	if err := c.StandardizeContext.check("standardize_context", c.Context); err != nil {
		return err
	}
	if c.Embedding != nil {
		if err := c.Embedding.Check(len(c.Context)); err != nil {
			return fmt.Errorf("embedding: %w", err)
		}
	}
	if c.Pixels != nil && c.Pixels.Dequantization != nil {
		if err := c.Pixels.Dequantization.check(shape, c.shownContext()); err != nil {
			return err
		}
	}
	if err := c.chain().Check(shape, c.shownContext()); err != nil {
		return err
	}
	if _, err := transform.Augmented(c.chain()); err != nil {
		return err
	}
	if _, err := base.Kinds.Name(c.Base); err != nil {
		return err
	}
	if err := c.checkDiscrete(); err != nil {
		return err
	}
	if err := c.checkCircular(); err != nil {
		return err
	}
	return c.checkParts()
}

// shownContext returns the number of columns of the context that layers see.
func (c *Config) shownContext() int {
	if c.Embedding != nil {
		return c.Embedding.Features
	}
	return len(c.Context)
}

// Augmented returns the columns of noise that stand beside those of the data, or
// nil.
func (c *Config) Augmented() *transform.AugmentSpec {
	a, _ := transform.Augmented(c.chain())
	return a
}

func (c *Config) chain() *transform.ChainSpec {
	return &transform.ChainSpec{Transforms: c.Transforms}
}

func distinct(lists ...[]string) error {
	seen := map[string]bool{}
	for _, names := range lists {
		for _, n := range names {
			if n == "" {
				return errors.New("a column has no name")
			}
			if !utf8.ValidString(n) {
				return fmt.Errorf("the column name %q is not UTF-8", n)
			}
			if seen[n] {
				return fmt.Errorf("two columns are named %q", n)
			}
			seen[n] = true
		}
	}
	return nil
}

// Narrow standardizes a value of a column in float64 and narrows the result.
func (s *Standardization) Narrow(x float64, column int) float32 {
	if len(s.Mean) == 0 {
		return float32(x)
	}
	return float32((x - s.Mean[column]) / s.Std[column])
}

// Holds tells whether float32 can hold a value of a column once standardized.
func (s *Standardization) Holds(x float64, column int) bool {
	v := s.Narrow(x, column)
	return v-v == 0
}

// Restore is the inverse of Narrow.
func (s *Standardization) Restore(x float32, column int) float64 {
	if len(s.Mean) == 0 {
		return float64(x)
	}
	return float64(float64(x)*s.Std[column]) + s.Mean[column]
}

// The ranges of a standardization's constants. It is computed in float64, so
// columns may be in any unit whose squares float64 holds.
const (
	maxMean        = 1e200
	minStd, maxStd = 0x1p-126, 0x1p512
)

func (s *Standardization) check(name string, columns []string) error {
	if len(s.Mean) == 0 && len(s.Std) == 0 {
		return nil
	}
	if len(s.Mean) != len(columns) || len(s.Std) != len(columns) {
		return fmt.Errorf("%s has %d means and %d stds for %d columns", name, len(s.Mean), len(s.Std), len(columns))
	}
	for i := range s.Mean {
		if !(math.Abs(s.Mean[i]) <= maxMean) {
			return fmt.Errorf("%s: the mean of column %q is %v, want %v to %v; rescale the column", name, columns[i], s.Mean[i], -maxMean, maxMean)
		}
		if !(s.Std[i] >= minStd && s.Std[i] <= maxStd) {
			return fmt.Errorf("%s: the std of column %q is %v, want %.2g to %.2g; rescale the column", name, columns[i], s.Std[i], minStd, maxStd)
		}
	}
	return nil
}
