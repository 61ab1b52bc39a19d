package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/flow"
)

// TestTrainDefaults holds a flow of nf train without flags against the
// library's.
func TestTrainDefaults(t *testing.T) {
	for _, name := range flow.Presets() {
		o := trainOptions{flow: name}
		o.setDefaults(&cobra.Command{})
		var texts []string
		for _, options := range []flow.Options{{}, o.model} {
			config, err := name.Config([]string{"a", "b", "c"}, nil, options)
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

// TestHelpOfDefaults finds in the help of each flag what every preset takes.
func TestHelpOfDefaults(t *testing.T) {
	command := trainCommand()
	for _, p := range flow.Presets() {
		d := flow.Defaults(p)
		for name, want := range map[string]string{
			"layers": fmt.Sprint(d.Layers), "hidden": strings.ReplaceAll(strings.Trim(fmt.Sprint(d.Hidden), "[]"), " ", ","), "masks": string(d.Masks),
			"permutation": string(d.Permutation), "base": d.Base, "bound": fmt.Sprint(d.Bound), "bins": fmt.Sprint(d.Bins),
		} {
			help := command.Flags().Lookup(name).Usage
			got := "" // of the group that names the preset, or of the one without names
			if all := regexp.MustCompile(`\(default ([^:;]*)[;)]`).FindStringSubmatch(help); all != nil {
				got = all[1]
			}
			for _, group := range strings.Split(help[strings.LastIndex(help, "(default ")+len("(default "):len(help)-1], "; ") {
				families, value, named := strings.Cut(group, ": ")
				if named && regexp.MustCompile(`(^|, )`+regexp.QuoteMeta(string(p))+`($|, )`).MatchString(families) {
					got = value
				}
			}
			if want == "0" {
				want = ""
			}
			if got != want {
				t.Errorf("--%s says %q for %s, whose default is %q: %s", name, got, p, want, help)
			}
		}
	}
}
