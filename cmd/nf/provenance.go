package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"runtime"
	"time"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/train"
	"github.com/seed-192fdf7a/nf/kernels"
)

// provenance is what the model file says of its making: only what decides its
// bits.
type provenance struct {
	Data      dataProvenance  `json:"data"`
	Options   trainProvenance `json:"options"`
	Seed      uint64          `json:"seed"`
	BestEpoch int             `json:"best_epoch"`
	BLAS      string          `json:"blas"`
}

type dataProvenance struct {
	SHA256    string   `json:"sha256"`
	Columns   []string `json:"columns"`
	Context   []string `json:"context,omitempty"`
	TrainRows int      `json:"train_rows"`
	ValidRows int      `json:"valid_rows"`
	// BadRows is how many were left out (--on-bad-row skip), of both tables.
	BadRows int64 `json:"bad_rows,omitempty"`
	// ZeroRows is how many were left out because their weight is 0, of both.
	ZeroRows int `json:"zero_weight_rows,omitempty"`
	// DiscreteValues is how many values of the training rows get the noise of a step.
	DiscreteValues int `json:"discrete_values,omitempty"`
}

type trainProvenance struct {
	RowWeights   string           `json:"row_weights,omitempty"`
	Flow         flow.Preset      `json:"flow"`
	Layers       int              `json:"layers"`
	Hidden       []int            `json:"hidden,omitempty"`
	Masks        flow.Masks       `json:"masks"`
	Permutation  flow.Permutation `json:"permutation"`
	Base         string           `json:"base"`
	Bound        float64          `json:"bound,omitempty"`
	Bins         int              `json:"bins,omitempty"`
	Support      []string         `json:"support,omitempty"`
	Discrete     []string         `json:"discrete,omitempty"`
	Circular     []string         `json:"circular,omitempty"`
	Residual     bool             `json:"residual,omitempty"`
	BatchNorm    bool             `json:"batchnorm,omitempty"`
	Epochs       int              `json:"epochs"`
	Batch        int              `json:"batch"`
	LearningRate float64          `json:"lr"`
	Schedule     string           `json:"schedule"`
	Clip         float64          `json:"clip"`
	Noise        float64          `json:"noise,omitempty"`
	Patience     int              `json:"patience"`
	// What follows is absent where it is not used; Memory, where it changes no bit.
	Embedding   int          `json:"embedding,omitempty"`
	Optimizer   string       `json:"optimizer,omitempty"`
	WeightDecay float64      `json:"weight_decay,omitempty"`
	Warmup      int          `json:"warmup,omitempty"`
	Average     float64      `json:"average,omitempty"`
	Memory      train.Memory `json:"memory,omitempty"`
	Solver      string       `json:"solver,omitempty"`
	Steps       int          `json:"solver_steps,omitempty"`
	Tolerance   float64      `json:"tolerance,omitempty"`
	Probes      int          `json:"probes,omitempty"`
	// NoiseColumns and NoiseDraws are of an augmented flow; 0 draws are the default.
	NoiseColumns int `json:"noise_columns,omitempty"`
	NoiseDraws   int `json:"noise_draws,omitempty"`
	// Pairing is that of flow matching, "" the default one.
	Pairing  train.Pairing `json:"pairing,omitempty"`
	Kinetic  float64       `json:"kinetic,omitempty"`
	Jacobian float64       `json:"jacobian,omitempty"`
	// ValidFraction is absent where the validation rows came from a file.
	ValidFraction float64 `json:"valid_fraction,omitempty"`
}

// describe says which options decide the values of a model.
func (o *trainOptions) describe() trainProvenance {
	p := trainProvenance{
		RowWeights: o.rowWeights, Flow: o.flow, Layers: o.model.Layers, Hidden: o.model.Hidden, Masks: o.model.Masks,
		Permutation: o.model.Permutation, Base: o.model.Base, Bound: o.model.Bound, Bins: o.model.Bins, Support: o.support, Discrete: o.discrete, Circular: o.circular,
		Embedding: o.model.Embedding, Residual: o.model.Residual, BatchNorm: o.model.BatchNorm,
		Epochs: o.fit.Epochs, Batch: o.fit.Batch, LearningRate: o.fit.LearningRate, Schedule: o.fit.Schedule,
		Clip: o.fit.Clip, Noise: o.fit.Noise, Patience: o.fit.Patience,
		Solver: o.model.Solver, Steps: o.model.Steps, Tolerance: o.model.Tolerance, Probes: o.model.Probes, NoiseColumns: o.noiseColumns, NoiseDraws: o.noiseDraws,
		Pairing: o.pairing, Kinetic: o.fit.Kinetic, Jacobian: o.fit.Jacobian,
		WeightDecay: o.fit.WeightDecay, Warmup: o.fit.Warmup, Average: o.fit.Average,
	}
	if o.fit.Optimizer != train.Adam {
		p.Optimizer = o.fit.Optimizer
	}
	if o.fit.Memory == train.Reversible {
		p.Memory = o.fit.Memory
	}
	return p
}

