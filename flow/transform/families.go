package transform

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/kernels"
)

// families names every Spec, as files do. It is filled at init because chain
// and invert hold other Specs.
var families map[string]func() Spec

func init() {
	families = map[string]func() Spec{
		"autoregressive": func() Spec { return new(AutoregressiveSpec) },

		"actnorm":     func() Spec { return new(ActNormSpec) },
		"batchnorm":   func() Spec { return new(BatchNormSpec) },
		"chain":       func() Spec { return new(ChainSpec) },
		"coupling":    func() Spec { return new(CouplingSpec) },
		"elementwise": func() Spec { return new(ElementwiseSpec) },
		"householder": func() Spec { return new(HouseholderSpec) },
		"invert":      func() Spec { return new(InvertSpec) },
		"lu":          func() Spec { return new(LUSpec) },
		"permutation": func() Spec { return new(PermutationSpec) },
		"planar":      func() Spec { return new(PlanarSpec) },
		"radial":      func() Spec { return new(RadialSpec) },
		"support":     func() Spec { return new(SupportSpec) },
	}
}

// Families returns the names of all families, sorted.
func Families() []string { return slices.Sorted(maps.Keys(families)) }

// Tagged is a Spec that reads and writes as a JSON object with its family's
// name under "type".
type Tagged struct{ Spec }

// MarshalJSON implements json.Marshaler.
func (t Tagged) MarshalJSON() ([]byte, error) {
	name, err := t.family()
	if err != nil {
		return nil, fmt.Errorf("transform: %w", err)
	}
	return marshalTagged(name, t.Spec)
}

// family returns the name of the Spec's family.
func (t Tagged) family() (string, error) {
	for name, create := range families {
		if reflect.TypeOf(create()) == reflect.TypeOf(t.Spec) {
			return name, nil
		}
	}
	return "", fmt.Errorf("%T is no known family of transforms", t.Spec)
}

// UnmarshalJSON implements json.Unmarshaler. A name or a key that is not known
// is an error.
func (t *Tagged) UnmarshalJSON(data []byte) error {
	name, rest, err := splitTag(data)
	if err != nil {
		return err
	}
	create, ok := families[name]
	if !ok {
		return fmt.Errorf("transform type %q is not known to this version, which knows %s", name, strings.Join(Families(), ", "))
	}
	t.Spec = create()
	return decodeStrict(rest, t.Spec, name)
}

// Univariate is an [autograd.Univariate] that reads and writes as a JSON
// object with its name under "type".
type Univariate struct{ autograd.Univariate }

// MarshalJSON implements json.Marshaler.
func (u Univariate) MarshalJSON() ([]byte, error) {
	switch u := u.Univariate.(type) {
	case *autograd.Additive:
		return marshalTagged("additive", struct{}{})
	case *autograd.Affine:
		a := affineJSON{ScaleMap: u.ScaleMap()}
		if a.ScaleMap.HasBound() {
			a.Bound = &u.Bound
		}
		if a.ScaleMap.HasEpsilon() {
			a.Epsilon = &u.Epsilon
		}
		return marshalTagged("affine", a)
	case *autograd.Spline:
		return marshalTagged("spline", splineJSON(u.Rule))
	}
	return nil, fmt.Errorf("transform: no name is known for the univariate %T", u.Univariate)
}

// affineJSON has the constants that the scale map has, and no others.
type affineJSON struct {
	ScaleMap autograd.ScaleMap `json:"scale_map"`
	Bound    *float64          `json:"bound,omitempty"`
	Epsilon  *float64          `json:"epsilon,omitempty"`
}

// splineJSON is kernels.Spline with the names that a file has.
type splineJSON struct {
	Bins      int     `json:"bins"`
	Bound     float32 `json:"bound"`
	MinWidth  float32 `json:"min_width,omitempty"`
	MinHeight float32 `json:"min_height,omitempty"`
	MinSlope  float32 `json:"min_slope,omitempty"`
	SlopeBeta float32 `json:"slope_beta,omitempty"`
	Softclip  float32 `json:"softclip,omitempty"`
	Circular  bool    `json:"circular,omitempty"`
}

