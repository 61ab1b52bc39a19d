package train

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// Options say how to fit. [Defaults] is where to start.
type Options struct {
	// Epochs is the number of passes over the training rows. With 0 nothing is
	// learned by gradient: layers that begin from data (actnorm, gaussianization)
	// do so from [BeginRows] rows instead of a minibatch, one after the other,
	// which makes iterative Gaussianization of a flow of the latter (Laparra,
	// Camps-Valls and Malo, 2011).
	Epochs int
	// Resume, if set, is a state that Finished was given, behind which training goes on.
	// The flow, the data and the other options must be the same, of which this cannot
	// tell much.
	Resume *State
	// Batch is the number of rows of a minibatch; the last one of an epoch may
	// be smaller. 0 means [BatchFor] the training rows.
	Batch int
	// Optimizer is Adam, AdamW or Adamax; "" means Adam. WeightDecay is that of
	// AdamW (Loshchilov and Hutter, 2019): at each step, values shrink by the
	// learning rate times it.
	Optimizer   string
	WeightDecay float64
	// Warmup is the number of first steps in which the learning rate rises in
	// equal parts to what it would be.
	Warmup int
	// Average, from 0 to below 1, keeps a running average of the values, into
	// which each step goes with the weight 1 − Average (Polyak and Juditsky,
	// 1992, with exponential weights): the average is what is validated and
	// kept. 0 keeps the values themselves.
	Average float64
	// Memory is Stored, Replay or Reversible: see the constants.
	Memory Memory
	// LearningRate is the optimizer's; Schedule is "constant", or "cosine" to fall from
	// it to 0 over all steps along half a cosine.
	LearningRate float64
	Schedule     string
	// Clip bounds the Euclidean norm of a minibatch's gradient; 0 sets no
	// bound.
	Clip float64
	// Noise is the standard deviation of normal noise that is added to the
	// standardized training rows, drawn anew in every epoch; validation rows
	// get none, nor do columns with a support. It smooths the density as a
	// kernel of that width would (Rothfuss et al., 1907.08982, 2019), against
	// overfitting and for columns of few distinct values, on which the density
	// would grow without end; those on a grid are better discrete: see
	// [flow.Discrete].
	Noise float64
	// Kinetic and Jacobian weigh, in the likelihood of continuous flows, regularizers
	// of their paths, which make them easier to solve: see [autograd.Penalties]. 0.01
	// each is where to start. They are in TrainNLL, and not in ValidNLL.
	Kinetic, Jacobian float64
	// Patience is the number of epochs without a better validation nll after
	// which training stops; 0 never stops early.
	Patience int
	// Seed decides the order of rows.
	Seed uint64
	// Workers is the number of goroutines; 0 means GOMAXPROCS.
	Workers int
	// BLAS is the matmul; nil means [blas.Default].
	BLAS blas.Backend
	// Report, if set, is called after each epoch.
	Report func(Epoch)
	// Improved, if set, is called after each epoch that is the best so far, the
	// start included, while the flow holds its values, so that they can be
	// saved, but not changed. The result is the one so far.
	Improved func(Result)
	// Finished, if set, is called after each epoch, behind Report and Improved, with where
	// training is; the state's slices change when it has returned: see [State.Clone].
	Finished func(State)
	// Progress, if set, is called after each minibatch with the number of rows
	// done in this epoch and their total.
	Progress func(done, total int)
}

// BeginRows is how many rows, drawn at random, a fit of no epochs takes, or all
// if they are fewer.
const BeginRows = 1 << 16

// Defaults returns 50 epochs of batches that follow the rows ([BatchFor]) with
// Adam at 1e-3 on a cosine, clipping at 5, patience 10 and seed 1.
func Defaults() Options {
	return Options{Epochs: 50, Optimizer: Adam, LearningRate: 1e-3, Schedule: Cosine, Clip: 5, Patience: 10, Memory: Stored, Seed: 1}
}

// The values of [Options.Schedule].
const (
	Cosine   = "cosine"
	Constant = "constant"
)

// Schedules are the values of [Options.Schedule].
var Schedules = []string{Cosine, Constant}

// The values of [Options.Optimizer].
const (
	Adam   = "adam"
	AdamW  = "adamw"
	Adamax = "adamax"
)

// Optimizers are the values of [Options.Optimizer].
var Optimizers = []string{Adam, AdamW, Adamax}

// UsualWeightDecay is where to start with the weight decay of [AdamW].
const UsualWeightDecay = 0.01

// Memory says what a training keeps of the way to the loss.
type Memory string

// The values of [Options.Memory].
const (
	// Stored keeps everything: the fastest. "" means this.
	Stored Memory = "stored"
	// Replay keeps the input of each transform, and computes the transform
	// twice. It learns the same bits.
	Replay Memory = "replay"
	// Reversible keeps nothing of transforms that have a closed inverse: memory
	// does not grow with their number. It learns other bits, near those of
	// Stored. How far rebuilt values are from what they were is measured on some
	// rows of every tile: where rounding adds up, inputs are kept between, so many
	// as it takes (Result.Kept), and training ends with an error where that does
	// not help.
	Reversible Memory = "reversible"
)

