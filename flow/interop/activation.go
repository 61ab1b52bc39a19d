package interop

import (
	"fmt"
	"slices"
	"strings"
)

// activation is the function between the layers of a conditioner.
type activation struct{ name string }

// Activations returns the names that [Options] takes: those of PyTorch.
func Activations() []string { return []string{"relu", "leaky_relu"} }

func newActivation(name string, slope float64) (activation, error) {
	if !slices.Contains(Activations(), name) {
		return activation{}, fmt.Errorf("the activation %q is not supported; supported are %s", name, strings.Join(Activations(), ", "))
	}
	if name == "leaky_relu" && slope != 0 {
		return activation{}, fmt.Errorf("the activation leaky_relu is supported with a negative_slope of 0 only")
	}
	return activation{"relu"}, nil
}

// of returns the activation of v.
func (a activation) of(v float64) float64 { return max(v, 0) }

// oddPart returns k of act(v) − act(−v) = k·v, for activations where that is
// so.
func (a activation) oddPart() (float64, error) { return 1, nil }
