package autograd

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/seed-192fdf7a/nf/internal/strictjson"
)

// affineJSON has the constants that the scale map has, and no others.
type affineJSON struct {
	ScaleMap ScaleMap `json:"scale_map"`
	Bound    *float64 `json:"bound,omitempty"`
	Epsilon  *float64 `json:"epsilon,omitempty"`
}

// MarshalJSON implements json.Marshaler.
func (a *Affine) MarshalJSON() ([]byte, error) {
	text := affineJSON{ScaleMap: a.ScaleMap()}
	if text.ScaleMap.HasBound() {
		text.Bound = &a.Bound
	}
	if text.ScaleMap.HasEpsilon() {
		text.Epsilon = &a.Epsilon
	}
	return json.Marshal(text)
}

// FormatVersion returns the version of the model file that has the scale map.
func (a *Affine) FormatVersion() int { return a.ScaleMap().FormatVersion() }

// UnmarshalJSON implements json.Unmarshaler.
func (a *Affine) UnmarshalJSON(data []byte) error {
	var text affineJSON
	if _, err := strictjson.Decode(data, &text); err != nil {
		return err
	}
	m := text.ScaleMap
	if !slices.Contains(ScaleMaps(), m) {
		return fmt.Errorf("affine scale_map %q is not known to this version, which knows %v", m, ScaleMaps())
	}
	*a = Affine{Scale: m}
	for _, c := range []struct {
		name  string
		has   bool
		given *float64
		into  *float64
	}{
		{"bound", m.HasBound(), text.Bound, &a.Bound},
		{"epsilon", m.HasEpsilon(), text.Epsilon, &a.Epsilon},
	} {
		switch {
		case c.has && c.given == nil:
			return fmt.Errorf("affine scale_map %q needs %q", m, c.name)
		case !c.has && c.given != nil:
			return fmt.Errorf("affine scale_map %q takes no %q", m, c.name)
		case c.has:
			*c.into = *c.given
		}
	}
	return nil
}