func describeTraining(o *trainOptions, data *trainingData, result train.Result) (json.RawMessage, error) {
	p := provenance{
		Data: dataProvenance{
			SHA256: data.sha256, Columns: data.features, Context: data.context,
			TrainRows: data.trainRows, ValidRows: data.validRows, BadRows: data.badRows, ZeroRows: data.zeroRows, DiscreteValues: data.discreteValues(),
		},
		Options: o.describe(),
		Seed:    o.fit.Seed, BestEpoch: result.BestEpoch, BLAS: o.fit.BLAS.Name(),
	}
	if o.valid == "" {
		p.Options.ValidFraction = o.validFraction
	}
	return json.Marshal(p)
}

// trainLog is MODEL.log.json: what may differ between two trainings that write
// the same model.
type trainLog struct {
	// ModelSHA256 is over the bytes of the model file that this is the log of.
	ModelSHA256 string  `json:"model_sha256"`
	Started     string  `json:"started"`
	Seconds     float64 `json:"seconds"`
	Host        string  `json:"host"`
	Platform    string  `json:"platform"`
	Cores       int     `json:"cores"`
	Workers     int     `json:"workers"`
	Kernels     string  `json:"kernels"`
	BLAS        string  `json:"blas"`
	Version     string  `json:"version"`
	GoVersion   string  `json:"go_version"`
	Data        string  `json:"data,omitempty"`
	Teacher     string  `json:"teacher,omitempty"`
	Valid       string  `json:"valid,omitempty"`
	// Stopped is why training ended before its last epoch, or "unfinished" where
	// it had not ended when this was written.
	Stopped string `json:"stopped,omitempty"`
	// Loss is what was minimized, in the place of nlls, unless that is the nll.
	Loss          string     `json:"loss,omitempty"`
	Steps         int        `json:"steps"`
	TapeBytes     int        `json:"tape_bytes"`
	InputBytes    int        `json:"kept_input_bytes,omitempty"` // see train.Result
	Kept          int        `json:"kept_every,omitempty"`       // see train.Result
	StartValidNLL number     `json:"start_valid_nll"`
	BestEpoch     int        `json:"best_epoch"`
	BestValidNLL  number     `json:"best_valid_nll"`
	History       []logEpoch `json:"history"`
}

type logEpoch struct {
	By            string `json:"by,omitempty"`
	Epoch         int    `json:"epoch"`
	TrainNLL      number `json:"train_nll"`
	ValidNLL      number `json:"valid_nll"`
	LearningRate  number `json:"learning_rate"`
	RowsPerSecond number `json:"rows_per_second"`
	Seconds       number `json:"seconds"`
}

// number is a float64 that JSON can hold: NaN and infinities become null.
type number float64

// MarshalJSON implements json.Marshaler.
func (n number) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(n)) || math.IsInf(float64(n), 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

// UnmarshalJSON implements json.Unmarshaler.
func (n *number) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*n = number(math.NaN())
		return nil
	}
	return json.Unmarshal(text, (*float64)(n))
}

func logPath(model string) string { return model + ".log.json" }

// describeRun returns the log of a run, but for the hash of its model.
func describeRun(o *trainOptions, result train.Result, started time.Time) trainLog {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	l := trainLog{
		Started: started.UTC().Format(time.RFC3339), Seconds: time.Since(started).Seconds(),
		Host: host, Platform: runtime.GOOS + "/" + runtime.GOARCH, Cores: runtime.NumCPU(), Workers: o.fit.Workers,
		Kernels: kernels.Active().Name(), BLAS: o.fit.BLAS.Name() + ": " + o.fit.BLAS.Description(),
		Version: version(), GoVersion: runtime.Version(),
		Data: o.data, Teacher: o.teacher, Valid: o.valid, Stopped: result.Stopped, Steps: result.Steps, TapeBytes: result.TapeBytes, InputBytes: result.InputBytes, Kept: result.Kept,
		StartValidNLL: number(result.StartValidNLL), BestEpoch: result.BestEpoch, BestValidNLL: number(result.BestValidNLL),
	}
	if o.flow == flow.PresetFlowMatching {
		l.Loss = "flow matching"
	}
	for i, e := range result.History {
		by := ""
		if o.part != nil {
			by = o.part(i)
		}
		l.History = append(l.History, logEpoch{
			By: by, Epoch: e.Epoch, TrainNLL: number(e.TrainNLL), ValidNLL: number(e.ValidNLL), LearningRate: number(e.LearningRate),
			RowsPerSecond: number(e.RowsPerSecond), Seconds: number(e.Seconds),
		})
	}
	return l
}

// text returns the log's text, beside a model of the given bytes.
func (l trainLog) text(model []byte) ([]byte, error) {
	sum := sha256.Sum256(model)
	l.ModelSHA256 = hex.EncodeToString(sum[:])
	text, err := json.MarshalIndent(l, "", "  ")
	return append(text, '\n'), err
}
