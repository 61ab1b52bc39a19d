package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/train"
	"github.com/seed-192fdf7a/nf/internal/atomicfile"
)

// saveEvery is how often, at most, the best epoch is written while training
// goes on.
var saveEvery = time.Minute

// bestEpoch holds the best epoch of a training as the bytes of its model file,
// and writes it with its log: at times while training goes on, so that a crash
// does not lose all, and at the end.
type bestEpoch struct {
	options  *trainOptions
	flow     *flow.Flow
	describe describeFit
	started  time.Time
	messages io.Writer

	mutex        sync.Mutex
	result       train.Result // as it was when the best epoch was found
	history      []train.Epoch
	first        int // epochs of the history by likelihood, of nf distill, whose part byLikelihood tells
	byLikelihood bool
	model        bytes.Buffer
	state        *stateOfDistillation // of nf distill: behind the last finished epoch
	failure      error                // of making model
	written      time.Time
	timer        *time.Timer // until the next writing; nil where nothing is new
	closed       bool        // training has ended, or is left behind
	told         bool        // of a writing that failed
}

// describeFit returns the provenance of a model that a fit has made.
type describeFit func(train.Result) (json.RawMessage, error)

func newBestEpoch(o *trainOptions, f *flow.Flow, describe describeFit, started time.Time, messages io.Writer) *bestEpoch {
	return &bestEpoch{options: o, flow: f, describe: describe, started: started, messages: messages, written: time.Now()}
}

// finished takes note of an epoch.
func (b *bestEpoch) finished(e train.Epoch) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.closed {
		return
	}
	b.history = append(b.history, e)
	if b.byLikelihood {
		b.first = len(b.history)
	}
}

// reached takes note of where a distillation is.
func (b *bestEpoch) reached(run distillProvenance, at train.State) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.closed {
		return
	}
	var old train.State
	if b.state != nil {
		old = b.state.state
	}
	b.state = &stateOfDistillation{Run: run, ByLikelihood: b.byLikelihood, epochs: len(b.history), state: at.Clone(old)}
	b.saveLater()
}

// goOn begins where a distillation was.
func (b *bestEpoch) goOn(s *stateOfDistillation) {
	b.state = s
	for i, e := range s.History {
		if e.By == byLikelihood {
			b.first = i + 1
		}
		b.history = append(b.history, train.Epoch{
			Epoch: e.Epoch, TrainNLL: float64(e.TrainNLL), ValidNLL: float64(e.ValidNLL), LearningRate: float64(e.LearningRate),
			RowsPerSecond: float64(e.RowsPerSecond), Seconds: float64(e.Seconds),
		})
	}
}

// improved takes the flow's values as the best ones.
func (b *bestEpoch) improved(r train.Result) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.closed {
		return
	}
	b.result = r
	b.result.History = nil // b.history has it
	b.failure = b.encode()
	b.saveLater()
}

// saveLater sees to it that what is new is written.
func (b *bestEpoch) saveLater() {
	if b.timer == nil {
		b.timer = time.AfterFunc(max(0, saveEvery-time.Since(b.written)), b.save)
	}
}

func (b *bestEpoch) encode() error {
	text, err := b.describe(b.result)
	if err != nil {
		return err
	}
	b.flow.SetProvenance(text)
	b.model.Reset()
	return b.flow.Write(&b.model)
}

// save writes the best epoch so far. That it cannot be written is told once;
// training goes on, for there may be room again at its end.
func (b *bestEpoch) save() {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.closed {
		return
	}
	b.timer = nil
	if !replaceable(b.options.out) || !replaceable(logPath(b.options.out)) || b.state != nil && !replaceable(statePath(b.options.out)) {
		return // a pipe or a device takes one model only
	}
	r := b.result
	r.Stopped, r.History = "unfinished", b.history
	if err := b.write(r); err != nil && !b.told {
		b.told = true
		command := "train"
		if b.options.teacher != "" {
			command = "distill"
		}
		fmt.Fprintf(b.messages, "nf %s: the best epoch so far: %s; training goes on\n", command, oneLine(err))
	}
	b.written = time.Now()
}

// begun says that a part of a distillation begins.
func (b *bestEpoch) begun(byLikelihood bool) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.byLikelihood = byLikelihood
}

// The parts of a distillation.
const (
	byLikelihood = "likelihood"
	byDivergence = "divergence"
)

// part says by what epoch i of the history learned.
func (b *bestEpoch) part(i int) string {
	if i < b.first {
		return byLikelihood
	}
	return byDivergence
}

// holds tells whether there is a best epoch.
func (b *bestEpoch) holds() bool {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.model.Len() > 0
}

// completed returns the result of a fit in two parts, with the history of both.
func (b *bestEpoch) completed(r train.Result) train.Result {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	r.History = slices.Clone(b.history)
	return r
}

// stands tells whether there is a state to go on from.
func (b *bestEpoch) stands() bool {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.state != nil
}

// close stops the writing while training goes on; what still comes from a fit
// that was left behind is ignored.
func (b *bestEpoch) close() {
	b.closed = true
	if b.timer != nil {
		b.timer.Stop()
	}
}

// leave returns what is known of a fit that will not be waited for.
func (b *bestEpoch) leave() train.Result {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.close()
	r := b.result
	r.Stopped, r.History = "interrupted", slices.Clone(b.history)
	return r
}

// conclude is finish for a distillation that came to its end, which leaves no state.
func (b *bestEpoch) conclude(result train.Result) error {
	b.mutex.Lock()
	b.state = nil
	b.mutex.Unlock()
	if err := b.finish(result); err != nil {
		return err
	}
	if err := os.Remove(statePath(b.options.out)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w (the model %s itself is complete)", err, b.options.out)
	}
	return nil
}

// finish writes the model, its log and the picture of its losses. The result is
// that of the fit.
func (b *bestEpoch) finish(result train.Result) error {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.close()
	if err := b.write(result); err != nil {
		return err
	}
	if b.options.plot == "" {
		return nil
	}
	if err := plotLoss(b.options.plot, result.History); err != nil {
		return fmt.Errorf("%w (the model %s itself is complete)", err, b.options.out)
	}
	return nil
}

// write writes the model and the log, and of a distillation that goes on its state.
// All are on the disk before any has its name, and the log gets it first: it holds
// the model's SHA-256, so that whatever happens between the two, and whoever else
// writes there, a log tells whether it belongs to the model beside it.
func (b *bestEpoch) write(result train.Result) error {
	if b.failure != nil {
		return b.failure
	}
	type part struct {
		path string
		text []byte
	}
	var parts []part
	log := describeRun(b.options, result, b.started)
	if b.model.Len() > 0 {
		text, err := log.text(b.model.Bytes())
		if err != nil {
			return err
		}
		parts = append(parts, part{logPath(b.options.out), text}, part{b.options.out, b.model.Bytes()})
	}
	if b.state != nil {
		b.state.History = log.History[:b.state.epochs]
		text, err := b.state.encode()
		if err != nil {
			return err
		}
		parts = append(parts, part{statePath(b.options.out), text})
	}
	var files []*atomicfile.File
	for _, part := range parts {
		file, err := atomicfile.Create(part.path)
		if err != nil {
			return err
		}
		defer file.Abort()
		if _, err := file.Write(part.text); err != nil {
			return err
		}
		if err := file.Sync(); err != nil {
			return err
		}
		files = append(files, file)
	}
	for _, file := range files {
		if err := file.Commit(); err != nil {
			return err
		}
	}
	return nil
}