// univariate returns the map that the object describes.
func (a affineJSON) univariate() (*autograd.Affine, error) {
	u := &autograd.Affine{Scale: a.ScaleMap}
	for _, c := range []struct {
		name  string
		has   bool
		given *float64
		into  *float64
	}{
		{"bound", a.ScaleMap.HasBound(), a.Bound, &u.Bound},
		{"epsilon", a.ScaleMap.HasEpsilon(), a.Epsilon, &u.Epsilon},
	} {
		switch {
		case c.has && c.given == nil:
			return nil, fmt.Errorf("affine scale_map %q needs %q", a.ScaleMap, c.name)
		case !c.has && c.given != nil:
			return nil, fmt.Errorf("affine scale_map %q takes no %q", a.ScaleMap, c.name)
		case c.has:
			*c.into = *c.given
		}
	}
	return u, nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (u *Univariate) UnmarshalJSON(data []byte) error {
	name, rest, err := splitTag(data)
	if err != nil {
		return err
	}
	switch name {
	case "additive":
		u.Univariate = new(autograd.Additive)
		return decodeStrict(rest, &struct{}{}, name)
	case "affine":
		var a affineJSON
		if err := decodeStrict(rest, &a, name); err != nil {
			return err
		}
		if !slices.Contains(autograd.ScaleMaps(), a.ScaleMap) {
			return fmt.Errorf("affine scale_map %q is not known to this version, which knows %v", a.ScaleMap, autograd.ScaleMaps())
		}
		affine, err := a.univariate()
		if err != nil {
			return err
		}
		u.Univariate = affine
		return nil
	case "spline":
		var s splineJSON
		if err := checkHeld(rest, name); err != nil {
			return err
		}
		if err := decodeStrict(rest, &s, name); err != nil {
			return err
		}
		u.Univariate = &autograd.Spline{Rule: kernels.Spline(s)}
		return nil
	}
	return fmt.Errorf("univariate type %q is not known to this version, which knows additive, affine, spline", name)
}

func (u Univariate) check() error {
	switch v := u.Univariate.(type) {
	case nil:
		return fmt.Errorf("no univariate is given")
	case *autograd.Additive:
		return nil
	case *autograd.Affine:
		if err := v.Check(); err != nil {
			return fmt.Errorf("affine: %w", err)
		}
		return nil
	case *autograd.Spline:
		return v.Check()
	default:
		return fmt.Errorf("the univariate %T has no name in a file; give a pointer to one that has", v)
	}
}

// CheckBound tells whether b can bound a log-scale, b·tanh(u/b).
func CheckBound(b float64) error { return autograd.CheckBound(b) }

func marshalTagged(name string, value any) ([]byte, error) {
	body, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	tag, err := json.Marshal(name)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString(`{"type":`)
	b.Write(tag)
	if string(body) != "{}" {
		b.WriteByte(',')
	}
	b.Write(body[1:])
	return b.Bytes(), nil
}

// splitTag takes "type" out of a JSON object.
func splitTag(data []byte) (name string, rest []byte, err error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return "", nil, err
	}
	tag, ok := fields["type"]
	if !ok {
		return "", nil, fmt.Errorf("an object without \"type\"")
	}
	if err := json.Unmarshal(tag, &name); err != nil {
		return "", nil, fmt.Errorf("\"type\" is not a string")
	}
	delete(fields, "type")
	rest, err = json.Marshal(fields)
	return name, rest, err
}

// checkHeld tells which number of a JSON object float32 cannot hold; decoding
// makes such numbers 0.
func checkHeld(data []byte, name string) error {
	var fields map[string]any
	if err := json.Unmarshal(data, &fields); err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if v, ok := fields[key].(float64); ok && !autograd.Holds(v) {
			return fmt.Errorf("%s: %s is %v, which float32 cannot hold", name, key, v)
		}
	}
	return nil
}

func decodeStrict(data []byte, into any, name string) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
