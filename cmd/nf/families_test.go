package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/flow"
)

// TestEveryFamilyTrains fits each preset to a few rows by the command, and finds
// an epoch that is better than the start.
func TestEveryFamilyTrains(t *testing.T) {
	d := workplace(t)
	for _, p := range flow.Presets() {
		t.Run(string(p), func(t *testing.T) {
			line := "train --data data.csv --exclude label --out m.safetensors --layers 4 --epochs 4 --batch 50 --lr 0.01 --quiet --flow " + string(p)
			if flow.Defaults(p).Hidden != nil {
				line += " --hidden 8,8"
			}
			if p == flow.PresetFlowMatching {
				line += " --layers 1"
			}
			if r := mustRun(t, d, strings.Fields(line)...); !strings.HasPrefix(r.out, "best epoch=") {
				t.Errorf("it prints %q", r.out)
			}
			mustRun(t, d, "score", "--model", "m.safetensors", "--data", "data.csv", "--out", "s.csv")
			mustRun(t, d, "sample", "--model", "m.safetensors", "-n", "3", "--out", "x.csv")
		})
	}
}

// TestTrainingFlags trains with each of the flags of the optimizer: what decides
// the model is in its provenance, and what does not is not.
func TestTrainingFlags(t *testing.T) {
	d := workplace(t)
	models := map[string]string{}
	for _, c := range []struct{ more, same, want string }{
		{"", "", ""},
		{"--optimizer adam", "", ""},
		{"--memory replay", "", ""},
		{"--memory reversible", "-", `"memory":"reversible"`},
		{"--optimizer adamax", "-", `"optimizer":"adamax"`},
		{"--optimizer adamw", "-", `"optimizer":"adamw","weight_decay":0.01`},
		{"--optimizer adamw --weight-decay 0.3", "-", `"optimizer":"adamw","weight_decay":0.3`},
		{"--warmup 7", "-", `"warmup":7`},
		{"--average 0.9", "-", `"average":0.9`},
	} {
		line := "train --data data.csv --exclude label --out m.safetensors --layers 2 --hidden 8 --epochs 3 --batch 64 --lr 0.01 --quiet " + c.more
		mustRun(t, d, strings.Fields(line)...)
		_, provenance, model := modelFile(t, d, "m.safetensors")
		models[c.more] = model
		if got, ok := models[c.same]; ok && got != model {
			t.Errorf("nf train %s makes another model than nf train %s", c.more, c.same)
		}
		if c.same == "-" && model == models[""] {
			t.Errorf("nf train %s makes the model of nf train", c.more)
		}
		if !strings.Contains(provenance, c.want) {
			t.Errorf("the provenance after nf train %s is %s, want %s in it", c.more, provenance, c.want)
		}
		for _, key := range []string{"optimizer", "weight_decay", "warmup", "average", "memory"} {
			if strings.Contains(provenance, key) && !strings.Contains(c.want, key) {
				t.Errorf("the provenance after nf train %s has %s: %s", c.more, key, provenance)
			}
		}
	}
}

// TestTrainEmbedding conditions by way of an embedding, says so wherever the model
// is described, and refuses one that memory cannot hold.
func TestTrainEmbedding(t *testing.T) {
	d := workplace(t)
	line := "train --data data.csv --columns a --context b,c --embedding 3 --out m.safetensors --layers 2 --hidden 8 --epochs 3 --batch 64 --lr 0.01 --quiet"
	mustRun(t, d, strings.Fields(line)...)
	config, provenance, _ := modelFile(t, d, "m.safetensors")
	if !strings.Contains(config, `"embedding":{"hidden":[8],"features":3}`) || !strings.Contains(provenance, `"embedding":3`) {
		t.Errorf("the file says %s and %s", config, provenance)
	}
	if r := mustRun(t, d, "inspect", "m.safetensors"); !strings.Contains(r.out, "of the context, hidden layers [8], 3 values") {
		t.Errorf("inspect prints %s", r.out)
	}
	mustRun(t, d, "score", "--model", "m.safetensors", "--data", "data.csv", "--out", "s.csv")
	mustFail(t, d, exitFailed, []string{"parameters", "GiB to train"},
		strings.Fields("train --data data.csv --columns a --context b,c --embedding 65536 --out n.safetensors --layers 64 --hidden 65536,65536")...)
}

// modelFile returns what a model file says of the flow and of its making, and
// its learned values.
func modelFile(t *testing.T, directory, name string) (config, provenance, values string) {
	t.Helper()
	text := readFile(t, directory, name)
	var size uint64
	for i := range 8 {
		size |= uint64(text[i]) << (8 * i)
	}
	var header struct {
		Metadata map[string]string `json:"__metadata__"`
	}
	if err := json.Unmarshal([]byte(text[8:8+size]), &header); err != nil {
		t.Fatal(err)
	}
	return header.Metadata["nf.flow"], header.Metadata["nf.provenance"], text[8+size:]
}
