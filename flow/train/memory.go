package train

// copies is how many float32 values Fit holds for each parameter, but for the
// gradients of tiles: the value and that of the best epoch, the gradient, Adam's
// two moments, and the weight in the matmul's form in both directions.
const copies = 7

// Bytes returns the bytes that [Fit] takes for so many parameters and training
// rows: seven float32 values for each parameter, one more for a running average,
// and one for each 64 rows of a minibatch, up to 64 of them or 2^28 values. Rows
// (4 bytes a cell beside the caller's 8) and the tiles under way (for each
// worker 64 rows of every layer's outputs) come on top.
func (o Options) Bytes(parameters float64, rows int) float64 {
	batch := o.Batch
	if batch == 0 {
		batch = BatchFor(rows)
	}
	tiles := (min(batch, rows) + gradientTileRows - 1) / gradientTileRows
	kept := float64(min(tiles, maxWave))
	if parameters*kept > maxKept {
		kept = max(1, float64(maxKept)/parameters)
	}
	if o.Average > 0 {
		kept++
	}
	return 4 * parameters * (copies + kept)
}
