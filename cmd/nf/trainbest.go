package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math"
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

	mutex   sync.Mutex
	result  train.Result // as it was when the best epoch was found
	history []train.Epoch
	first   int // epochs of the history by likelihood, of nf distill
	model   bytes.Buffer
	failure error // of making model
	written time.Time
	timer   *time.Timer // until the next writing; nil where nothing is new
	closed  bool        // training has ended, or is left behind
	told    bool        // of a writing that failed
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
	if !b.closed {
		b.history = append(b.history, e)
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
	if !replaceable(b.options.out) || !replaceable(logPath(b.options.out)) {
		return // a pipe or a device takes one model only
	}
	r := b.result
	r.Stopped, r.History = "unfinished", b.history
	if err := b.write(r); err != nil && !b.told {
		b.told = true
		fmt.Fprintf(b.messages, "nf train: the best epoch so far: %s; training goes on\n", oneLine(err))
	}
	b.written = time.Now()
}

// begun says that a part of a distillation begins.
func (b *bestEpoch) begun(byLikelihood bool) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.first = len(b.history)
	if byLikelihood {
		b.first = math.MaxInt
	}
}

// part says by what epoch i of the history learned.
func (b *bestEpoch) part(i int) string {
	if i < b.first {
		return "likelihood"
	}
	return "divergence"
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

// write writes the model and the log. Both are on the disk before either has
// its name, and the log gets it first: it holds the model's SHA-256, so that
// whatever happens between the two, and whoever else writes there, a log tells
// whether it belongs to the model beside it.
func (b *bestEpoch) write(result train.Result) error {
	if b.failure != nil {
		return b.failure
	}
	sum := sha256.Sum256(b.model.Bytes())
	text, err := describeRun(b.options, result, b.started, hex.EncodeToString(sum[:]))
	if err != nil {
		return err
	}
	var files []*atomicfile.File
	for _, part := range []struct {
		path string
		text []byte
	}{{logPath(b.options.out), text}, {b.options.out, b.model.Bytes()}} {
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
