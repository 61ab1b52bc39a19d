package main

import (
	"encoding/json"
	"testing"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/flow"
)

// TestTrainDefaults holds a flow of nf train without flags against the
// library's.
func TestTrainDefaults(t *testing.T) {
	for name, preset := range flow.Presets {
		o := trainOptions{flow: name}
		o.setDefaults(&cobra.Command{})
		var texts []string
		for _, options := range []flow.Options{{}, o.model} {
			config, err := preset([]string{"a", "b", "c"}, nil, options)
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(config)
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, string(text))
		}
		if texts[0] != texts[1] {
			t.Errorf("%s: the library makes\n%s\nand the command\n%s", name, texts[0], texts[1])
		}
	}
}
