package train

import (
	"fmt"
	"strings"
)

// Small tables need small minibatches: with 512 rows a batch, 50 epochs over
// 300 rows are 50 steps, too few to fit anything but the mean and the variance.
var batches = []struct{ rows, batch int }{{1920, 32}, {3840, 64}, {7680, 128}, {15360, 256}}

const largestBatch = 512

// BatchFor returns the minibatch that [Options.Batch] 0 takes for so many
// training rows; [BatchRule] says which. It gives 30 to 60 steps an epoch
// between 960 and 30,720 rows. docs/flows.md has the test nlls that it was
// chosen by.
func BatchFor(rows int) int {
	for _, b := range batches {
		if rows <= b.rows {
			return b.batch
		}
	}
	return largestBatch
}

// BatchRule states [BatchFor] in words.
func BatchRule() string {
	var b strings.Builder
	for _, r := range batches {
		fmt.Fprintf(&b, "%d up to %d training rows, ", r.batch, r.rows)
	}
	fmt.Fprintf(&b, "%d beyond", largestBatch)
	return b.String()
}
