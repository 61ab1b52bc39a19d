package flow_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/flow"
)

// TestNegativeVariance refuses a file whose scores would all be NaN.
func TestNegativeVariance(t *testing.T) {
	f := randomFlow(t, "realnvp", 3, 0, flow.Options{Layers: 2, Hidden: []int{4}, BatchNorm: true})
	for _, p := range f.Parameters().All() {
		if p.NonNegative {
			clear(p.Values())
			p.Values()[1] = -1e-9
		}
	}
	var file bytes.Buffer
	must(t, f.Write(&file))
	_, err := flow.Read(&file, int64(file.Len()))
	if err == nil || !strings.Contains(err.Error(), "transforms.1.running_variance: value 1 is -1e-09, want none below 0") {
		t.Errorf("%v", err)
	}
}