// Memories are the values of [Options.Memory].
var Memories = []Memory{Stored, Replay, Reversible}

func (m Memory) tape() autograd.Memory {
	return autograd.Memory{Replay: m == Replay, Reversible: m == Reversible}
}

// maxDrift bounds how far rebuilt values may be from what they were, relative to 1
// + |value|: about a hundred times float32's rounding. Where they are farther, the
// input of every mostBetweenKept-th map is kept, then of twice as many, up to every
// second one.
const (
	maxDrift        = 1e-5
	mostBetweenKept = 64
)

// OptionError says that an option is not what it may be.
type OptionError struct {
	// Option is the name of the field of [Options].
	Option string
	Value  any
	Want   string // what it may be
}

func (e *OptionError) Error() string {
	return fmt.Sprintf("train: %s is %v, want %s", e.Option, e.Value, e.Want)
}

// Check tells, as an [*OptionError], what is wrong with the options.
func (o Options) Check() error { return o.complete() }

// complete puts what zero values stand for and checks the rest.
func (o *Options) complete() error {
	if o.Optimizer == "" {
		o.Optimizer = Adam
	}
	if o.Memory == "" {
		o.Memory = Stored
	}
	for _, c := range []struct {
		ok     bool
		option string
		value  any
		want   string
	}{
		{o.Epochs >= 0, "Epochs", o.Epochs, "at least 1, or 0 for what layers that begin from data learn without a gradient"},
		{o.Batch >= 0, "Batch", o.Batch, "at least 1, or 0 for one that follows the rows"},
		{slices.Contains(Optimizers, o.Optimizer), "Optimizer", strconv.Quote(o.Optimizer), oneOf(Optimizers)},
		{o.WeightDecay >= 0 && o.WeightDecay < 1e3, "WeightDecay", o.WeightDecay, "a positive number, or 0 for none"},
		{o.WeightDecay == 0 || o.Optimizer == AdamW, "WeightDecay", o.WeightDecay, fmt.Sprintf("0, since the optimizer is %s; decay belongs to %s", o.Optimizer, AdamW)},
		{o.LearningRate > 0 && o.LearningRate < 1e6, "LearningRate", o.LearningRate, "a positive number below 1e6"},
		{slices.Contains(Schedules, o.Schedule), "Schedule", strconv.Quote(o.Schedule), oneOf(Schedules)},
		{o.Warmup >= 0, "Warmup", o.Warmup, "a number of steps, or 0 for none"},
		{o.Average >= 0 && o.Average < 1, "Average", o.Average, "at least 0 and below 1"},
		{o.Clip >= 0 && !math.IsInf(o.Clip, 1), "Clip", o.Clip, "a positive number, or 0 for no limit"},
		{o.Noise >= 0 && o.Noise < 1e6, "Noise", o.Noise, "a positive number below 1e6, or 0 for none"},
		{o.Kinetic >= 0 && o.Kinetic < 1e6, "Kinetic", o.Kinetic, "a positive number below 1e6, or 0 for none"},
		{o.Jacobian >= 0 && o.Jacobian < 1e6, "Jacobian", o.Jacobian, "a positive number below 1e6, or 0 for none"},
		{o.Workers >= 0, "Workers", o.Workers, "at least 1, or 0 for GOMAXPROCS"},
		{o.Patience >= 0, "Patience", o.Patience, "at least 0"},
		{slices.Contains(Memories, o.Memory), "Memory", strconv.Quote(string(o.Memory)), oneOf(Memories)},
	} {
		if !c.ok {
			return &OptionError{c.option, c.value, c.want}
		}
	}
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	return nil
}

// oneOf lists the values of an option.
func oneOf[T ~string](values []T) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = string(v)
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// Epoch is what one pass over the training rows came to. Nlls are mean
// negative log-densities in nats, of the data as given.
type Epoch struct {
	Epoch int
	// TrainNLL is the mean over the epoch's minibatches, each before its step.
	TrainNLL      float64
	ValidNLL      float64
	LearningRate  float64 // of the last step
	RowsPerSecond float64
	Seconds       float64 // since the start of training
}

// Result is what a fit came to.
type Result struct {
	// BestEpoch is the epoch whose values the flow holds, from 1; 0 if none
	// was better than the start.
	BestEpoch    int
	BestValidNLL float64
	// StartValidNLL is that of the values which the flow came with.
	StartValidNLL float64
	Steps         int
	// Stopped says why training ended before its last epoch: "patience",
	// "interrupted", "diverged", or "".
	Stopped string
	// Kept, with Memory Reversible, is after how many maps an input was kept all
	// the same, because values rebuilt from outputs drifted away; 0 where none was.
	Kept int
	// TapeBytes is the memory that values on their way, their gradients and tapes
	// took, of all workers. It depends on their number.
	TapeBytes int
	// InputBytes is the part of it that grows with the number of maps in memory Replay:
	// the inputs that are kept of them, without which nothing could be replayed.
	InputBytes int
	History    []Epoch
}
