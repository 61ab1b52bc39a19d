package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/flow/interop"
)

type importOptions struct {
	weights, config, check, out string
	features, context           []string
	json                        bool
}

func importCommand() *cobra.Command {
	var o importOptions
	command := &cobra.Command{
		Use:   "import --weights FILE --config FILE --check FILE --out MODEL",
		Short: "Make a model of one trained with nflows, zuko or normflows",
		Long: `Reads the state dict (.safetensors) of a flow that was trained in Python, and writes a model with the same density.

The config is a JSON object that says what a state dict does not tell: "library", "version", "features", "context" (a
number), "activation", and where the model has affine layers "scale_map" or the like. The check is a .npz with rows x,
what the library itself gives as their log_prob, and their context if there is one; also noise z and samples, if wanted.
The model is written only if it meets the check to 1e-4. docs/import.md has the keys, and the Python that writes the files.`,
		Example: `  nf import --weights weights.safetensors --config config.json --check check.npz --out model.safetensors
  nf import --weights w.safetensors --config c.json --check c.npz --out m.safetensors --feature-names a,b --context-names t`,
		Args: noArguments,
	}
	f := command.Flags()
	f.SortFlags = false
	f.StringVar(&o.weights, "weights", "", "state dict, .safetensors (required)")
	f.StringVar(&o.config, "config", "", "what the state dict does not tell, .json (required)")
	f.StringVar(&o.check, "check", "", "rows and what the library computes of them, .npz (required)")
	f.StringVar(&o.out, "out", "", "model file to write (required)")
	f.StringSliceVar(&o.features, "feature-names", nil, "names of the columns of a row (default x0,x1,…)")
	f.StringSliceVar(&o.context, "context-names", nil, "names of the columns of the context (default c0,c1,…)")
	f.BoolVar(&o.json, "json", false, "print the summary as JSON")
	command.RunE = func(command *cobra.Command, _ []string) error {
		if err := require(command, "weights", "config", "check", "out"); err != nil {
			return err
		}
		if !strings.HasSuffix(strings.ToLower(o.out), ".safetensors") {
			return usage("--out is %s; a model's name must end in .safetensors", o.out)
		}
		if err := distinctPaths(map[string]string{"weights": o.weights, "config": o.config, "check": o.check, "out": o.out}); err != nil {
			return err
		}
		return runImport(command, &o)
	}
	return command
}

// importProvenance is what the model file says of an import.
type importProvenance struct {
	Imported imported `json:"imported"`
}

type imported struct {
	Config  *interop.Dialect `json:"config"`
	Weights string           `json:"weights_sha256"`
	Check   string           `json:"check_sha256"`
}

func runImport(command *cobra.Command, o *importOptions) error {
	if err := checkWritable(o.out); err != nil {
		return err
	}
	dialect, err := interop.ReadDialect(o.config)
	if err != nil {
		return err
	}
	f, err := interop.Load(o.weights, dialect, interop.Names{Features: o.features, Context: o.context})
	if err != nil {
		return err
	}
	check, err := interop.ReadCheck(o.check, dialect)
	if err != nil {
		return err
	}
	report, err := check.Compare(f)
	if err != nil {
		return fmt.Errorf("%s: %w", o.check, err)
	}
	if report.Warning != "" {
		complain(command, "%s", report.Warning)
	}
	p := importProvenance{imported{Config: dialect}}
	for _, file := range []struct {
		path string
		into *string
	}{{o.weights, &p.Imported.Weights}, {o.check, &p.Imported.Check}} {
		if *file.into, err = fileHash(file.path); err != nil {
			return err
		}
	}
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	f.SetProvenance(text)
	if err := f.Save(o.out); err != nil {
		return err
	}
	out := command.OutOrStdout()
	if o.json {
		return json.NewEncoder(out).Encode(struct {
			Library    string  `json:"library"`
			Transforms int     `json:"transforms"`
			Parameters int     `json:"parameters"`
			Rows       int     `json:"checked_rows"`
			LogProb    float64 `json:"log_prob_difference"`
			Samples    *number `json:"samples_difference"`
			Rounded    int     `json:"rounded_rows"`
		}{dialect.Library, len(f.Config().Transforms), f.Parameters().Len(), report.Rows, report.LogProb, samplesDifference(check, report), report.Rounded})
	}
	fmt.Fprintf(out, "imported from=%s transforms=%d parameters=%d\n", dialect.Library, len(f.Config().Transforms), f.Parameters().Len())
	fmt.Fprintf(out, "checked rows=%d log_prob_difference=%.2g", report.Rows, report.LogProb)
	if check.Samples != nil {
		fmt.Fprintf(out, " samples_difference=%.2g", report.Samples)
	}
	if report.Rounded > 0 {
		fmt.Fprintf(out, " rounded_rows=%d", report.Rounded)
	}
	fmt.Fprintln(out)
	return nil
}

func samplesDifference(c *interop.Check, r interop.Report) *number {
	if c.Samples == nil {
		return nil
	}
	n := number(r.Samples)
	return &n
}

// fileHash returns the SHA-256 of a file.
func fileHash(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	h := sha256.New()
	if _, err := io.Copy(h, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
